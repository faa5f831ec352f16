"""The options as a type checker and an editor see them; `settings.OPTIONS` is what they are.

None and "" leave an option unset. Each one's meaning, unit and default stands in the docstring of
`PostHogSpanExporter`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict

from opentelemetry.sdk.trace import ReadableSpan


class Options(TypedDict, total=False):
    """What both doors take."""

    privacy_mode: bool | None
    capture_media: bool | None
    default_distinct_id: str | None
    timeout: float | None
    max_retries: int | None
    compression: Literal["gzip", "none"] | None
    large_events: Literal["auto", "shrink", "ai_route"] | None
    spool_directory: str | os.PathLike[str] | None
    baggage_keys: str | Sequence[str] | None
    deduplicate: bool | None
    chain_spans: Literal["all", "graph"] | None
    costs: Literal["span", "posthog"] | None
    outbox_bytes: int | None
    outbox_seconds: float | None
    deliver_on_sigterm: bool | None
    mask: str | Sequence[str] | Callable[[str, Any], Any] | None
    before_send: Callable[[dict[str, Any]], dict[str, Any] | None] | None
    span_filter: Callable[[ReadableSpan], bool] | None
    properties: Mapping[str, Any] | str | Sequence[str] | None
    disabled: bool | None


class ExporterOptions(Options, total=False):
    """What `PostHogSpanExporter` takes beside `api_key` and `host`."""

    flush_at: int | None
    flush_interval_millis: int | None
    max_queue_size: int | None
    serverless: bool | None


class ProcessorOptions(Options, total=False):
    """What `PostHogSpanProcessor` takes beside the options of its queue."""

    api_key: str | None
    host: str | None
