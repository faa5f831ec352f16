"""What vendors and apps write on every span of a trace, whoever made the span: read beside any dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_words import belongings_in, data_in
from otel_posthog_ai.record import AISpan

from . import DECLARED, load

Annotate = Callable[[AISpan, Source], None]


class _Annotating(Protocol):
    """A dialect that declares `ANNOTATIONS`."""

    def annotate(self, record: AISpan, source: Source) -> None: ...


_ANNOTATING = tuple(each for each in DECLARED if each.annotations)
_BY_WORDS = "unlisted_vendors"


def annotations_of(keys: tuple[str, ...]) -> tuple[Annotate, ...]:
    """The readers of the annotations that a span with these keys may have."""
    names = [each.name for each in _ANNOTATING if any(mark in key for mark in each.annotations for key in keys)]
    if belongings_in(keys) or data_in(keys):
        names.append(_BY_WORDS)
    return tuple(cast("_Annotating", load(name)).annotate for name in names)
