"""`explain`: what is said of a span is what the pipeline does with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from otel_posthog_ai.__main__ import main
from tests.recordings import load

GOLDEN = Path(__file__).parents[1] / "golden"
EXAMPLES = sorted((GOLDEN / "worked_examples").glob("*.spans.json"))


def _explained(capsys: pytest.CaptureFixture[str], path: Path, *options: str) -> list[dict[str, Any]]:
    assert main(["explain", str(path), "--json", *options]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_its_events_are_those_of_the_recording(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    events = [event for span in _explained(capsys, path) for event in span["events"]]
    expected = json.loads(path.with_name(path.name.replace(".spans.", ".events.")).read_text(encoding="utf-8"))
    assert sorted((e["event"], e["properties"]["$ai_span_id"]) for e in events) == sorted(
        (e["event"], e["properties"]["$ai_span_id"]) for e in expected
    )


def test_every_span_of_the_file_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    path = EXAMPLES[0]
    assert {span["span_id"] for span in _explained(capsys, path)} == {s["span_id"] for s in load(path)["spans"]}


def _write(path: Path, attributes: dict[str, Any], *, name: str = "chat", scope: str = "app") -> Path:
    span = {
        "name": name, "kind": "CLIENT", "trace_id": "a" * 32, "span_id": "b" * 16, "parent": None,
        "start_time_unix_nano": 1, "end_time_unix_nano": 2, "status": {"code": "UNSET"}, "attributes": attributes,
        "events": [], "links": [], "resource": {}, "scope": {"name": scope},
    }  # fmt: skip
    path.write_text(json.dumps({"spans": [span]}), encoding="utf-8")
    return path


def test_the_attribute_that_filled_a_field_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = _write(
        tmp_path / "a.json",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.usage.input_tokens": 0,
            "user.id": "u1",
            "plan": "pro",
            "code.lineno": 7,
            "$ai_nonsense": 1,
        },
    )
    (span,) = _explained(capsys, path)
    assert span["dialects"] == ["gen_ai"]
    assert span["fields"]["request_model"] == {"value": "gpt-4o", "from": ["gen_ai.request.model"]}
    assert span["fields"]["usage.input"] == {"value": 0, "from": ["gen_ai.usage.input_tokens"]}
    assert span["owner"] == [{"what": "user", "id": "u1", "said_by": "user.id of itself"}]
    assert span["custom_properties"] == ["plan"]
    assert span["dropped"] == {"code.lineno": "plumbing: code.", "$ai_nonsense": "no input that PostHog documents"}


def test_two_attributes_that_say_the_same_are_told_as_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = _write(
        tmp_path / "a.json",
        {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5, "gen_ai.usage.prompt_tokens": 5},
    )
    (span,) = _explained(capsys, path)
    assert len(span["fields"]["usage.input"]["from"]) == 1


def test_a_merged_span_says_into_which_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    path = GOLDEN / "worked_examples" / "1.spans.json"
    (merged,) = [span for span in _explained(capsys, path) if span["fate"] == "merged"]
    assert merged["because"] == "one answer's id, and times that overlap"
    assert merged["survivor"] in {span["span_id"] for span in _explained(capsys, path) if span["events"]}
    assert main(["explain", str(path), "--span", merged["span_id"]]) == 0
    assert f"merged into {merged['survivor']}" in capsys.readouterr().out


def test_what_is_no_ai_span_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = _write(tmp_path / "a.json", {"http.request.method": "POST"})
    assert main(["explain", str(path)]) == 1
    told = capsys.readouterr().out
    assert "no dialect recognises it" in told
    assert "not sent" in told


def test_otlp_json_is_read_as_well(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    span = {
        "traceId": "a" * 32, "spanId": "b" * 16, "name": "chat", "startTimeUnixNano": "1", "endTimeUnixNano": "2",
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}],
    }  # fmt: skip
    request = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "app"}, "spans": [span]}]}]}
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(request) + "\n" + json.dumps({}) + "\n", encoding="utf-8")
    (explained,) = _explained(capsys, path)
    assert explained["fields"]["kind"]["value"] == "generation"


@pytest.mark.parametrize("text", ["no json", '{"spans": [{"name": 1}]}', '{"other": 1}'])
def test_a_file_that_holds_nothing_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    assert main(["explain", str(path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert main(["explain", str(tmp_path / "none.json")]) == 2


def test_values_are_cut_unless_they_are_wanted_and_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said = "x" * 200 + "\x1b[31m"
    path = _write(tmp_path / "a.json", {"gen_ai.operation.name": "chat", "gen_ai.prompt.name": said})
    assert main(["explain", str(path)]) == 0
    assert "x" * 100 not in capsys.readouterr().out
    assert main(["explain", str(path), "--values"]) == 0
    told = capsys.readouterr().out
    assert "x" * 200 in told
    assert "\x1b" not in told
