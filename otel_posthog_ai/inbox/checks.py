"""The table of checks: what PostHog refuses, cuts, changes, does not draw or bills wrongly in an accepted event."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from otel_posthog_ai.inbox import field_checks as field
from otel_posthog_ai.inbox.finding import Effect, Finding
from otel_posthog_ai.inbox.intake import AI_EVENTS, ReceivedEvent
from otel_posthog_ai.inbox.message_checks import message_findings

FIELD_CHECKS: tuple[tuple[str, Effect, Callable[[ReceivedEvent], field.Sentences]], ...] = (
    ("illegal-distinct-id", "refused", field.illegal_distinct_id),
    ("long-distinct-id", "cut", field.long_distinct_id),
    ("distinct-id-changed", "changed", field.changed_distinct_id),
    ("person-per-trace", "billed wrong", field.person_per_trace),
    ("timestamp", "changed", field.timestamp),
    ("unknown-event", "not drawn", field.unknown_event),
    ("no-trace", "not drawn", field.no_trace),
    ("id-erased", "lost", field.erased_id),
    ("id-characters", "drawn wrong", field.id_characters),
    ("empty-parent", "not drawn", field.empty_parent),
    ("no-node-id", "drawn wrong", field.no_node_id),
    ("not-a-number", "lost", field.not_a_number),
    ("number-as-text", "drawn wrong", field.number_as_text),
    ("negative-number", "drawn wrong", field.negative),
    ("cache-above-input", "billed wrong", field.cache_above_input),
    ("cache-unsaid", "billed wrong", field.unsaid_cache),
    ("no-model", "billed wrong", field.no_model),
    ("zero-cost", "billed wrong", field.zero_cost),
    ("one-cost", "billed wrong", field.one_cost),
    ("error-flag", "drawn wrong", field.error_flag),
    ("long-error", "cut", field.long_error),
    ("model-parameters", "lost", field.model_parameters),
    ("null-state", "drawn wrong", field.null_state),
    ("otel-marker", "changed", field.otel_marker),
    ("gateway-properties", "lost", field.gateway_properties),
    ("groups", "lost", field.groups),
    ("tools-shape", "not drawn", field.tools_shape),
)


def event_findings(event: ReceivedEvent) -> Sequence[Finding]:
    """All findings for one event, in the order of the table."""
    found = [Finding(code, effect, sentence) for code, effect, check in FIELD_CHECKS for sentence in check(event)]
    if event.name in AI_EVENTS:
        found += message_findings(event.properties)
    return found


def reused_uuid(other_event: str) -> Finding:
    """The finding for an event whose uuid another event carried that PostHog does not take for the same."""
    return Finding(
        "uuid-reused",
        "doubled",
        f"the uuid was seen before on a {other_event} of another name, person or day, so PostHog keeps both",
    )
