"""Values of OTLP/JSON in every spelling, and what is told of those that are none."""

from __future__ import annotations

import math
from typing import Any

import pytest

from otel_posthog_ai.otlp import json_values as otlp
from otel_posthog_ai.otlp.json_values import Malformed
from otel_posthog_ai.otlp.requests import read_request


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ({"stringValue": ""}, ""),
        ({"string_value": "a"}, "a"),
        ({"boolValue": False}, False),
        ({"intValue": "0"}, 0),
        ({"intValue": 9007199254740993}, 9007199254740993),
        ({"intValue": "-9223372036854775808"}, -(2**63)),
        ({"doubleValue": 0}, 0.0),
        ({"doubleValue": "Infinity"}, math.inf),
        ({"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "b"}, {}]}}, (1, "b", None)),
        ({"arrayValue": {}}, ()),
        ({"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": True}}]}}, {"k": True}),
        ({"kvlist_value": {}}, {}),
        ({"bytesValue": "AP8="}, b"\x00\xff"),
        ({"bytesValue": "AP8"}, b"\x00\xff"),
        ({"bytesValue": "-_8="}, b"\xfb\xff"),
        ({"intValue": "5.0"}, 5),
        ({"intValue": "1.79e18"}, 1_790_000_000_000_000_000),
        ({}, None),
        (None, None),
    ],
)
def test_a_value(written: Any, value: Any) -> None:
    found = otlp.any_value(written)
    assert found == value
    assert type(found) is type(value)


def test_no_number_is_a_number() -> None:
    assert math.isnan(otlp.any_value({"doubleValue": "NaN"}))


@pytest.mark.parametrize(
    "written",
    [
        {"intValue": "many"}, {"intValue": True}, {"boolValue": 1}, {"stringValue": 1}, {"bytesValue": "?"},
        {"doubleValue": []}, {"arrayValue": {"values": 3}}, {"kvlistValue": [1]}, 3, "text", {"intValue": 1e999},
    ],
)  # fmt: skip
def test_no_value(written: Any) -> None:
    with pytest.raises(Malformed):
        otlp.any_value(written)


def test_a_value_nested_too_deep_is_malformed() -> None:
    value: dict[str, Any] = {"intValue": "1"}
    for _ in range(500):
        value = {"arrayValue": {"values": [value]}}
    with pytest.raises(Malformed):
        otlp.any_value(value)


def test_ids() -> None:
    assert otlp.identifier("0AF7651916CD43DD8448EB211C80319C", 16) == 0x0AF7651916CD43DD8448EB211C80319C
    assert otlp.identifier("t62pZyQ8nIw=", 8) == 0xB7ADA967243C9C8C
    for spelling in ("-_vvvvv7-_s=", "-_vvvvv7-_s", "+/vvvvv7+/s=", "+/vvvvv7+/s"):
        assert otlp.identifier(spelling, 8) == 0xFBFBEFBEFBFBFBFB
    assert otlp.identifier("", 8) == otlp.identifier(None, 8) == 0
    for wrong in ("0af7", "zz" * 8, 12):
        with pytest.raises(Malformed):
            otlp.identifier(wrong, 8)


@pytest.mark.parametrize("request_", [[], 3, "text", {"spans": []}, {"resourceSpans": {}}, {"resourceSpans": [1]}])
def test_no_request(request_: Any) -> None:
    with pytest.raises(Malformed):
        read_request(request_)


def test_an_empty_request_and_metrics_hold_nothing() -> None:
    assert read_request({}).spans == []
    assert read_request({"resourceSpans": None}).spans == []
    assert read_request({"resourceMetrics": [{}, {}]}).other == 2


def test_a_malformed_span_does_not_take_its_request_along() -> None:
    ids = {"traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1"}
    spans = [{"name": "no ids"}, {**ids, "name": 3}, {**ids, "attributes": {"a": 1}}, {**ids, "name": "good"}]
    contents = read_request({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    assert [span.name for span in contents.spans] == ["good"]
    assert len(contents.malformed) == 3


@pytest.mark.parametrize(
    "broken",
    [
        {"key": "b", "value": {"intValue": "many"}},
        {"key": "b", "value": {"kvlistValue": {"values": [{"key": "c", "value": {"boolValue": 1}}]}}},
        {"key": "b", "value": "text"},
        {"key": 1, "value": {"intValue": "1"}},
        3,
        None,
    ],
)
def test_a_malformed_attribute_costs_itself_alone(broken: Any) -> None:
    attributes = [{"key": "a", "value": {"stringValue": "1"}}, broken, {"key": "z", "value": {"boolValue": False}}]
    ids = {"traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1"}
    span = {
        **ids,
        "attributes": attributes,
        "events": [{"name": "e", "attributes": attributes}],
        "links": [{**ids, "attributes": attributes}],
    }
    of_resource = {"resource": {"attributes": attributes}, "scopeSpans": [{"spans": [span]}]}
    contents = read_request({"resourceSpans": [of_resource]})
    (read,) = contents.spans
    rest = {"a": "1", "z": False}
    assert read.attributes == read.events[0].attributes == read.links[0].attributes == rest
    assert read.resource.attributes == rest
    assert contents.malformed == []
    assert contents.unread_attributes.total() == 4


@pytest.mark.parametrize(
    "broken", [None, 3, {"resource": 3}, {"scopeSpans": 3}, {"resource": {"attributes": {"service.name": "x"}}}]
)
def test_a_malformed_resource_does_not_take_its_request_along(broken: Any) -> None:
    span = {"traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1", "name": "good"}
    good = {"scopeSpans": [{"spans": [None, span]}]}
    contents = read_request({"resourceSpans": [broken, good]})
    assert [span.name for span in contents.spans] == ["good"]
    assert len(contents.malformed) == 2


def test_requests_of_old_collectors() -> None:
    ids = {"traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1"}
    library = {"instrumentationLibrary": {"name": "openai", "version": "1"}, "spans": [{**ids, "name": "chat"}]}
    (span,) = read_request({"resourceSpans": [{"instrumentationLibrarySpans": [library]}]}).spans
    assert span.instrumentation_scope is not None
    assert (span.instrumentation_scope.name, span.instrumentation_scope.version) == ("openai", "1")


@pytest.mark.parametrize(
    ("span", "remote"),
    [
        ({"kind": 3}, False),
        ({"kind": 2}, True),
        ({"kind": "SPAN_KIND_CONSUMER"}, True),
        ({"kind": 2, "flags": 0x101}, False),
        ({"kind": 3, "flags": 0x301}, True),
    ],
)
def test_whether_a_parent_is_elsewhere(span: dict[str, Any], remote: bool) -> None:
    ids = {"traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1", "parentSpanId": "0" * 15 + "2"}
    (read,) = read_request({"resourceSpans": [{"scopeSpans": [{"spans": [{**ids, **span}]}]}]}).spans
    assert read.parent is not None
    assert read.parent.is_remote is remote
