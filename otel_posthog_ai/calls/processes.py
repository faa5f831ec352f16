"""In which process a span ran, as far as its resource says: two instrumentors that report one call share a process."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from otel_posthog_ai.attribute_names.general import SERVICE_INSTANCE_ID
from otel_posthog_ai.reading.resources import once_a_resource

Process = tuple[Any, ...]
"""What a resource says of each of `KEYS`, None where it does not; empty where all spans are of one process anyway."""

KEYS = (
    SERVICE_INSTANCE_ID, "process.pid", "host.id", "host.name", "container.id", "k8s.pod.uid", "k8s.pod.name",
    "telemetry.sdk.language",
)  # fmt: skip


@once_a_resource
def process_of(resource: Mapping[str, Any]) -> Process:
    """The process of a resource's spans."""
    said = (resource.get(key) for key in KEYS)
    return tuple(value if isinstance(value, (str, int)) else None for value in said)


@lru_cache(maxsize=10_000)
def may_be_one(one: Process, other: Process) -> bool:
    """Whether nothing that both say tells the two apart: providers of one process may know more or less of it."""
    return one == other or all(a is None or b is None or a == b for a, b in zip(one, other, strict=False))
