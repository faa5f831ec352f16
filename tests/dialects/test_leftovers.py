"""Attributes that nobody read: the user's own stay, copies and plumbing go."""

from __future__ import annotations

import pytest

from otel_posthog_ai.reading.leftovers import resource_properties

from .test_gen_ai import CALL, read


@pytest.mark.parametrize(
    ("key", "kept"),
    [
        ("plan", True),
        ("app.feature", True),
        ("ticket.id", True),
        ("gen_ai.unknown.key", False),
        ("traceloop.entity.path", False),
        ("error.stack_trace", False),
        ("db.statement", False),
        ("my.list.0.name", False),
        ("http.request.method", False),
        ("$secret", False),
    ],
)
def test_attributes(key: str, kept: bool) -> None:
    record = read({**CALL, key: "x"})
    assert record is not None
    assert (key in record.attributes) is kept


def test_resource() -> None:
    attributes = {
        "service.name": "shop",
        "service.instance.id": "7",
        "deployment.environment": "test",
        "team": "search",
        "cloud.region": "eu-west-1",
        "host.name": "box",
        "process.pid": 1,
        "k8s.pod.name": "p",
        "telemetry.sdk.name": "opentelemetry",
    }
    assert resource_properties(attributes) == {
        "service.name": "shop",
        "deployment.environment": "test",
        "team": "search",
    }
