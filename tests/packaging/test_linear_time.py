"""Any prompt can hold any text: reading one takes time in proportion to its length, whatever stands in it.

Every pattern of the package is tried on texts that are made from the pattern itself: runs of what it repeats, begun as
it begins and not ended as it ends, and repeats of its beginnings. Then whole spans with such texts go through the door.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
from tests.packaging.test_patterns import _patterns
from tests.receiver import Receiver

try:
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:  # before Python 3.11
    import sre_parse as parser

LENGTH = 3_000
"""At which a quadratic pattern takes several milliseconds, and a linear one a fraction of one."""
TOLERATED = 0.003
MOST_GROWTH = 8.0
"""Four times the text takes four times as long, or sixteen times. A bounded look ahead at every place takes four."""

ONLY_AT_ONE_PLACE = {
    "ADDRESS": "fullmatch", "_CONSTRUCTOR": "match", "_URL_BODY_GOES_ON": "match", "_URL_PADDING": "match",
    "_USER_INFO": "match", "_DOMAIN": "match", "_INSIDE": "match",
}  # fmt: skip
"""Patterns that no search goes on with from place to place, and how they are used."""

CATEGORIES = {
    "CATEGORY_DIGIT": "1", "CATEGORY_WORD": "a1_", "CATEGORY_SPACE": " \n\t", "CATEGORY_NOT_WORD": "-",
}  # fmt: skip
BEFORE = ["", "-", "\\", " ", ".", '"', "=", "_", "/", ":", "\n", "!"]


def _members(characters: Any) -> str:
    """Some of the characters of a class."""
    found, negated = "", False
    for kind, value in characters:
        match str(kind):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found += chr(value)
            case "RANGE":
                found += chr(value[0]) + chr(value[1])
            case "CATEGORY":
                found += CATEGORIES.get(str(value), "x")
    return "".join(each for each in "xA1_- \n.!/~\\" if each not in found) if negated else found


def _walk(tree: Any, text: str, found: set[tuple[str, str]]) -> str:
    """`text` and a sample of what `tree` matches; adds (what leads to a repetition or an end, what is repeated)."""
    for kind, value in tree:
        name = str(kind)
        if name == "LITERAL":
            text += chr(value)
        elif name in ("ANY", "NOT_LITERAL"):
            text += "x"
        elif name == "IN":
            text += _members(value)[:1]
        elif name.endswith("_REPEAT"):
            least, _, repeated = value
            once = _walk(repeated, "", found)
            bodies = {once}
            if len(repeated) == 1 and str(repeated[0][0]) == "IN":
                bodies |= set(_members(repeated[0][1]))
            found |= {(text, body) for body in bodies}
            text += once * max(least, 1)
        elif name == "SUBPATTERN":
            text = _walk(value[-1], text, found)
        elif name == "BRANCH":
            ways = [_walk(way, text, found) for way in value[1]]
            found |= {(way, "") for way in ways}
            text = ways[0]
        elif name == "ASSERT" and value[0] < 0:
            _walk(value[1], "", found)
    found.add((text, ""))
    return text


def _filled(unit: str, length: int) -> str:
    return (unit * (length // len(unit) + 1))[:length]


def _hostile_texts(pattern: re.Pattern[str]) -> Iterator[Callable[[int], str]]:
    """Texts of any length that this pattern could be slow on."""
    found: set[tuple[str, str]] = set()
    _walk(parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE), "", found)
    units: set[str] = set()
    for lead, body in sorted(found):
        if body:
            yield lambda length, lead=lead, body=body: lead + _filled(body, length)  # type: ignore[misc]
            yield lambda length, lead=lead, body=body: lead + _filled(body, length) + "!"  # type: ignore[misc]
        units |= {before + lead + body for before in BEFORE}
        units |= {before + lead[:cut] for before in BEFORE[:5] for cut in range(1, min(len(lead), 12))}
    for unit in sorted(units - {""}):
        yield lambda length, unit=unit: _filled(unit, length) + "!"  # type: ignore[misc]


def _seconds(work: Callable[[str], Any], text: str, *, good_enough: float) -> float:
    """CPU time of this thread at its best of a few times."""
    best = float("inf")
    for _ in range(4):
        start = time.thread_time()
        work(text)
        best = min(best, time.thread_time() - start)
        if best <= good_enough:
            break
    return best


def _way(name: str, pattern: re.Pattern[str]) -> Callable[[str], Any]:
    used = ONLY_AT_ONE_PLACE.get(name.rpartition(".")[2])
    if used is not None:
        way: Callable[[str], Any] = getattr(pattern, used)
        return way
    return lambda text: [match.end() for match in pattern.finditer(text)]


@pytest.mark.parametrize(("name", "pattern"), list(_patterns()))
def test_every_pattern_is_linear_on_what_it_nearly_matches(name: str, pattern: re.Pattern[str]) -> None:
    way = _way(name, pattern)
    for text in _hostile_texts(pattern):
        once = _seconds(way, text(LENGTH), good_enough=TOLERATED)
        if once > TOLERATED:
            more = _seconds(way, text(4 * LENGTH), good_enough=once * MOST_GROWTH)
            assert more <= once * MOST_GROWTH, f"{name} takes {once:.4f} s, then {more:.4f} s: {text(60)!r}"


def test_a_quadratic_pattern_is_found() -> None:
    quadratic = re.compile(r"(?:\\+[rn]|[\r\n])+")
    with pytest.raises(AssertionError, match="takes"):
        test_every_pattern_is_linear_on_what_it_nearly_matches("quadratic", quadratic)


UNITS = [
    "\\", "\\\\n", "\\a", "-eyJ", "eyJ", "eyJabcdefgh.", ".eyJ", "sk-", "api_key=", "Bearer ", "https://a:", "://",
    "&key=a", ";base64,", "data:;base64,", "b'", "b'\\x00", '\\"', "'", "{", "[", "(", '{"a":', "[[", "a(", "A.", "-",
    "1", "+1 ", "@", "a@", "a.", " ", "\n", "\t ", "=", "\r\n", "<", "&lt;", "status ", "status: ", "HTTP ", "/",
    "A1b2", "Error code: ", "\x00", "\ud800", "é", "Traceback (most recent call last)", "-----BEGIN ", "4111 ",
    "@@@langfuseMedia:type=", "{'a': ",
]  # fmt: skip
PLACES = [
    {"gen_ai.input.messages": "{}"},
    {"gen_ai.prompt.0.content": "{}", "gen_ai.prompt.0.role": "user"},
    {"input.value": "{}", "openinference.span.kind": "LLM", "output.value": "{}"},
    {"traceloop.entity.input": "{}", "traceloop.span.kind": "tool"},
    {"gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "{}"}]}]'},
]
SHORT, LONG = 50_000, 200_000


def _cpu_of_spans(processor: PostHogSpanProcessor, provider: TracerProvider, text: str) -> float:
    """CPU seconds of the process for spans that hold the text wherever text can stand."""
    tracer = provider.get_tracer("tests")
    start = time.process_time()
    for place in PLACES:
        attributes = {key: shape.replace("{}", text) for key, shape in place.items()}
        with tracer.start_as_current_span("chat", attributes={"gen_ai.request.model": "m", **attributes}) as span:
            span.record_exception(ValueError(text))
    assert processor.force_flush(120_000)
    return time.process_time() - start


@pytest.mark.parametrize("units", [UNITS[i : i + 6] for i in range(0, len(UNITS), 6)], ids=lambda units: repr(units[0]))
def test_spans_with_hostile_texts_take_time_in_proportion_to_their_length(units: list[str]) -> None:
    masks = ["emails", "phone_numbers", "card_numbers", "api_keys"]
    with Receiver() as receiver:
        provider = TracerProvider(shutdown_on_exit=False)
        processor = PostHogSpanProcessor(api_key="phc_tests", host=receiver.url, mask=masks, flush_interval_millis=50)
        provider.add_span_processor(processor)
        _cpu_of_spans(processor, provider, "what loads the modules")
        for unit in units:
            short = _cpu_of_spans(processor, provider, _filled(unit, SHORT))
            long = _cpu_of_spans(processor, provider, _filled(unit, LONG))
            # Linear is 4, quadratic is 16.
            assert long < max(8 * short, 1.0), f"{unit!r}: {short:.2f} s for {SHORT}, {long:.2f} s for {LONG}"
        processor.shutdown()
