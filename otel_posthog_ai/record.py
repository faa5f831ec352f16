"""What a span says, in one neutral record: the only thing that the dialects write and the events room reads.

Nothing here knows PostHog, and nothing here knows an attribute's name. Nothing has a `repr` that shows what it holds:
that belongs into no log line.

The classes are written out: `dataclass` would make them anew in every process, for a tenth of a cold start.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final, Literal

Kind = Literal["generation", "embedding", "span"]

SpanType = Literal[
    "agent", "workflow", "chain", "task", "prompt", "tool", "retriever", "reranker", "guardrail", "handoff", "mcp",
    "evaluator", "speech", "transcription", "custom",
]  # fmt: skip

SPEECH: Final = frozenset({"speech", "transcription"})
"""Steps that are calls of a model, too, but not of one that PostHog counts: they keep its name and provider."""

Message = dict[str, Any]
"""A message in the OpenAI chat shape; `messages.py` says which parts there are."""


class _Missing:
    """The type of MISSING: no value was recorded, which None, "" and 0 would not say."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


USAGE_FLAGS = frozenset({"as_provider_counts", "input_excludes_cache", "output_excludes_reasoning"})
"""What a `Usage` says of its counts, and not as one of them."""


class Usage:
    """Token counts as the span states them; None is unknown, 0 is zero."""

    __slots__ = (
        "as_provider_counts", "audio_input", "audio_output", "cache_read", "cache_read_audio", "cache_write",
        "cache_write_1h", "cache_write_5m", "image_input", "image_output", "input", "input_excludes_cache", "output",
        "output_excludes_reasoning", "reasoning", "text_input", "total", "web_searches",
    )  # fmt: skip

    def __init__(self) -> None:
        self.input: float | None = None
        self.output: float | None = None
        self.total: float | None = None
        self.cache_read: float | None = None
        self.cache_write: float | None = None
        self.cache_write_5m: float | None = None
        self.cache_write_1h: float | None = None
        self.reasoning: float | None = None
        self.input_excludes_cache: bool | None = None
        """True where `input` leaves out what was read from and written to the cache; None where the dialect cannot
        tell."""
        self.as_provider_counts: bool | None = None
        """True where the counts have the names of a provider that counts the cache apart, whoever answered."""
        self.output_excludes_reasoning: bool | None = None
        """True where `output` leaves out the reasoning tokens; None where only arithmetic can tell."""
        self.audio_input: float | None = None
        self.audio_output: float | None = None
        self.image_input: float | None = None
        self.image_output: float | None = None
        self.text_input: float | None = None
        self.cache_read_audio: float | None = None
        self.web_searches: float | None = None


class Cost:
    """What the call cost in USD, where the span states it."""

    __slots__ = ("from_cache", "input", "output", "total")

    def __init__(self) -> None:
        self.from_cache: bool = False
        """The reply came out of a cache of the caller's own: where 0 is stated, it cost nothing."""
        self.input: float | None = None
        self.output: float | None = None
        self.total: float | None = None


class Failure:
    """Why a call or step failed."""

    __slots__ = ("message", "status", "type")

    def __init__(self, type: str | None = None, message: str | None = None, status: int | None = None) -> None:
        self.type = type
        self.message = message
        self.status = status
        """HTTP status of the provider's answer, where it is known; never invented."""


class Identity:
    """Who and which conversation; `incidental` values count only where no explicit one is found further up."""

    __slots__ = ("groups", "incidental_session", "incidental_user", "replay_session", "session", "user")

    def __init__(self) -> None:
        self.user: str | None = None
        self.session: str | None = None
        self.incidental_user: str | None = None
        self.incidental_session: str | None = None
        self.replay_session: str | None = None
        self.groups: dict[str, str] | None = None

    def names_nobody(self) -> bool:
        """Whether it says nothing at all."""
        return _all_of_identity(self) == _NOBODY

    def complete(self, other: Identity) -> None:
        """Take what only `other` says."""
        for field in self.__slots__:
            if getattr(self, field) is None:
                setattr(self, field, getattr(other, field))


_all_of_identity = attrgetter(*Identity.__slots__)
_NOBODY = (None,) * len(Identity.__slots__)


class Evaluation:
    """One result of an evaluation that was recorded on the span."""

    __slots__ = ("explanation", "label", "name", "response_id", "score", "time_ns")

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.score: float | None = None
        self.label: str | None = None
        self.explanation: str | None = None
        self.response_id: str | None = None
        self.time_ns: int | None = None


