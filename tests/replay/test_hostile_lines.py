"""Anything at all in a line: it is read or told to be malformed, and the lines around it are replayed."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_posthog_ai.replay.checkpoint import Checkpoint
from otel_posthog_ai.replay.run import Replay
from otel_posthog_ai.settings import resolve
from tests.otlp import written as otlp

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path] if path else []
    for key, item in inside:
        found += places(item, (*path, key))
    return found


def replaced(request: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(request)
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed


_GOOD = otlp.span_request(otlp.agent(1), otlp.chat(1, number=1, parent=otlp.agent(1)["span_id"]))
_LOG = otlp.log_request(
    {"event_name": "gen_ai.choice", "body": {"message": {"content": "hi"}}, "attributes": {"a": 1}, "timestamp": 5,
     "trace_id": "1" * 32, "span_id": "2" * 16}
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_request_with_anything_in_it(tmp_path: Path, data: st.DataObject) -> None:
    request = data.draw(st.sampled_from([_GOOD, _LOG]))
    line = replaced(request, data.draw(st.sampled_from(places(request))), data.draw(_JSON))
    file = tmp_path / "lines.jsonl"
    around = [otlp.lines([otlp.span_request(otlp.chat(trace))]) for trace in (7, 8)]
    file.write_text(around[0] + json.dumps(line) + "\n" + around[1])
    to = resolve({"api_key": "phc_test", "host": "http://127.0.0.1:9"})
    outcome = Replay([file], to, Checkpoint(None, [file], to), dry_run=True).run()
    assert outcome.events["$ai_generation"] >= 2
    assert outcome.dropped.keys() <= {"repeated"}


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode) | _JSON.map(json.dumps).map(str.encode))
def test_a_line_of_anything(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "lines.jsonl"
    good = otlp.lines([otlp.span_request(otlp.chat(7))]).encode()
    file.write_bytes(good + line.replace(b"\0", b"") + b"\n" + good.replace(b"1f40", b"1f41"))
    to = resolve({"api_key": "phc_test", "host": "http://127.0.0.1:9"})
    outcome = Replay([file], to, Checkpoint(None, [file], to), dry_run=True).run()
    assert outcome.spans >= 2
