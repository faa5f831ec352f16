"""Checks of the functions that the app has given: whether they leave anything of a trace."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from otel_posthog_ai.settings import Settings

from .finding import Finding
from .patient import Patient
from .trial import Trial


def check_functions(patient: Patient) -> Iterator[Finding]:
    """Functions that drop every event of a made-up trace. It is not sent."""
    span_filter, before_send = patient.settings.span_filter, patient.settings.before_send
    if span_filter is not None and not _trial(patient.settings, span_filter=span_filter).events:
        yield Finding(
            "functions",
            "warning",
            "span_filter lets no span of a made-up trace through (scope otel_posthog_ai.doctor)",
            "if that is not meant: it alone decides what is exported, so it has to give True for all that is to go",
        )
    if before_send is not None and not _trial(patient.settings, before_send=before_send).events:
        cause = f"before_send drops every event of a made-up trace: {_outcome(before_send, _trial(patient.settings))}"
        yield Finding("functions", "error", cause, "give the event back (`return event`); None drops it")


def _trial(settings: Settings, **function: Any) -> Trial:
    """A made-up trace under these settings and, of the app's functions, one or none."""
    return Trial(Settings(**{**vars(settings), "span_filter": None, "before_send": None, **function}))


def _outcome(before_send: Callable[[Any], Any], trial: Trial) -> str:
    try:
        given = before_send(json.loads(trial.events[0].body))
    except Exception as error:
        return f"it fails ({type(error).__name__})"
    return "it gives None" if given is None else f"it gives no event, but a {type(given).__name__}"
