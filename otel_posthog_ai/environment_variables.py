"""Every environment variable that this package reads, one constant each.

Registered under the entry point group `opentelemetry_environment_variables`. "true" and "false" are also understood as
1/0, yes/no and on/off. An empty value counts as unset; a bad value is reported once and the default is used.

OpenTelemetry's own variables stand behind ours: `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, `OTEL_BSP_SCHEDULE_DELAY` and
`OTEL_BSP_MAX_QUEUE_SIZE` where ours are unset, `OTEL_SDK_DISABLED` beside `POSTHOG_DISABLED`. They must not be named
here: `opentelemetry-instrument` makes a command line option of every `OTEL_*` name in the modules of this group, and
fails for every app on the machine when two modules have the same one.
"""

POSTHOG_API_KEY = "POSTHOG_API_KEY"
"""The project API key, `phc_…`; without it there is one warning, and nothing is sent. Default: none."""

POSTHOG_HOST = "POSTHOG_HOST"
"""Where to post: `us`, `eu` or a URL; hosts of the web app are rewritten to ingestion hosts, a path prefix is kept.
Default: `https://us.i.posthog.com`."""

POSTHOG_FLUSH_AT = "POSTHOG_FLUSH_AT"
"""Waiting spans that start the work at once. Default: `20`; serverless `10`."""

POSTHOG_FLUSH_INTERVAL = "POSTHOG_FLUSH_INTERVAL"
"""Longest wait of a span before the work starts, in milliseconds. Default: `10000`; serverless `2000`."""

POSTHOG_SERVERLESS = "POSTHOG_SERVERLESS"
"""Whether the process may be frozen between two requests. Default: detected."""

POSTHOG_PRIVACY_MODE = "POSTHOG_PRIVACY_MODE"
"""Send no prompts, outputs, tool data or error texts. Default: `false`."""

POSTHOG_CAPTURE_MEDIA = "POSTHOG_CAPTURE_MEDIA"
"""Send base64 media; else each leaves the placeholder `[base64 image redacted]`. Default: `false`."""

POSTHOG_DEFAULT_DISTINCT_ID = "POSTHOG_DEFAULT_DISTINCT_ID"
"""The user where none is known; without it such events are anonymous. Default: none."""

POSTHOG_TIMEOUT = "POSTHOG_TIMEOUT"
"""One deadline for all tries of an export, in seconds. Default: `10`."""

POSTHOG_MAX_RETRIES = "POSTHOG_MAX_RETRIES"
"""Repeats of a failed request within the timeout. Default: `3`."""

POSTHOG_COMPRESSION = "POSTHOG_COMPRESSION"
"""`gzip` or `none`. Default: `gzip`."""

POSTHOG_LARGE_EVENTS = "POSTHOG_LARGE_EVENTS"
"""Events over 983,040 bytes: `auto` uses PostHog's AI route and shrinks where there is none; `shrink`; `ai_route` sends
every event there. Default: `auto`."""

POSTHOG_SPOOL_DIRECTORY = "POSTHOG_SPOOL_DIRECTORY"
"""A directory that keeps unsent events across crashes and restarts; without it they wait in memory only. Default:
none."""

POSTHOG_BAGGAGE_KEYS = "POSTHOG_BAGGAGE_KEYS"
"""Baggage keys that may set user, session and properties: a list, or a text with commas. Default: none."""

POSTHOG_DEDUPLICATE = "POSTHOG_DEDUPLICATE"
"""Make one generation of the spans that report one model call. Default: `true`."""

POSTHOG_CHAIN_SPANS = "POSTHOG_CHAIN_SPANS"
"""`all`, or `graph`: only graph nodes, agents, tools, retrievers and model calls. Default: `all`."""

POSTHOG_COSTS = "POSTHOG_COSTS"
"""`span` passes a cost on the span through; `posthog` leaves it out, and PostHog computes all. Default: `span`."""

POSTHOG_OUTBOX_BYTES = "POSTHOG_OUTBOX_BYTES"
"""Most bytes of events that wait to be sent. Default: `33554432`."""

POSTHOG_OUTBOX_SECONDS = "POSTHOG_OUTBOX_SECONDS"
"""Longest time that a process tries to send an event, in seconds. Default: `3600`."""

POSTHOG_DELIVER_ON_SIGTERM = "POSTHOG_DELIVER_ON_SIGTERM"
"""Deliver what is owed before SIGTERM ends the process, where nobody else handles it. Default: `true`."""

POSTHOG_DISABLED = "POSTHOG_DISABLED"
"""Read nothing and send nothing. Default: `false`."""
