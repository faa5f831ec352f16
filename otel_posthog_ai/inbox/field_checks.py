"""What PostHog makes of an event's identity, time and numbers when they are not as it reads them.

Each check yields a sentence for every fault it sees in an event.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from otel_posthog_ai.inbox.clock import FUTURE_LIMIT_SECONDS, parse_time
from otel_posthog_ai.inbox.intake import AI_EVENTS, DISTINCT_ID_LIMIT, ReceivedEvent, distinct_id_as_text
from otel_posthog_ai.inbox.intake import raw_distinct_id as raw
from otel_posthog_ai.inbox.json_values import is_array, is_number, is_object, number

Sentences = Iterator[str]

ILLEGAL_DISTINCT_IDS = frozenset(
    {
        "0", "00000000-0000-0000-0000-000000000000", "[object object]", "anonymous", "anonymous-user", "backend",
        "distinct_id", "distinctid", "email", "false", "guest", "id", "nan", "none", "not_authenticated", "null",
        "system", "true", "undefined", "user",
    }
)  # fmt: skip

CLOCK_SKEW_SECONDS = 60

_BILLED = ("$ai_generation", "$ai_embedding")
_IDS = ("$ai_trace_id", "$ai_parent_id", "$ai_span_id", "$ai_generation_id", "$ai_session_id")
_COUNTS = (
    "$ai_input_tokens",
    "$ai_output_tokens",
    "$ai_cache_read_input_tokens",
    "$ai_cache_creation_input_tokens",
    "$ai_reasoning_tokens",
)
_NUMBERS = (*_COUNTS, "$ai_latency", "$ai_time_to_first_token")
_ID_CHARACTERS = re.compile(r"^[A-Za-z0-9\-_~.@()!':|]*$")
_CONTENT_STATES = ("$ai_input_state", "$ai_output_state")


def illegal_distinct_id(event: ReceivedEvent) -> Sentences:
    """Names that stand for nobody: every user of theirs would become one person."""
    if event.distinct_id.strip().lower() in ILLEGAL_DISTINCT_IDS:
        yield f'the distinct_id "{event.distinct_id}" stands for nobody; PostHog\'s newer intake refuses it'


def long_distinct_id(event: ReceivedEvent) -> Sentences:
    """A distinct_id over 200 characters."""
    length = len(distinct_id_as_text(raw(event.sent)))
    if length > DISTINCT_ID_LIMIT:
        yield f"the distinct_id has {length:,} characters; PostHog keeps the first {DISTINCT_ID_LIMIT}"


def changed_distinct_id(event: ReceivedEvent) -> Sentences:
    """A distinct_id that is no string, or holds NUL."""
    given = raw(event.sent)
    if not isinstance(given, str):
        yield "the distinct_id is not a string; PostHog keeps its JSON text"
    elif "\0" in given:
        yield "the distinct_id holds NUL, which becomes U+FFFD"


def person_per_trace(event: ReceivedEvent) -> Sentences:
    """An anonymous event that still makes a person profile."""
    properties = event.properties
    if event.distinct_id == properties.get("$ai_trace_id") and properties.get("$process_person_profile") is not False:
        yield "the distinct_id is the trace id without $process_person_profile: false, so every trace makes a person"


def timestamp(event: ReceivedEvent) -> Sentences:
    """A time stamp that PostHog replaces."""
    given = event.sent.get("timestamp")
    if given is None:
        if event.sent.get("offset") is None:
            yield "there is no timestamp; PostHog takes the time of arrival"
        return
    parsed = parse_time(given)
    if parsed is None:
        yield "the timestamp cannot be read; PostHog takes the time of arrival"
    elif parsed == 0:
        yield "the year of the timestamp is out of range; PostHog stores 1970"
    elif parsed - event.at > FUTURE_LIMIT_SECONDS:
        yield "the timestamp lies more than 23 hours ahead; PostHog takes the time of arrival"
    elif abs(parsed - event.at) > CLOCK_SKEW_SECONDS:
        yield f"sent_at and the server's clock differ, so PostHog moves the timestamp by {event.at - parsed:+,.0f} s"


def unknown_event(event: ReceivedEvent) -> Sentences:
    """An `$ai_` name outside PostHog's AI pipeline."""
    if event.name.startswith("$ai_") and event.name not in AI_EVENTS:
        yield f"{event.name} is none of PostHog's AI events: it is stored, but neither priced nor drawn"


