"""Any prompt can hold any text: reading one takes time in proportion to its length, whatever stands in it.

Every pattern of the package is tried on texts that are made from the pattern itself: runs of what it repeats, begun as
it begins and not ended as it ends, and repeats of its beginnings. Then whole spans with such texts go through the door.
"""

from __future__ import annotations

import inspect
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from opentelemetry.sdk.trace import SpanLimits, TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
from tests.packaging.test_patterns import _patterns, modules
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
    if isinstance(pattern.pattern, bytes):
        pattern = re.compile(pattern.pattern.decode(), pattern.flags & ~re.LOCALE)
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
READS_TEXT = ("otel_posthog_ai.content.", "otel_posthog_ai.reading.", "otel_posthog_ai.agent_logs.")


def _scanners() -> Iterator[tuple[str, Callable[[str], Any]]]:
    """Every public function of what reads content that is made for one text, or for anything at all."""
    for module in modules():
        for name, function in vars(module).items() if module.__name__.startswith(READS_TEXT) else ():
            if name.startswith("_") or getattr(function, "__module__", None) != module.__name__:
                continue
            if not inspect.isfunction(inspect.unwrap(function)):
                continue
            first, *others = inspect.signature(function).parameters.values()
            takes_text = re.fullmatch(r"(str|object|Any|JsonValue)( \| None)?", str(first.annotation))
            if takes_text and all(other.default is not other.empty for other in others):
                yield f"{module.__name__}.{name}", function


def _quietly(scan: Callable[[str], Any]) -> Callable[[str], Any]:
    def work(text: str) -> Any:
        with suppress(Exception):  # How long it takes is asked here; what it answers, elsewhere.
            answer = scan(text)
            return list(answer) if inspect.isgenerator(answer) else answer

    return work


def _without_memory(scan: Any) -> Callable[[str], Any]:
    return _quietly(inspect.unwrap(scan))


@pytest.mark.parametrize(("name", "scan"), list(_scanners()), ids=lambda each: each if isinstance(each, str) else "")
def test_every_scanner_is_linear(name: str, scan: Callable[[str], Any]) -> None:
    way = _without_memory(scan)
    for unit in UNITS:
        for end in ("", "!", '"', "}"):
            once = _seconds(way, _filled(unit, 4 * LENGTH) + end, good_enough=TOLERATED)
            if once > TOLERATED:
                more = _seconds(way, _filled(unit, 16 * LENGTH) + end, good_enough=once * MOST_GROWTH)
                assert more <= once * MOST_GROWTH, f"{name} takes {once:.4f} s, then {more:.4f} s: {unit!r}"


def test_scanners_are_found_and_a_quadratic_one_is_noticed() -> None:
    found = {name.removeprefix("otel_posthog_ai.") for name, _ in _scanners()}
    assert {"content.base64_text.redact_text", "content.credentials.remove_credentials", "reading.values.items"} < found

    def quadratic(text: str) -> int:
        seen: list[str] = []
        while text:
            seen, text = [*seen, text[0]], text[1:]
        return len(seen)

    with pytest.raises(AssertionError, match="takes"):
        test_every_scanner_is_linear("quadratic", quadratic)


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


def _messages(count: int) -> dict[str, Any]:
    turns = [{"role": ("user", "assistant")[i % 2], "content": f"words of turn {i}"} for i in range(count)]
    return {"gen_ai.input.messages": json.dumps(turns)}


def _calls_of_tools(count: int) -> dict[str, Any]:
    asked = [
        {"id": f"c{i}", "type": "function", "function": {"name": f"f{i}", "arguments": "{}"}} for i in range(count)
    ]
    told = [{"role": "tool", "tool_call_id": f"c{i}", "content": "done"} for i in range(count)]
    tools = [{"type": "function", "function": {"name": f"f{i}", "parameters": {}}} for i in range(count)]
    messages = [{"role": "assistant", "tool_calls": asked}, *told]
    return {"gen_ai.input.messages": json.dumps(messages), "gen_ai.tool.definitions": json.dumps(tools)}


def _flattened(count: int) -> dict[str, Any]:
    traceloop = {f"gen_ai.prompt.{i}.{key}": "user" for i in range(count) for key in ("role", "content")}
    openinference = {
        f"llm.input_messages.{i}.message.{key}": "user" for i in range(count) for key in ("role", "content")
    }
    return {**traceloop, **openinference, "openinference.span.kind": "LLM"}


MANY: dict[str, Callable[[int], dict[str, Any]]] = {
    "messages": _messages,
    "parts of one message": lambda count: {"gen_ai.input.messages": json.dumps(
        [{"role": "user", "content": [{"type": "text", "text": f"part {i}"} for i in range(count)]}])},
    "calls of tools": _calls_of_tools,
    "flattened messages": _flattened,
    "attributes that nobody knows": lambda count: {f"vendor.thing{i}.of.it": f"value {i}" for i in range(count)},
    "keys of metadata": lambda count: {"langfuse.observation.metadata": json.dumps({f"k{i}": i for i in range(count)})},
    "lists in lists": lambda count: {"gen_ai.input.messages": "[" * count + "]" * count},
    "numbers": lambda count: {"llm.invocation_parameters": json.dumps({"bias": {str(i): i for i in range(count)}})},
}  # fmt: skip


@pytest.mark.parametrize("what", MANY)
def test_a_span_takes_time_in_proportion_to_how_much_it_holds(what: str) -> None:
    """Of many small things, where the others are of one long text: looking for each among all would be quadratic."""
    with Receiver() as receiver:
        provider = TracerProvider(
            shutdown_on_exit=False, span_limits=SpanLimits(max_span_attributes=SpanLimits.UNSET, max_events=100_000)
        )
        processor = PostHogSpanProcessor(api_key="phc_tests", host=receiver.url, flush_interval_millis=60_000)
        provider.add_span_processor(processor)

        def seconds(count: int) -> float:
            best = float("inf")
            for _ in range(3):
                span = provider.get_tracer("tests").start_span("chat", attributes={"gen_ai.request.model": "m"})
                for key, value in MANY[what](count).items():
                    span.set_attribute(key, value)
                start = time.process_time()
                span.end()
                assert processor.force_flush(120_000)
                best = min(best, time.process_time() - start)
            return best

        seconds(10)  # what loads the modules
        few, many = seconds(1_000), seconds(4_000)
        processor.shutdown()
    assert many < max(MOST_GROWTH * few, 0.2), f"{few:.3f} s for 1,000, {many:.3f} s for 4,000"
