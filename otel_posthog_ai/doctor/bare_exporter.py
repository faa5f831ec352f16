"""A check of bare exporters: whether they stand behind a processor that makes the app wait for PostHog."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from .finding import Finding
from .in_process import SetUp


def check_bare_exporters(set_up: SetUp) -> Iterator[Finding]:
    """Exporters of ours behind a SimpleSpanProcessor."""
    mine = {id(each) for each in set_up.exporters}
    # By its type: to ask an object for its class may run code of the app.
    simple = [each for each in gc.get_objects() if issubclass(type(each), SimpleSpanProcessor)]
    if any(id(getattr(each, "span_exporter", None)) in mine for each in simple):
        yield Finding(
            "processor",
            "error",
            "a PostHogSpanExporter stands behind a SimpleSpanProcessor: every AI call of the app waits until PostHog "
            "has answered, and each span travels alone, before its parent is known",
            "provider.add_span_processor(PostHogSpanProcessor()), or put the exporter behind a BatchSpanProcessor",
        )