def no_trace(event: ReceivedEvent) -> Sentences:
    """An AI event that belongs to no trace."""
    if event.name in AI_EVENTS and number_or_text(event.properties.get("$ai_trace_id")) in (None, ""):
        yield "there is no $ai_trace_id, so the event is in no trace"


def number_or_text(value: object) -> object:
    """Ids may be text or numbers; everything else counts as absent."""
    return value if isinstance(value, str) or is_number(value) else None


def erased_id(event: ReceivedEvent) -> Sentences:
    """An id that is an object or array."""
    for name in _IDS:
        if isinstance(event.properties.get(name), (dict, list)):
            yield f"{name} is an object; PostHog erases it"


def id_characters(event: ReceivedEvent) -> Sentences:
    """Ids with characters that PostHog's addresses do not take."""
    for name in ("$ai_trace_id", "$ai_session_id"):
        value = event.properties.get(name)
        if isinstance(value, str) and not _ID_CHARACTERS.match(value):
            yield f"{name} holds characters other than letters, digits and - _ ~ . @ ( ) ! ' : |"


def empty_parent(event: ReceivedEvent) -> Sentences:
    """The parent "", which is neither the trace nor absent."""
    if event.properties.get("$ai_parent_id") == "":
        yield 'the $ai_parent_id is "", so the node is not drawn; leave it out or send the trace id'


def no_node_id(event: ReceivedEvent) -> Sentences:
    """A node that no other can name as its parent."""
    properties = event.properties
    if event.name in (*_BILLED, "$ai_span") and not ({"$ai_span_id", "$ai_generation_id"} & properties.keys()):
        yield "there is no $ai_span_id, so nothing can be drawn below this node"


def not_a_number(event: ReceivedEvent) -> Sentences:
    """Counts and times that are neither number nor numeric text."""
    for name in _NUMBERS:
        value = event.properties.get(name)
        if value is not None and number(value) is None:
            yield f"{name} is not a number; PostHog stores null"


def number_as_text(event: ReceivedEvent) -> Sentences:
    """Numbers as text: billed, but concatenated in sums."""
    for name in _NUMBERS:
        if isinstance(event.properties.get(name), str) and number(event.properties[name]) is not None:
            yield f"{name} is a number as text, which breaks sums and display"


def negative(event: ReceivedEvent) -> Sentences:
    """Counts and times below zero."""
    for name in _NUMBERS:
        value = number(event.properties.get(name))
        if value is not None and value < 0:
            yield f"{name} is negative"


def cache_above_input(event: ReceivedEvent) -> Sentences:
    """Cached tokens above an input count that is said to include them."""
    properties = event.properties
    if properties.get("$ai_cache_reporting_exclusive") is not False:
        return
    given = number(properties.get("$ai_input_tokens"))
    cached = sum(
        number(properties.get(name)) or 0 for name in ("$ai_cache_read_input_tokens", "$ai_cache_creation_input_tokens")
    )
    if given is not None and cached > given:
        yield f"{cached:,.0f} cached tokens are more than the {given:,.0f} input tokens they are part of: negative cost"


