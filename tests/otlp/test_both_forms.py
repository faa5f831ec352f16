"""What holds of a request in either form."""

from __future__ import annotations

import pytest

from otel_posthog_ai.otlp.json_values import parse
from otel_posthog_ai.otlp.requests import Contents, read_request

from . import written


def _read(form: str, body: bytes) -> Contents:
    if form == "json":
        return read_request(parse(body))
    from otel_posthog_ai.otlp.protobuf import read_traces

    return read_traces(body)


@pytest.mark.parametrize("form", ["json", "protobuf"])
def test_spans_that_are_held_share_the_keys_of_their_attributes(form: str) -> None:
    pytest.importorskip("opentelemetry.proto")
    from . import posted

    keys: dict[str, set[int]] = {}
    held = []
    for number in range(3):
        request = written.span_request(written.chat(number), written.chat(number, number=1))
        for _, body in posted.bodies(request, form):
            held += _read(form, body).spans
    for span in held:
        for key in span.attributes or {}:
            keys.setdefault(key, set()).add(id(key))
    assert len(held) == 6
    assert keys
    assert {key: len(objects) for key, objects in keys.items()} == dict.fromkeys(keys, 1)
