"""What vendors and apps write on every span of a trace, whoever made the span: read beside any dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_words import belongings_in, data_in
from otel_posthog_ai.record import AISpan

from . import atla, basalt, deepeval, humanloop, langfuse, latitude, paid, promptlayer, respan, unlisted_vendors


class Annotation(NamedTuple):
    """What is written on every span of a trace, whoever made the span."""

    is_among: Callable[[tuple[str, ...]], object]
    """Whether (or where) it is among the keys of a span."""
    read: Callable[[AISpan, Source], None]


def _marked(*marks: str) -> Callable[[tuple[str, ...]], bool]:
    """Whether a key has one of the marks in it."""
    return lambda keys: any(mark in key for mark in marks for key in keys)


ANNOTATIONS: tuple[Annotation, ...] = (
    Annotation(_marked("langfuse."), langfuse.read_trace),
    Annotation(_marked(*respan.NAMESPACES), respan.read_request_metadata),
    Annotation(_marked("atla.metadata"), atla.read_trace),
    Annotation(_marked("promptlayer.prompt.name"), promptlayer.read_prompt),
    Annotation(_marked(latitude.TAGS, latitude.METADATA), latitude.read_capture),
    Annotation(_marked(deepeval.TRACE_NAME, deepeval.TAGS, deepeval.METADATA), deepeval.read_trace),
    Annotation(_marked("basalt.meta", "basalt.prompt."), basalt.read_whose),
    Annotation(_marked("humanloop.file.type"), humanloop.read_prompt),
    Annotation(_marked("paid.sdk.version"), paid.read_customer),
    Annotation(belongings_in, unlisted_vendors.read_whose),
    Annotation(data_in, unlisted_vendors.read_data_of_its_own),
)


def annotations_of(keys: tuple[str, ...]) -> tuple[Callable[[AISpan, Source], None], ...]:
    """The readers of the annotations that a span with these keys may have."""
    return tuple(annotation.read for annotation in ANNOTATIONS if annotation.is_among(keys))
