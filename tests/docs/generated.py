"""Tables of the documents that are made from the code and from test results, by the name of their block."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from otel_posthog_ai.dialects import ORDER, load
from otel_posthog_ai.doctor.recommendations import RECOMMENDATIONS
from otel_posthog_ai.events.properties import CONSTANTS, PROPERTIES
from otel_posthog_ai.events.usage import CACHE, COUNTS
from otel_posthog_ai.settings import OPTIONS, Option

from .findings import finding, scripts
from .instrumentors import instrumentor_rows
from .markdown import ROOT, table

_SHORT_EVENT = {"$ai_generation": "generation", "$ai_embedding": "embedding", "$ai_span": "span", "$ai_trace": "trace"}

# Properties that are worked out and not read from one field: which events carry them, and what they say.
WORKED_OUT: Mapping[str, tuple[str, str]] = {
    "$ai_parent_id": ("generation, embedding, span", "nearest ancestor that is exported; the trace id at the top"),
    "$ai_input_tokens": ("generation, embedding", "tokens of the request"),
    "$ai_output_tokens": ("generation", "tokens of the answer, reasoning included"),
    "$ai_total_tokens": ("generation, embedding", "the provider's total, where it states one"),
    "$ai_reasoning_tokens": ("generation", "tokens that were spent on thinking"),
    "$ai_text_output_tokens": ("generation", "Gemini 2.5 and 3: output without reasoning, so that it is billed once"),
    "$ai_text_input_tokens": ("generation", "of the input, text, where the span tells it apart from audio and images"),
    "$ai_audio_input_tokens": ("generation", "of the input, audio"),
    "$ai_audio_output_tokens": ("generation", "of the output, audio"),
    "$ai_image_input_tokens": ("generation", "of the input, images"),
    "$ai_image_output_tokens": ("generation", "of the output, images"),
    "$ai_cache_read_audio_tokens": ("generation", "of what was read from the cache, audio"),
    "$ai_web_search_count": ("generation", "web searches of the provider"),
    "$ai_cache_read_input_tokens": ("generation", "read from the prompt cache"),
    "$ai_cache_creation_input_tokens": ("generation", "written to the prompt cache"),
    "$ai_cache_creation_5m_input_tokens": ("generation", "of these, kept five minutes"),
    "$ai_cache_creation_1h_input_tokens": ("generation", "of these, kept an hour"),
    "$ai_cache_reporting_exclusive": (
        "generation",
        "whether `$ai_input_tokens` leaves out the cache counts: nothing is billed twice",
    ),
    "$ai_input_cost_usd": ("generation, embedding", "cost of the input in USD, where the span states it"),
    "$ai_output_cost_usd": ("generation, embedding", "cost of the output in USD, where the span states it"),
    "$ai_total_cost_usd": ("generation, embedding", "cost in USD, where the span states it; else PostHog computes it"),
    "$ai_cost_passthrough": ("generation, embedding", "true where only a total is known, which PostHog then keeps"),
    "$process_person_profile": ("all", "false where no user is known: the event is anonymous"),
}
# Of events that people and judges cause.
OF_RESULTS = (
    "$ai_feedback_text", "$ai_metric_name", "$ai_metric_value", "$ai_evaluation_name", "$ai_evaluation_result",
    "$ai_evaluation_reasoning", "$ai_evaluation_model", "$ai_evaluation_provider", "$ai_evaluation_applicable",
    "$ai_evaluation_allows_na", "$ai_target_type", "$ai_target_id",
)  # fmt: skip


def properties_table() -> str:
    """Every property of a span's events."""
    rows = [(f"`{row.name}`", _events(row.events), row.meaning) for row in PROPERTIES]
    rows += [(f"`{name}`", events, meaning) for name, (events, meaning) in WORKED_OUT.items()]
    constants = ", ".join(f"`{name}`" for name in CONSTANTS)
    rows.append((constants, "all", f"`{CONSTANTS['$ai_lib']}` and its version"))
    return table(("property", "on", "what it says"), rows)


