"""Weave's conversations: OpenTelemetry's `gen_ai.*`, with what machine they ran on below `weave.*`.

https://docs.wandb.ai/weave/
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.record import AISpan

NAME = "weave"
PREFIXES = ()
SCOPE = "weave.conversation"
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
LABELS = {SCOPE: "weave"}
# Key by key: what users set is also called `weave.*`, as its documentation has it.
PLUMBING = (
    "weave.client_version",
    "weave.source",
    "weave.sys_version",
    "weave.os_name",
    "weave.os_version",
    "weave.os_release",
)


def read(record: AISpan, source: Source) -> None:
    """What it says stands in `gen_ai.*`."""
