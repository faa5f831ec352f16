"""`python -m otel_posthog_ai explain FILE`: the command line."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from otel_posthog_ai import log
from otel_posthog_ai.log import logger
from otel_posthog_ai.reading.source import scope_name
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.terminal import Terminal, clean
from otel_posthog_ai.tree.nodes import Fate

from .explanation import Explained, explain
from .recorded import Unreadable, read_file

_EPILOG = """\
FILE is OTLP/JSON as a Collector's file exporter writes it, or a recording of `python -m tests.recorder`. Nothing is
sent. Values are cut; give --values to see them whole (they are what your users wrote).

exit code: 0 explained; 1 no span in it is for PostHog; 2 the file cannot be read
"""
_LONGEST = 60


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 when something was explained, 1 when no span is for PostHog, 2 for a file that cannot be read.
    """
    options = _parser().parse_args(argv)
    out = Terminal()
    try:
        contents = read_file(options.file)
    except Unreadable as error:
        Terminal.for_errors().line(str(error))
        return 2
    settings = resolve({"api_key": "phc_explain", "chain_spans": options.chain_spans}, environ={})
    with log.silent():
        explained = [each for each in explain(contents, settings) if _is_wanted(each, options)]
    if options.json:
        out.line(json.dumps([as_json(each) for each in explained], indent=2, ensure_ascii=False, default=str))
    else:
        for each in explained:
            _write(out, each, None if options.values else _LONGEST)
        _summarise(out, explained, len(contents.malformed))
    return 0 if any(each.events or each.survivor for each in explained) else 1


@contextmanager
def _without_hints() -> Generator[None]:
    """What is told to an app in its log is no part of an explanation."""
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m otel_posthog_ai explain",
        description="What each span was read as, from which attributes, and what became of it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="recorded spans or OTLP/JSON")
    parser.add_argument("--span", metavar="ID", help="only spans whose id begins like this")
    parser.add_argument("--name", metavar="TEXT", help="only spans whose name holds this")
    parser.add_argument("--chain-spans", choices=("all", "graph"), default="all", help="the option chain_spans")
    parser.add_argument("--values", action="store_true", help="whole values")
    parser.add_argument("--json", action="store_true", help="as JSON, with whole values")
    return parser


def _is_wanted(each: Explained, options: argparse.Namespace) -> bool:
    context = each.span.get_span_context()
    span_id = f"{context.span_id:016x}" if context is not None else ""
    return (options.span is None or span_id.startswith(options.span.lower())) and (
        options.name is None or options.name.lower() in each.span.name.lower()
    )


def as_json(each: Explained) -> Mapping[str, Any]:
    """One span, for a program."""
    context = each.span.get_span_context()
    return {
        "span_id": f"{context.span_id:016x}" if context is not None else None,
        "name": each.span.name,
        "scope": each.span.instrumentation_scope.name if each.span.instrumentation_scope is not None else None,
        "dialects": each.reading.dialects,
        "fields": {filled.field: {"value": filled.value, "from": filled.keys} for filled in each.reading.filled},
        "dropped": dict(each.reading.dropped),
        "custom_properties": each.reading.kept,
        "fate": each.fate.value,
        "because": each.because,
        "survivor": each.survivor,
        "owner": [{"what": what, "id": name, "said_by": who} for what, name, who in each.owner],
        "events": each.events,
    }


def _write(out: Terminal, each: Explained, longest: int | None) -> None:
    context = each.span.get_span_context()
    scope = scope_name(each.span)
    span_id = f"{context.span_id:016x}" if context is not None else "?"
    out.line(f"{out.style(clean(each.span.name), 'bold')}  {out.style(f'{span_id}  {clean(scope)}', 'dim')}")
    out.line(f"  {_recognised(each)}")
    out.table(list(_fields(each, longest)), "    ")
    for rule, keys in _by_rule(each):
        out.line(f"  dropped ({rule}): {clean(', '.join(keys))}")
    if each.reading.kept:
        out.line(f"  custom properties: {clean(', '.join(each.reading.kept))}")
    for sentence in _became(each):
        out.line(f"  {clean(sentence)}")
    out.line()


def _recognised(each: Explained) -> str:
    if each.reading.record is None:
        return "no dialect recognises it"
    return f"recognised by {', '.join(each.reading.dialects) or 'none'}"


def _fields(each: Explained, longest: int | None) -> Iterator[tuple[str, str, str]]:
    for filled in each.reading.filled:
        yield filled.field, _shown(filled.value, longest), clean(f"<- {', '.join(filled.keys)}") if filled.keys else ""


def _shown(value: Any, longest: int | None) -> str:
    text = clean(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
    return text if longest is None or len(text) <= longest else text[: longest - 1] + "…"


def _by_rule(each: Explained) -> list[tuple[str, list[str]]]:
    rules: dict[str, list[str]] = {}
    for key, rule in each.reading.dropped:
        rules.setdefault(rule, []).append(key)
    return sorted(rules.items())


def _became(each: Explained) -> Iterator[str]:
    if each.fate is Fate.MERGED:
        yield f"merged into {each.survivor}: {each.because}"
    elif not each.events:
        yield f"not sent: {each.because or 'it is no AI span'}"
    elif each.because:
        yield f"sent as a step without tokens: {each.because}"
    for event in each.events:
        properties = event["properties"]
        parent = properties.get("$ai_parent_id")
        under = f" under {parent}" if parent != properties["$ai_trace_id"] else " at the top of its trace"
        name = properties.get("$ai_span_name", "")
        yield f"{event['event']} {name!r}{under if parent is not None else ''}"
    for what, name, who in each.owner:
        yield f"{what} {name}: {who}"


def _summarise(out: Terminal, explained: Sequence[Explained], malformed: int) -> None:
    events = sum(len(each.events) for each in explained)
    merged = sum(each.fate is Fate.MERGED for each in explained)
    unread = f", {malformed} could not be read" if malformed else ""
    out.line(f"{len(explained)} spans: {events} events, {merged} merged into others{unread}")
