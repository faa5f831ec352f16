"""Recorded spans through the processor to a real server: what stands in the requests, with and without privacy mode."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from otel_posthog_ai import PostHogLogRecordProcessor, PostHogSpanProcessor
from tests.receiver import Receiver
from tests.recordings import load, play

RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.json"))
CONTENT_KEY = re.compile(
    r"message|prompt|completion|input|output|content|argument|result|document|instruction|value|query|description|"
    r"exception|events|request_data|response_data|tool|body",
    re.IGNORECASE,
)
# What a recording says inside its content that is a name, an id or a fixed word, and may leave.
_HARMLESS = re.compile(r"[\w.:/@+-]*")

recordings = pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)


def bodies(path: Path, receiver: Receiver, recording: dict[str, Any] | None = None, **options: Any) -> str:
    processor = PostHogSpanProcessor(api_key="phc_projectkey1234567890", host=receiver.url, **options)
    play(recording or load(path), [processor], [PostHogLogRecordProcessor(processor)])
    processor.shutdown()
    assert receiver.events, "nothing arrived"
    return json.dumps(receiver.events, ensure_ascii=False)


def texts(value: Any) -> Iterator[str]:
    """Every text inside, JSON inside texts included."""
    if isinstance(value, str):
        try:
            inner = json.loads(value) if value.strip()[:1] in ("{", "[") else None
        except ValueError:
            inner = None
        if inner is None:
            yield value
        else:
            yield from texts(inner)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def content_of(recording: dict[str, Any]) -> set[str]:
    content: list[Any] = []
    for span in recording["spans"]:
        content.append({key: value for key, value in span["attributes"].items() if CONTENT_KEY.search(key)})
        content.extend(event["attributes"] for event in span["events"])
        content.append(span["status"]["description"])
    content.extend([log.get("body"), log.get("attributes")] for log in recording.get("logs") or [])
    return {text.strip() for text in texts(content) if len(text.strip()) >= 8 and not _HARMLESS.fullmatch(text.strip())}


@recordings
def test_no_content_leaves_in_privacy_mode(path: Path, receiver: Receiver) -> None:
    recording = load(path)
    sent = bodies(path, receiver, privacy_mode=True)
    leaked = {text for text in content_of(recording) if text in sent or json.dumps(text)[1:-1] in sent}
    assert not leaked


@recordings
def test_media_and_credentials_never_leave(path: Path, receiver: Receiver) -> None:
    sent = bodies(path, receiver)
    assert "iVBORw0KGgo" not in sent
    assert not re.search(r"data:image/\w+;base64,\w", sent)
    assert "projectkey1234567890" not in json.dumps([event["properties"] for event in receiver.events])


IMAGES = [path for path in RECORDINGS if "iVBORw0KGgo" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.stem)
def test_a_large_image_leaves_its_placeholder(path: Path, receiver: Receiver) -> None:
    large = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40).decode()
    body = r"iVBORw0KGgo[A-Za-z0-9+/=_-]+"
    recording = json.loads(re.sub(body, large, path.read_text(encoding="utf-8")))
    sent = bodies(path, receiver, recording)
    assert "[base64 image redacted]" in sent
    assert not re.search(r"[A-Za-z0-9+/]{1001,}", sent)
    assert "https://example.com/a.png" in sent or "https://example.com/a.png" not in json.dumps(recording)


@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.stem)
def test_media_stay_where_they_are_wanted(path: Path, receiver: Receiver) -> None:
    assert "iVBORw0KGgo" in bodies(path, receiver, capture_media=True)
