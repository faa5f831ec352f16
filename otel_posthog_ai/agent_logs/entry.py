"""A log record of an agent on its way to become a span: with its resource, held with the rest of its conversation."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

from opentelemetry.sdk.resources import Resource

from otel_posthog_ai.reading.source import Occurrence

from .conventions import Convention, Role, convention_of, first_of


class AgentEntry(NamedTuple):
    """One record, and what it is."""

    convention: Convention
    role: Role
    session: str
    prompt: str | None
    trace_id: int
    """Of the spans around it, where the agent wrote spans, too; else 0."""
    resource: Resource
    scope: str
    scope_version: str | None
    record: Occurrence

    @property
    def holding_id(self) -> int:
        """Of the trace to hold it with: where it names none, one for all records of its prompt or conversation."""
        return self.trace_id or derived_id(16, self.scope.split(".")[0], self.session, self.prompt or "")


def agent_entry(
    trace_id: int, scope: str, scope_version: str | None, resource: Resource, record: Occurrence
) -> AgentEntry | None:
    """The entry of a log record; None where it is none of an agent, or says nothing of a conversation."""
    convention = convention_of(scope)
    role = convention.role_of(record) if convention is not None else None
    if convention is None or role is None:
        return None
    session = first_of(record.attributes, convention.session)
    if session is None:
        return None
    prompt = first_of(record.attributes, convention.prompt)
    return AgentEntry(convention, role, session, prompt, trace_id, resource, scope, scope_version, record)


def derived_id(size: int, *of: object) -> int:
    """An id of so many bytes that is the same wherever and whenever it is derived of the same."""
    text = "\0".join(map(str, of))
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=size).digest(), "big") or 1
