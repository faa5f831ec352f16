"""Coverage-guided fuzzing of everything that reads what the app and its models wrote. Not part of the test run:

    pip install atheris
    python tests/fuzz/fuzz_json_safe.py -max_total_time=300

Each input is taken as text, as JSON and as a program that builds a nested Python value; any exception, any result that
strict JSON cannot say, and any input that takes more than two seconds is a finding.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import atheris

with atheris.instrument_imports(include=["otel_posthog_ai"]):
    from otel_posthog_ai.content.credentials import remove_credentials
    from otel_posthog_ai.content.json_safe import json_safe, parse_json
    from otel_posthog_ai.content.masking import apply_mask, resolve_mask
    from otel_posthog_ai.content.media import redact_media
    from otel_posthog_ai.content.privacy import private_event

_MASK = resolve_mask(("api_keys", "emails", "card_numbers", "phone_numbers"))
_KEYS = (
    "data",
    "url",
    "type",
    "image_url",
    "source",
    "headers",
    "api_key",
    "role",
    "content",
    "$ai_input",
    "$ai_error",
)


def check(value: Any) -> None:
    """One value through every rule, in the order of an event's way."""
    assert _MASK is not None
    clean = json_safe(value)
    redacted = apply_mask(_MASK, "$ai_input", remove_credentials(redact_media(clean), ("phc_projectkey123456",))).value
    json.dumps(redacted, allow_nan=False, ensure_ascii=False).encode()
    properties = redacted if isinstance(redacted, dict) else {"$ai_input": redacted}
    json.dumps(private_event({"event": "$ai_span", "distinct_id": "u", "properties": properties}), allow_nan=False)


def build(data: Any, depth: int = 0) -> Any:
    """A Python value from the fuzzer's bytes."""
    kind = data.ConsumeIntInRange(0, 9 if depth < 30 else 5)
    if kind == 0:
        return data.ConsumeUnicode(60)
    if kind == 1:
        return data.ConsumeBytes(20)
    if kind == 2:
        return data.ConsumeFloat()
    if kind == 3:
        return data.ConsumeInt(16)
    if kind == 4:
        return data.PickValueInList([None, True, False, object(), len])
    if kind == 5:
        return data.PickValueInList(list(_KEYS))
    count = data.ConsumeIntInRange(0, 4)
    if kind == 6:
        return [build(data, depth + 1) for _ in range(count)]
    if kind == 7:
        return tuple(build(data, depth + 1) for _ in range(count))
    if kind == 8:
        return {data.PickValueInList(list(_KEYS)): build(data, depth + 1) for _ in range(count)}
    return {data.ConsumeUnicode(10): build(data, depth + 1) for _ in range(count)}


def test_one_input(raw: bytes) -> None:
    """What libFuzzer calls."""
    text = raw.decode("utf-8", "surrogatepass") if _is_text(raw) else raw.decode("latin-1")
    check(text)
    check(parse_json(text, scalars=True))
    check(build(atheris.FuzzedDataProvider(raw)))


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


if __name__ == "__main__":
    atheris.Setup([*sys.argv, "-timeout=2"], test_one_input)
    atheris.Fuzz()
