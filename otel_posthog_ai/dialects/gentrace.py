"""Gentrace: what a traced function took and gave stands in two events of its span, `gentrace.fn.args` and `.output`.

https://docs.gentrace.ai/
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.reading.kind_words import CUSTOM
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.values import is_list, is_mapping
from otel_posthog_ai.record import AISpan

NAME = "gentrace"
SCOPE = "gentrace"
PREFIXES = ()
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
PLUMBING = ("gentrace.",)
LABELS = {SCOPE: "gentrace-py"}
_ARGUMENTS, _OUTPUT = "gentrace.fn.args", "gentrace.fn.output"


def read(record: AISpan, source: Source) -> None:
    weigh(record, source, CUSTOM)
    for event in source.events:
        if event.name == _ARGUMENTS and unset(record.input_state):
            record.input_state = _only(read_state(event.attributes.get("args")))
        elif event.name == _OUTPUT and unset(record.output_state):
            record.output_state = read_state(event.attributes.get("output"), "assistant")


def _only(state: Any) -> Any:
    """The arguments by their names, which stand in a list of one."""
    return state[0] if is_list(state) and len(state) == 1 and is_mapping(state[0]) else state