def unsaid_cache(event: ReceivedEvent) -> Sentences:
    """Claude with cache counts, and no word whether the input includes them."""
    properties = event.properties
    if event.name not in _BILLED or isinstance(properties.get("$ai_cache_reporting_exclusive"), bool):
        return
    model = str(properties.get("$ai_model")).lower()
    anthropic = properties.get("$ai_provider") == "anthropic" or "anthropic" in model or model.startswith("claude")
    if anthropic and (
        number(properties.get("$ai_cache_read_input_tokens"))
        or number(properties.get("$ai_cache_creation_input_tokens"))
    ):
        yield "without $ai_cache_reporting_exclusive PostHog bills a Claude model's cached tokens on top of its input"


def no_model(event: ReceivedEvent) -> Sentences:
    """A model call that cannot be priced."""
    properties = event.properties
    if (
        event.name in _BILLED
        and not isinstance(properties.get("$ai_model"), str)
        and "$ai_total_cost_usd" not in properties
    ):
        yield "there is no $ai_model, so PostHog cannot price the call"


def zero_cost(event: ReceivedEvent) -> Sentences:
    """A zero cost does not count as given."""
    costs = [number(event.properties.get(name)) for name in ("$ai_input_cost_usd", "$ai_output_cost_usd")]
    if costs == [0, 0] and "$ai_total_cost_usd" not in event.properties:
        yield "both costs are 0, which PostHog takes as not given and computes from the model"


def one_cost(event: ReceivedEvent) -> Sentences:
    """One of the two costs."""
    given = {"$ai_input_cost_usd", "$ai_output_cost_usd"} & event.properties.keys()
    if len(given) == 1:
        yield f"only {given.pop()} is given; PostHog computes the other from the model"


def error_flag(event: ReceivedEvent) -> Sentences:
    """An error that is not marked as one."""
    properties = event.properties
    flag = properties.get("$ai_is_error")
    if flag is not None and not isinstance(flag, bool) and flag not in ("true", "false"):
        yield "$ai_is_error is neither true nor false, so the event is not an error"
    elif properties.get("$ai_error") not in (None, "") and flag in (None, False, "false"):
        yield "there is an $ai_error without $ai_is_error: true, so the event is not an error"


def long_error(event: ReceivedEvent) -> Sentences:
    """An error beyond what PostHog groups by."""
    error = event.properties.get("$ai_error")
    if isinstance(error, str) and len(error) > 1000 and "$ai_error_normalized" not in event.properties:
        yield f"the error has {len(error):,} characters; PostHog groups by the first 1,000"


def model_parameters(event: ReceivedEvent) -> Sentences:
    """Parameters that PostHog cannot look into."""
    value = event.properties.get("$ai_model_parameters")
    if value is not None and not is_object(value):
        yield "$ai_model_parameters is not an object, so temperature, stream and max_tokens are not read from it"


def null_state(event: ReceivedEvent) -> Sentences:
    """A state sent as null."""
    for name in _CONTENT_STATES:
        if name in event.properties and event.properties[name] is None:
            yield f"{name} is null, which draws an empty bubble; leave it out"


def otel_marker(event: ReceivedEvent) -> Sentences:
    """The mark of PostHog's own OTLP route."""
    if event.properties.get("$ai_ingestion_source") == "otel":
        yield "$ai_ingestion_source: otel runs PostHog's OTLP mapping over the event once more"


def gateway_properties(event: ReceivedEvent) -> Sentences:
    """Names that are reserved for PostHog's gateway."""
    names = sorted(name for name in event.properties if name.startswith("$ai_gateway"))
    if names:
        yield f"PostHog removes {', '.join(names)}"


def groups(event: ReceivedEvent) -> Sentences:
    """Groups that are no object of type and key."""
    value = event.properties.get("$groups")
    if value is not None and not is_object(value):
        yield "$groups is not an object of group type and key"


def tools_shape(event: ReceivedEvent) -> Sentences:
    """Tool definitions that are no list."""
    value = event.properties.get("$ai_tools")
    if value is not None and not is_array(value):
        yield "$ai_tools is not a list, so the tools are not drawn"
