"""What a span says, in one neutral record: the only thing that the dialects write and the events room reads.

Nothing here knows PostHog, and nothing here knows an attribute's name. Nothing has a `repr` that shows what it holds:
that belongs into no log line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

Kind = Literal["generation", "embedding", "span"]

SpanType = Literal[
    "agent", "workflow", "chain", "task", "prompt", "tool", "retriever", "reranker", "guardrail", "handoff", "mcp",
    "evaluator", "custom",
]  # fmt: skip

Message = dict[str, Any]
"""A message in the OpenAI chat shape; `messages.py` says which parts there are."""


class _Missing:
    """The type of MISSING: no value was recorded, which None, "" and 0 would not say."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


@dataclass(slots=True, repr=False)
class Usage:
    """Token counts as the span states them; None is unknown, 0 is zero."""

    input: float | None = None
    output: float | None = None
    total: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None
    cache_write_5m: float | None = None
    cache_write_1h: float | None = None
    reasoning: float | None = None
    input_excludes_cache: bool | None = None
    """True where `input` leaves out what was read from and written to the cache; None where the dialect cannot tell."""
    output_excludes_reasoning: bool | None = None
    """True where `output` leaves out the reasoning tokens; None where only arithmetic can tell."""
    audio_input: float | None = None
    audio_output: float | None = None
    image_input: float | None = None
    image_output: float | None = None
    text_input: float | None = None
    cache_read_audio: float | None = None
    web_searches: float | None = None


@dataclass(slots=True, repr=False)
class Cost:
    """What the call cost in USD, where the span states it."""

    input: float | None = None
    output: float | None = None
    total: float | None = None


@dataclass(slots=True, repr=False)
class Failure:
    """Why a call or step failed."""

    type: str | None = None
    message: str | None = None
    status: int | None = None
    """HTTP status of the provider's answer, where it is known; never invented."""


@dataclass(slots=True, repr=False)
class Identity:
    """Who and which conversation; `incidental` values count only where no explicit one is found further up."""

    user: str | None = None
    session: str | None = None
    incidental_user: str | None = None
    incidental_session: str | None = None
    replay_session: str | None = None
    groups: dict[str, str] | None = None


@dataclass(slots=True, repr=False)
class Evaluation:
    """One result of an evaluation that was recorded on the span."""

    name: str | None
    score: float | None = None
    label: str | None = None
    explanation: str | None = None
    response_id: str | None = None
    time_ns: int | None = None


@dataclass(slots=True, eq=False, repr=False)  # a record is itself
class AISpan:
    """One AI operation. Times in nanoseconds since 1970 UTC, durations in seconds, money in USD.

    A dialect sets a field only where it is still unset: first hit wins per field, not per span.
    """

    # ---- the span itself (filled before any dialect reads)
    trace_id: str
    """32 hex digits."""
    span_id: str
    """16 hex digits."""
    parent_id: str | None
    """16 hex digits of the direct parent, AI or not."""
    parent_is_remote: bool
    start_ns: int
    end_ns: int
    span_name: str
    scope: str
    scope_version: str | None = None

    # ---- what it is
    kind: Kind = "span"
    span_type: SpanType | None = None
    operation: str | None = None
    name: str | None = None
    """The name a person would call it by (tool, agent, workflow, chain); None: the span's own name serves."""
    framework: str | None = None
    agent_name: str | None = None
    tool_name: str | None = None
    tool_call_id: str | None = None

    # ---- the model call
    provider: str | None = None
    """As PostHog prices it, see `providers.py`."""
    provider_original: str | None = None
    request_model: str | None = None
    response_model: str | None = None
    response_id: str | None = None
    base_url: str | None = None
    request_url: str | None = None
    service_tier: str | None = None
    stream: bool | None = None
    time_to_first_token: float | None = None
    finish_reason: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    provider_metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    tools: list[dict[str, Any]] | None = None
    """Tool definitions in OpenAI's nested form."""
    instructions: str | None = None
    input: list[Message] | None = None
    output: list[Message] | None = None
    embedding_input: list[str] | None = None
    usage: Usage = field(default_factory=Usage)
    cost: Cost = field(default_factory=Cost)

    # ---- any step
    input_state: Any = MISSING
    output_state: Any = MISSING
    error: Failure | None = None
    cancelled: bool = False
    """The step was interrupted or cancelled on purpose, which is no error."""
    evaluations: list[Evaluation] = field(default_factory=list[Evaluation])

    # ---- for whom, and what else the user said
    identity: Identity = field(default_factory=Identity)
    trace_name: str | None = None
    prompt_name: str | None = None
    prompt_version: int | str | None = None
    tags: list[str] = field(default_factory=list[str])
    metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the user wrote about this step, under the user's own keys."""
    trace_metadata: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the user wrote about the whole trace."""
    documented: dict[str, Any] = field(default_factory=dict[str, Any])
    """`$…` inputs that a user may set on a span (cost and price overrides, feature flags), by their own names."""
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    """Attributes that nobody read, under their OTel names."""
    resource: dict[str, Any] = field(default_factory=dict[str, Any])

    # ---- for de-duplication
    dialect: str = ""
    """Name of the dialect that recognised the span first."""
    noise: bool = False
    """Plumbing that no person wants to read; its children move up."""
    pair_key: str | None = None
    """Set where the dialect declares that this span is half of a call: the other half (same scope) has the same key."""
    pair_time_ns: int | None = None
    """On the half that was written afterwards: when the call itself ended; the other half ended nearest to it."""
    graph_node: bool = False
    """A chain that is a node of a graph."""
    handed_out: bool = False
    """The span was ended when its stream was handed out; `end_ns` is the last that it noted of the stream itself."""
    private: bool = False
    """The span ran in privacy mode."""
