"""The meaning of an option stands once, in `settings.OPTIONS`; here it becomes what editors show.

`python -m tests.docs` writes these parts of the source anew, and a test holds them against the table.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

from otel_posthog_ai.settings import OPTIONS, Option

from .generated import default_of
from .markdown import ROOT

_PACKAGE = ROOT / "otel_posthog_ai"
_WIDTH = 120
_QUEUE = ("flush_at", "flush_interval_millis", "max_queue_size", "serverless")
_BY_NAME = {option.name: option for option in OPTIONS}


def meaning(option: Option) -> str:
    """What an option does and what it is when nobody says, as sentences."""
    text = option.doc[0].upper() + option.doc[1:] if option.doc[0].isalpha() else option.doc
    return f"{text.rstrip('.')}. Default: {default_of(option)}."


def _arguments(names: list[str], before: dict[str, str]) -> str:
    lines = [f"{name}: {before.get(name, '')}{meaning(_BY_NAME[name])}" for name in names]
    return "".join(
        textwrap.fill(line, _WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 12, break_on_hyphens=False) + "\n"
        for line in lines
    )


def _rest(*left_out: str) -> list[str]:
    return [option.name for option in OPTIONS if option.name not in left_out]


def _of_processor(source: str) -> str:
    names = [*_QUEUE, *_rest(*_QUEUE)]
    return _replaced(
        source, r"(        exporter: A `PostHogSpanExporter`[^\n]*\n(?: {12}[^\n]*\n)*)", _arguments(names, {})
    )


def _of_exporter(source: str) -> str:
    before = dict.fromkeys(_QUEUE, "For `PostHogSpanProcessor(exporter)`: ")
    return _replaced(source, r"(    Args:\n)(?=        api_key:)", _arguments([*_rest(*_QUEUE), *_QUEUE], before))


def _replaced(source: str, head: str, arguments: str) -> str:
    """`source` with the arguments that follow `head`, up to a blank line, replaced."""
    found = re.sub(head + r"(?: {8}[^\n]*\n)+", lambda match: match[1] + arguments, source, count=1)
    assert arguments in found, "the docstring has lost its arguments"
    return found


def _of_variables(source: str) -> str:
    for option in OPTIONS:
        for name in option.variables:
            if name.startswith("POSTHOG_"):
                text = textwrap.fill(f'"""{meaning(option)}"""', _WIDTH, break_on_hyphens=False)
                source, count = re.subn(
                    rf'(^{name} = "{name}"\n)""".*?"""',
                    lambda m, t=text: m[1] + t,
                    source,
                    flags=re.DOTALL | re.MULTILINE,
                )
                assert count == 1, f"{name} has no constant"
    return source


GENERATED: dict[Path, Callable[[str], str]] = {
    _PACKAGE / "doors" / "processor.py": _of_processor,
    _PACKAGE / "doors" / "exporter.py": _of_exporter,
    _PACKAGE / "environment_variables.py": _of_variables,
}