def usage_names() -> set[str]:
    """Properties of the usage tables."""
    return {name for name, _ in (*COUNTS, *CACHE)}


def _events(events: frozenset[str]) -> str:
    if len(events) == len(_SHORT_EVENT):
        return "all"
    return ", ".join(short for name, short in _SHORT_EVENT.items() if name in events)


def options_table() -> str:
    """Every option: argument and YAML key, variables, default, meaning."""
    return table(
        ("argument = YAML key", "environment", "default", "what it does"),
        [(f"`{option.name}`", _variables(option), default_of(option), option.doc) for option in OPTIONS],
    )


def _variables(option: Option) -> str:
    return ", ".join(f"`{name}`" for name in option.variables) or "–"


def default_of(option: Option) -> str:
    """An option's default as the documents write it."""
    if option.name == "serverless":
        return "detected"
    plain = _spelled(option.default)
    return plain if option.serverless is None else f"{plain}; serverless {_spelled(option.serverless)}"


def _spelled(value: Any) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def privacy_table() -> str:
    """What leaves in which mode: the table of SECURITY.md."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    found = re.search(r"^\| \| default \|.*?(?=\n\n)", text, re.DOTALL | re.MULTILINE)
    assert found is not None, "SECURITY.md has lost its table"
    return found[0]


def faults_table() -> str:
    """What the fault tests saw, in fewer columns than docs/faults.md."""
    rows = [_cells(line) for line in (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines()]
    short: list[tuple[str, ...]] = []
    for row in rows:
        if len(row) != 7 or row[0].startswith(("the host", "---")):
            continue
        fault, flushed, arrived, waiting, doubled, dropped, shrunk = row
        lost = ", ".join(
            f"{count} {what}"
            for count, what in ((waiting, "waiting"), (doubled, "twice on the wire"), (shrunk, "shrunk"))
            if count != "–"
        )
        short.append((fault, flushed, f"{arrived} of 5", dropped, lost or "–"))
    return table(("the host …", "`force_flush(1000)`", "arrived in the end", "dropped, counted", "besides"), short)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []


def instrumentors_table() -> str:
    """What arrives from which instrumentor, by the golden recordings."""
    head, rows = instrumentor_rows()
    return table(head, rows)


def dialects_table() -> str:
    """The conventions that are understood, in the order in which they are asked."""
    rows: list[tuple[str, ...]] = []
    for dialect in map(load, ORDER):
        summary = " ".join((getattr(dialect, "__doc__", None) or "").split("\n\n")[0].split())
        prefixes = ", ".join(f"`{prefix}`" for prefix in dialect.PREFIXES) or "by scope"
        rows.append((f"`{dialect.NAME}`", prefixes, summary))
    return table(("dialect", "marks", "what it reads"), rows)


def findings_table() -> str:
    """The scripts of findings/, each with its surprise."""
    found = [finding(path) for path in scripts()]
    rows = [(f"[{each.path.name}]({each.path.name})", each.packages, each.surprise) for each in found]
    return table(("script", "package", "surprise"), rows)


def libraries_table(number: int | None = None) -> str:
    """Library, what to install for it, and the two lines that switch it on; of the first `number`, or of all."""
    rows = [
        (each.called, f"`{each.install}`", f"`{each.import_line}`", f"`{each.switch}`")
        for each in RECOMMENDATIONS[:number]
    ]
    return table(("you use", "`pip install …`", "import", "after the provider is set"), rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "properties": properties_table,
    "options": options_table,
    "privacy": privacy_table,
    "faults": faults_table,
    "instrumentors": instrumentors_table,
    "dialects": dialects_table,
    "findings": findings_table,
    "libraries": libraries_table,
    "ten-libraries": lambda: libraries_table(10),
}
