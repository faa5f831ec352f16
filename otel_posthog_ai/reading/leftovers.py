"""What is left of a span's attributes when every dialect has read: custom properties, without plumbing and copies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.semconv.attributes.service_attributes import SERVICE_NAME

from otel_posthog_ai.attribute_names.general import SERVICE_INSTANCE_ID
from otel_posthog_ai.posthog_inputs import is_documented
from otel_posthog_ai.record import AISpan

from .identity import names_identity_only
from .plumbing import is_plumbing
from .resources import once_a_resource
from .source import Source

RESOURCE_KEPT = ("service.", "deployment.", "vcs.repository.")
RESOURCE_DROPPED = frozenset(
    {
        SERVICE_INSTANCE_ID, "imported_libraries", "project_name", "project_type", "project_version_id",
        "project_version_name", "eval_tags", "semantic_convention", "metadata", "runtime-id",
    }
)  # fmt: skip
# Namespaces of the semantic conventions: a resource attribute outside them is the user's own.
RESOURCE_NAMESPACES = (
    "process.", "host.", "os.", "telemetry.", "container.", "k8s.", "cloud.", "aws.", "gcp.", "azure.", "faas.",
    "device.", "browser.", "webengine.", "otel.", "logfire.", "user.", "session.", "enduser.", "posthog.", "heroku.",
    "openshift.", "app.", "vcs.",
)  # fmt: skip


def collect(record: AISpan, source: Source) -> None:
    """Fill `record.attributes`, `record.documented` and `record.resource`."""
    attributes = source.attributes
    for key in source.shape.once(_candidates):
        if key not in attributes:
            continue
        if key.startswith("$"):
            record.documented[key] = attributes[key]
        elif key not in source.used and key not in source.shape.plumbing:
            record.attributes[key] = attributes[key]
    record.resource.update(resource_properties(source.resource))


def _candidates(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys that are worth keeping where nobody reads them."""
    return tuple(key for key in keys if _is_worth_keeping(key))


def _is_worth_keeping(key: str) -> bool:
    if key.startswith("$"):
        return is_documented(key)
    return not names_identity_only(key) and not is_plumbing(key)


@once_a_resource
def resource_properties(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Resource attributes that say where the app ran, and those that the user added."""
    return {
        key: value
        for key, value in attributes.items()
        # The SDK's word for a service without a name says nothing.
        if not (key == SERVICE_NAME and str(value).startswith("unknown_service"))
        and key not in RESOURCE_DROPPED and (key.startswith(RESOURCE_KEPT) or not key.startswith(RESOURCE_NAMESPACES))
        and not key.startswith("$") and not is_plumbing(key)
    }  # fmt: skip