class AISpan:
    """One AI operation. Times in nanoseconds since 1970 UTC, durations in seconds, money in USD.

    A dialect sets a field only where it is still unset: first hit wins per field, not per span.
    """

    __slots__ = (
        "account", "agent_name", "attributes", "base_url", "cancelled", "chunk", "cost", "dialect", "documented",
        "embedding_input", "end_ns", "error", "evaluations", "finish_reason", "framework", "graph_node", "handed_out",
        "identity", "input", "input_state", "instructions", "kind", "lends", "lends_usage", "logged", "may_be_sum",
        "metadata", "name", "noise", "operation", "output", "output_state", "pair_key", "pair_time_ns", "parameters",
        "parent_id", "private", "prompt_name", "prompt_version", "provider", "provider_metadata",
        "provider_original", "request_model", "request_url", "resource", "response_id", "response_model", "scope",
        "scope_version", "service_tier", "span_id", "span_name", "span_type", "spoke_until_ns", "start_ns", "stream",
        "sums_trace", "tags", "time_to_first_token", "tool_call_id", "tool_name", "tools", "trace_id", "trace_metadata",
        "trace_name", "unstated", "usage",
    )  # fmt: skip

    def __init__(
        self,
        *,
        trace_id: str,
        span_id: str,
        parent_id: str | None,
        start_ns: int,
        end_ns: int,
        span_name: str,
        scope: str,
        scope_version: str | None = None,
    ) -> None:
        # ---- the span itself
        self.trace_id = trace_id
        """32 hex digits."""
        self.span_id = span_id
        """16 hex digits."""
        self.parent_id = parent_id
        """16 hex digits of the direct parent, AI or not."""
        self.start_ns = start_ns
        self.end_ns = end_ns
        self.span_name = span_name
        self.scope = scope
        self.scope_version = scope_version

        # ---- what it is
        self.kind: Kind = "span"
        self.span_type: SpanType | None = None
        self.operation: str | None = None
        self.name: str | None = None
        """The name a person would call it by (tool, agent, workflow, chain); None: the span's own name serves."""
        self.framework: str | None = None
        self.agent_name: str | None = None
        self.tool_name: str | None = None
        self.tool_call_id: str | None = None

        # ---- the model call
        self.provider: str | None = None
        """As PostHog prices it, see `providers.py`."""
        self.provider_original: str | None = None
        self.request_model: str | None = None
        self.response_model: str | None = None
        self.response_id: str | None = None
        self.base_url: str | None = None
        self.request_url: str | None = None
        self.service_tier: str | None = None
        self.stream: bool | None = None
        self.time_to_first_token: float | None = None
        self.finish_reason: str | None = None
        self.parameters: dict[str, Any] = {}
        self.provider_metadata: dict[str, Any] = {}
        self.tools: list[dict[str, Any]] | None = None
        """Tool definitions in OpenAI's nested form."""
        self.instructions: str | None = None
        self.input: list[Message] | None = None
        self.output: list[Message] | None = None
        self.embedding_input: list[str] | None = None
        self.usage = Usage()
        self.cost = Cost()

        # ---- any step
        self.input_state: Any = MISSING
        self.output_state: Any = MISSING
        self.error: Failure | None = None
        self.cancelled: bool = False
        """The step was interrupted or cancelled on purpose, which is no error."""
        self.evaluations: Sequence[Evaluation] = ()

        # ---- for whom, and what else the user said
        self.identity = Identity()
        self.trace_name: str | None = None
        self.prompt_name: str | None = None
        self.prompt_version: int | str | None = None
        self.tags: Sequence[str] = ()
        self.metadata: dict[str, Any] = {}
        """What the user wrote about this step, under the user's own keys."""
        self.trace_metadata: dict[str, Any] = {}
        """What the user wrote about the whole trace."""
        self.documented: dict[str, Any] = {}
        """`$…` inputs that a user may set on a span (cost and price overrides, feature flags), by their own names."""
        self.attributes: dict[str, Any] = {}
        """Attributes that nobody read, under their OTel names."""
        self.resource: dict[str, Any] = {}

        # ---- for de-duplication
        self.dialect: str = ""
        """Name of the dialect that recognised the span first."""
        self.may_be_sum: bool = False
        """A call unless there are calls below it that count what it counts: then it is a step around them."""
        self.sums_trace: bool = False
        """It counts the calls of its trace together, wherever they stand: no call where one of them is counted."""
        self.unstated: bool = False
        """A call by counts or a vendor's word alone: a step around calls of its own scope that say that they are."""
        self.lends: bool = False
        """A step that knows of the call below it what the call's own span does not say: it stands in this record."""
        self.lends_usage: bool = False
        """Its usage, too: the call counts only a part of it."""
        self.chunk: bool = False
        """A piece of the answer of the call around it, or a tool that this answer calls: no event of its own."""
        self.noise: bool = False
        """Plumbing that no person wants to read; its children move up."""
        self.logged: bool = False
        """It was made of log records: a span of the same writer may tell the same."""
        self.account: bool = False
        """It only counts a model's tokens, which another span of its scope may have reported as a call."""
        self.pair_key: str | None = None
        """Set where the dialect declares that this span is half of a call: the other half (same scope) has the same
        key."""
        self.pair_time_ns: int | None = None
        """On the half that was written afterwards: when the call itself ended; the other half ended nearest to it."""
        self.graph_node: bool = False
        """A chain that is a node of a graph."""
        self.handed_out: bool = False
        """The span was ended when its stream was handed out, and notes nothing of it: another span tells the rest."""
        self.spoke_until_ns: int | None = None
        """On a span that was ended when its stream was handed out: the last that it noted of the stream."""
        self.private: bool = False
        """The span ran in privacy mode."""

    @property
    def instrumentor(self) -> str:
        """Who tells it: the scope or, where that was lost on the way (ddtrace exports none), the dialect."""
        return self.scope or self.dialect


def is_call(record: AISpan) -> bool:
    """Whether the record reports a call of a model."""
    return record.kind != "span"


def is_counted(record: AISpan) -> bool:
    """Whether the record says how many tokens went in or came out."""
    return record.usage.input is not None or record.usage.output is not None
