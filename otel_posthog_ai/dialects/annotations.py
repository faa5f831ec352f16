"""What vendors and apps write on every span of a trace, whoever made the span: read beside any dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_words import belongings_in, data_in
from otel_posthog_ai.record import AISpan

from . import DECLARED, load, unlisted_vendors

Annotate = Callable[[AISpan, Source], None]


class _Annotating(Protocol):
    """A dialect that declares `ANNOTATIONS`."""

    def annotate(self, record: AISpan, source: Source) -> None: ...


_ANNOTATING = tuple(each for each in DECLARED if each.annotations)
# Found by the words of the keys.
_BY_WORDS: tuple[tuple[Callable[[tuple[str, ...]], object], Annotate], ...] = (
    (belongings_in, unlisted_vendors.read_whose),
    (data_in, unlisted_vendors.read_data_of_its_own),
)


def annotations_of(keys: tuple[str, ...]) -> tuple[Annotate, ...]:
    """The readers of the annotations that a span with these keys may have."""
    declared = [
        cast("_Annotating", load(each.name)).annotate
        for each in _ANNOTATING
        if any(mark in key for mark in each.annotations for key in keys)
    ]
    return (*declared, *(read for are_among, read in _BY_WORDS if are_among(keys)))
