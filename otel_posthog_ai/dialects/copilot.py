"""GitHub Copilot's CLI: agents, calls and tools by `gen_ai`, and what it keeps for itself by `github.copilot.*`.

https://docs.github.com/copilot/how-tos/copilot-cli (`copilot help monitoring`) ; a call after the first has only the
messages that are new in it.
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.record import AISpan

NAME = "copilot"
_OWN = "github.copilot."
PREFIXES = (_OWN,)
SIGNS = Signs(keys_begin=(_OWN,))
AI_SCOPES = ("github.copilot",)
FRAMEWORK = "github-copilot"
# What a tool was asked for stands in its arguments; what it ran in says nothing of the run.
PLUMBING = (
    "github.copilot.agent.", "github.copilot.context.", "github.copilot.tool.", "github.copilot.turn_id",
    "github.copilot.turn_count", "github.copilot.interaction_id", "github.copilot.initiator",
    "github.copilot.server_duration", "process.executable.name", "process.executable.path", "process.exit.code",
)  # fmt: skip
COST = "github.copilot.cost"


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    if source.attributes.get(COST) == 0:
        source.take(COST)  # premium requests that were used, which only GitHub's own models take
