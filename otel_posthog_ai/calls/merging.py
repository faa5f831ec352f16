"""How two reports of one call, or of one execution of a tool, become one record."""

from __future__ import annotations

from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.record import USAGE_FLAGS, AISpan, Usage

from .comparing import inputs, usage_differs
from .message_lists import complete_input, complete_output, text_by_text, tool_by_tool

# Fields in which the span nearest the wire knows better than the one around it.
_WIRE_FIELDS = ("response_model", "response_id", "finish_reason", "time_to_first_token", "service_tier")
_UNITED = frozenset(
    {"parameters", "provider_metadata", "metadata", "trace_metadata", "attributes", "documented", "resource"}
)
_OWN = frozenset(
    {
        "trace_id", "span_id", "parent_id", "start_ns", "end_ns", "span_name", "scope",
        "scope_version", "kind", "span_type", "operation", "name", "dialect", "noise", "pair_key", "pair_time_ns",
        "usage", "cost", "identity", "tags", "error", "private", "graph_node", "evaluations", "cancelled", "stream",
        "provider", "provider_original", "request_model", "tools", *_WIRE_FIELDS, *_UNITED,
    }
)  # fmt: skip
UNSPECIFIC = frozenset({"chain", "task", "custom", None})
"""What some tracers call any step."""
_FILLED = tuple(field for field in AISpan.__slots__ if field not in _OWN)


def merge(survivor: AISpan, other: AISpan, *, wire: AISpan) -> None:
    """Make `survivor` tell what both say; `wire` is the one of both that is nearer the wire."""
    other_is_wire = wire is other
    if "embedding" in (survivor.kind, other.kind):
        survivor.kind = "embedding"
    survivor.input, survivor.output = complete_input(survivor, other), complete_output(survivor, other)
    survivor.embedding_input = text_by_text(survivor.embedding_input, other.embedding_input)
    survivor.tools = tool_by_tool(survivor.tools, other.tools)
    for field in _FILLED:
        if unset(getattr(survivor, field)):
            setattr(survivor, field, getattr(other, field))
    for field in (*_WIRE_FIELDS, "request_model"):
        value = getattr(other, field)
        if not unset(value) and (unset(getattr(survivor, field)) or (other_is_wire and field in _WIRE_FIELDS)):
            setattr(survivor, field, value)
    for field in _UNITED:
        setattr(survivor, field, {**getattr(other, field), **getattr(survivor, field)})
    names = {each.request_model for each in (survivor, other)}
    for field in ("request_model", "response_model"):
        setattr(survivor, field, _without_router(getattr(survivor, field), names))
    _merge_usage(survivor, other, other_is_wire)
    _merge_provider(survivor, other)
    _merge_error(survivor, other, other_is_wire)
    if survivor.cost.total is None and survivor.cost.input is None:
        survivor.cost = other.cost
    if other.stream or survivor.stream is None:
        survivor.stream = other.stream
    survivor.tags = [*survivor.tags, *(tag for tag in other.tags if tag not in survivor.tags)]
    survivor.evaluations = [*survivor.evaluations, *other.evaluations]
    survivor.identity.complete(other.identity)
    survivor.start_ns = min(survivor.start_ns, other.start_ns)
    survivor.end_ns = max(survivor.end_ns, other.end_ns)
    survivor.private = survivor.private or other.private


def _without_router(model: str | None, names: set[str | None]) -> str | None:
    """The model without the router's word for who serves it, where one of both reports names it so."""
    return next((name for name in names if name and model and model.endswith(f"/{name}")), model)


def merge_account(call: AISpan, account: AISpan) -> None:
    """The call with the counts and the cost that only its account states; it took no longer because of that."""
    _merge_usage(call, account)
    if call.cost.total is None and call.cost.input is None:
        call.cost = account.cost
    if unset(call.response_model):
        call.response_model = account.response_model


def _merge_usage(survivor: AISpan, other: AISpan, other_is_wire: bool = False) -> None:
    """The counts of the one nearer the wire, with the details that only the other has where both count the same."""
    strong, weak = (other.usage, survivor.usage) if other_is_wire else (survivor.usage, other.usage)
    is_stream = bool(survivor.stream or other.stream)
    if (strong.input is None and strong.output is None) or (is_stream and _is_estimate(strong, weak)):
        strong, weak = weak, strong
    same = strong.input is None or weak.input is None or strong.input == weak.input
    agree = same or bool(inputs(strong) & inputs(weak))
    merged = Usage()
    for field in Usage.__slots__:
        value = getattr(strong, field)
        if value is None and (agree or field in USAGE_FLAGS):
            value = getattr(weak, field)
        setattr(merged, field, value)
    if not same and agree and strong.input_excludes_cache is None and strong.cache_read is None:
        merged.input_excludes_cache = (strong.input or 0) < (weak.input or 0)
    if weak.total is not None and strong.total is None and weak.output != strong.output:
        merged.total = None  # the sum of counts that were not taken
    if agree and survivor.provider == "anthropic" and _is_sum(strong.output, weak.output):
        merged.output, merged.total = weak.output, None
    survivor.usage = merged


def _is_estimate(usage: Usage, other: Usage) -> bool:
    """Whether these counts of a stream are the tracer's own: the provider's come with details, as the other's did."""
    details = [each.cache_read is not None or each.reasoning is not None for each in (usage, other)]
    return details == [False, True] and usage_differs(usage, other)


def _is_sum(output: float | None, other: float | None) -> bool:
    """Whether `output` counts a stream's first tokens twice: Anthropic states them at its start, and all at its end."""
    return output is not None and other is not None and other < output < 2 * other


def _merge_provider(survivor: AISpan, other: AISpan) -> None:
    """A provider that a span states beats one that was told from the model's name."""
    if survivor.provider is None or (survivor.provider_original is None and other.provider_original is not None):
        survivor.provider, survivor.provider_original = other.provider, other.provider_original


def _merge_error(survivor: AISpan, other: AISpan, other_is_wire: bool = False) -> None:
    survivor.cancelled = survivor.cancelled or other.cancelled
    mine, theirs = survivor.error, other.error
    if theirs is None:
        return
    if mine is None:
        # Only the inner span failed: the framework went on, but the call as such did fail.
        survivor.error = theirs
        return
    if mine.status is None or (other_is_wire and theirs.status is not None):
        mine.status = theirs.status
    if mine.type is None:
        mine.type = theirs.type
    if mine.message is None:
        mine.message = theirs.message


def merge_steps(survivor: AISpan, other: AISpan) -> None:
    """Two spans of one tool execution, or of one step, as one, with the states of both."""
    if survivor.span_type in (None, "custom") or (
        survivor.span_type in UNSPECIFIC and other.span_type not in UNSPECIFIC
    ):
        survivor.span_type = other.span_type
    for field in ("input_state", "output_state", "tool_call_id", "tool_name", "name", "framework", "agent_name"):
        if unset(getattr(survivor, field)):
            setattr(survivor, field, getattr(other, field))
    for field in ("metadata", "trace_metadata", "attributes"):
        setattr(survivor, field, {**getattr(other, field), **getattr(survivor, field)})
    _merge_error(survivor, other)
    survivor.tags = [*survivor.tags, *(tag for tag in other.tags if tag not in survivor.tags)]
    survivor.evaluations = [*survivor.evaluations, *other.evaluations]
    survivor.start_ns = min(survivor.start_ns, other.start_ns)
    survivor.end_ns = max(survivor.end_ns, other.end_ns)
    survivor.private = survivor.private or other.private
