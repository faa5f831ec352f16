"""Media become placeholders in every shape that instrumentors write them in; what merely looks long stays."""

from __future__ import annotations

import base64
import json
import random
import re
import time
from typing import Any

import pytest

from otel_posthog_ai.content.media import redact_media

RANDOM = random.Random(7)
PNG_BYTES = b"\x89PNG\r\n\x1a\n" + RANDOM.randbytes(3000)
PNG = base64.b64encode(PNG_BYTES).decode()
URL_SAFE_PNG = base64.urlsafe_b64encode(PNG_BYTES).decode()
WAV = base64.b64encode(b"RIFF\x00\x00\x00\x00WAVEfmt " + RANDOM.randbytes(3000)).decode()
PDF = base64.b64encode(b"%PDF-1.7\n" + RANDOM.randbytes(3000)).decode()
TINY_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGE, AUDIO, VIDEO, FILE = (f"[base64 {kind} redacted]" for kind in ("image", "audio", "video", "file"))

SHAPES: dict[str, tuple[Any, Any]] = {
    "openai image": (
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{TINY_PNG}", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": IMAGE, "detail": "low"}},
    ),
    "openai responses image": (
        {"type": "input_image", "image_url": f"data:image/jpeg;base64,{PNG}"},
        {"type": "input_image", "image_url": IMAGE},
    ),
    "openai audio": (
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "input_audio", "input_audio": {"data": AUDIO, "format": "wav"}},
    ),
    "openai audio answer": (
        {"role": "assistant", "content": None, "audio": {"id": "a1", "data": WAV, "transcript": "hello"}},
        {"role": "assistant", "content": None, "audio": {"id": "a1", "data": AUDIO, "transcript": "hello"}},
    ),
    "openai file": (
        {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": FILE}},
    ),
    "openai generated image": (
        {"type": "image_generation_call", "status": "completed", "result": TINY_PNG},
        {"type": "image_generation_call", "status": "completed", "result": IMAGE},
    ),
    "openai images api": ({"data": [{"b64_json": PNG}]}, {"data": [{"b64_json": IMAGE}]}),
    "anthropic image": (
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": TINY_PNG}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": IMAGE}},
    ),
    "anthropic document": (
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQ="}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": FILE}},
    ),
    "gemini inline data": (
        {"inline_data": {"mime_type": "video/mp4", "data": URL_SAFE_PNG}},
        {"inline_data": {"mime_type": "video/mp4", "data": VIDEO}},
    ),
    "gemini inlineData with bytes": (
        {"inlineData": {"mimeType": "image/png", "data": PNG_BYTES}},
        {"inlineData": {"mimeType": "image/png", "data": IMAGE}},
    ),
    "bedrock image": (
        {"image": {"format": "png", "source": {"bytes": b"123"}}},
        {"image": {"format": "png", "source": {"bytes": IMAGE}}},
    ),
    "otel blob": (
        {"type": "blob", "mime_type": "image/png", "modality": "image", "content": TINY_PNG},
        {"type": "blob", "mime_type": "image/png", "modality": "image", "content": IMAGE},
    ),
    "otel uri": (
        {"type": "uri", "modality": "image", "uri": f"data:image/png;base64,{TINY_PNG}"},
        {"type": "uri", "modality": "image", "uri": IMAGE},
    ),
    "pydantic-ai binary": (
        {"type": "binary", "media_type": "audio/mpeg", "content": TINY_PNG},
        {"type": "binary", "media_type": "audio/mpeg", "content": AUDIO},
    ),
    "langchain block": (
        {"type": "image", "source_type": "base64", "mime_type": "image/png", "data": TINY_PNG},
        {"type": "image", "source_type": "base64", "mime_type": "image/png", "data": IMAGE},
    ),
    "langchain v1 block": (
        {"type": "video", "base64": TINY_PNG, "mime_type": "video/mp4"},
        {"type": "video", "base64": VIDEO, "mime_type": "video/mp4"},
    ),
    "openinference": (
        {"message_content.image.image.url": f"data:image/webp;base64,{TINY_PNG}"},
        {"message_content.image.image.url": IMAGE},
    ),
    "ollama images": (
        {"role": "user", "content": "?", "images": [PNG, TINY_PNG]},
        {"role": "user", "content": "?", "images": [IMAGE, IMAGE]},
    ),
    "langfuse": (
        {"image_url": {"url": "@@@langfuseMedia:type=image/png|id=a3-kN|source=base64_data_uri@@@"}},
        {"image_url": {"url": IMAGE}},
    ),
    "svg in a url": (
        {"type": "image_url", "image_url": {"url": "data:image/svg+xml,%3Csvg xmlns='x'%3E"}},
        {"type": "image_url", "image_url": {"url": IMAGE}},
    ),
    "raw bytes": ({"body": PNG_BYTES}, {"body": IMAGE}),
    "unknown bytes": ([b"\x00\x01"], [FILE]),
    "bare base64": ({"anything": PDF}, {"anything": FILE}),
    "a key": ({PNG: 1}, {IMAGE: 1}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_keeps_its_form_and_loses_its_data(shape: str) -> None:
    before, after = SHAPES[shape]
    original = json.dumps(before, default=repr)
    assert redact_media(before) == after
    assert redact_media([{"role": "user", "content": [before]}]) == [{"role": "user", "content": [after]}]
    assert json.dumps(before, default=repr) == original, "the value itself must not change"


TEXTS: dict[str, tuple[str, str]] = {
    "url in prose": (f"look at data:image/png;base64,{PNG} and say", f"look at {IMAGE} and say"),
    "upper case mark": (f"data:IMAGE/PNG;BASE64,{TINY_PNG}", IMAGE),
    "parameters": (f"data:audio/wav;codecs=1;base64,{TINY_PNG}", AUDIO),
    "no type": (f"data:;base64,{TINY_PNG}", IMAGE),
    "cut short": (f"data:image/png;base64,{PNG[:40]}", IMAGE),
    "json": (json.dumps({"a": PNG, "b": "keep"}), json.dumps({"a": IMAGE, "b": "keep"})),
    "json in json": (json.dumps({"a": json.dumps({"d": PNG})}), json.dumps({"a": json.dumps({"d": IMAGE})})),
    "json cut short": ('{"b": "keep", "a": "' + PNG[:1500], '{"b": "keep", "a": "' + IMAGE),
    "escaped slashes": ('{"a": "' + PNG.replace("/", "\\/") + '"}', '{"a": "' + IMAGE + '"}'),
    "percent": (f"see img={PNG.replace('+', '%2B').replace('/', '%2F')} end", f"see img={IMAGE} end"),
    "two": (f"{PNG} and {WAV}", f"{IMAGE} and {AUDIO}"),
    "python bytes": (repr({"data": PNG_BYTES, "next": 1}), "{'data': " + IMAGE + ", 'next': 1}"),
    "python bytes in json": (json.dumps({"a": repr(PNG_BYTES)}), json.dumps({"a": IMAGE})),
    "python bytes cut short": (repr(PNG_BYTES)[:200], IMAGE),
}


@pytest.mark.parametrize("case", TEXTS)
def test_media_in_texts(case: str) -> None:
    before, after = TEXTS[case]
    assert redact_media(before) == after


@pytest.mark.parametrize("width", [64, 76])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\\n", "\\\\n"])
def test_wrapped_bodies(width: int, line_end: str) -> None:
    body = line_end.join(PNG[i : i + width] for i in range(0, len(PNG), width))
    text = redact_media(f"before {body}{line_end}after the body")
    assert text.startswith(f"before {IMAGE}")
    assert text.endswith("after the body")
    assert not re.search(r"[A-Za-z0-9+/]{77}", text)


STAYS: dict[str, Any] = {
    "prose": "The quick brown fox jumps over the lazy dog. " * 500,
    "prose without spaces": "lorem,ipsum;dolor.sit(amet)" * 500,
    "chinese": "今天天气怎么样" * 3000,
    "repeated letter": "x" * 100_000,
    "silence": "A" * 100_000,
    "hex": RANDOM.randbytes(4000).hex(),
    "upper hex": RANDOM.randbytes(4000).hex().upper(),
    "digits": "1234567890" * 1000,
    "dna": "ACGT" * 1000,
    "signature": base64.b64encode(RANDOM.randbytes(600)).decode(),
    "hashes, one a line": "\n".join(RANDOM.randbytes(32).hex() for _ in range(100)),
    "uuids, one a line": "\n".join(f"{RANDOM.getrandbits(128):032x}" for _ in range(100)),
    "words, one a line": "\n".join(["Apple", "Banana42", "cherry", "Durian"] * 200),
    "words, one a line, in json": json.dumps("\n".join(["Apple", "Banana42", "cherry", "Durian"] * 200)),
    "rulers": ("=" * 2000) + "\n" + ("-" * 2000),
    "code": "def f(x):\n    return {'data': x, \"b64\": base64.b64decode(x)}\n" * 100,
    "program text about data urls": 'url = f"data:image/jpeg;base64,{encode(path)}"',
    "https url": "https://example.com/a.png?x=1",
    "image by url": {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    "image by pointer": {"type": "image_url", "image_url": {"url": "phaiblob://v1/sha256/" + "a" * 64}},
    "file by id": {"type": "file", "file": {"file_id": "file-abc123"}},
    "plain text document": {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "hello"},
    },
    "text part": {"type": "text", "text": "hello"},
    "tool result": {"role": "tool", "content": "ok", "tool_call_id": "c1"},
    "tool result of one word": {"type": "tool_result", "result": "A" * 64},
    "state with a type of its own": {
        "type": {"a": 1},
        "content": "hello",
        "result": "x",
        "data": "y",
        "mime_type": [1],
    },
    "state with data": {"data": "NoMime", "format": "json"},
    "escaped text": repr("caf\xe9 \x1b[0m") * 100,
    "placeholder": IMAGE,
    "numbers": [1, 2.5, None, True],
}


@pytest.mark.parametrize("case", STAYS)
def test_what_is_no_medium_stays_and_is_not_copied(case: str) -> None:
    assert redact_media(STAYS[case]) is STAYS[case]


def test_no_body_over_a_thousand_characters_survives_anywhere() -> None:
    for seed in range(200):
        random_ = random.Random(seed)
        body = base64.b64encode(random_.randbytes(random_.randint(760, 3000))).decode()
        text = "".join(random_.choice(['"', " ", "\\", "\n", "x", "{", "é", ","]) for _ in range(20)) + body
        assert not re.search(r"[A-Za-z0-9+/=]{1001,}", redact_media(text + random_.choice(["", '\\"', "\n", " end"])))


def test_redaction_is_stable() -> None:
    for before, _ in (*SHAPES.values(), *TEXTS.values()):
        once = redact_media(before)
        assert redact_media(once) == once


HOSTILE: dict[str, str] = {
    "one letter": "a" * 1_000_000,
    "body": "aB3" * 300_000,
    "runs just short of the limit": ("aB3x" * 250 + " ") * 1000,
    "runs just over the limit": ("aB3x" * 251 + ".") * 1000,
    "lines": "aB3\n" * 250_000,
    "line ends": "\n" * 1_000_000,
    "backslashes": "\\" * 1_000_000,
    "url marks": ";base64," * 100_000,
    "url heads": "data:;base64," * 60_000,
    "byte string starts": "b'" * 300_000 + "\\x00" * 100,
    "byte string ends": "b'" + "\\'" * 300_000 + "\\x00" * 100,
    "langfuse starts": "@@@langfuseMedia:type=" * 30_000,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_time_is_linear_on_hostile_texts(case: str) -> None:
    start = time.thread_time()
    redact_media(HOSTILE[case])
    assert time.thread_time() - start < 5, "a megabyte takes a fraction of a second, or it is not linear"
