"""Every environment variable that this package reads, one constant each.

Registered under the entry point group `opentelemetry_environment_variables`. "true" and "false" are also understood as
1/0, yes/no and on/off. An empty value counts as unset; a bad value is reported once and the default is used.

OpenTelemetry's own variables stand behind ours: `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, `OTEL_BSP_SCHEDULE_DELAY` and
`OTEL_BSP_MAX_QUEUE_SIZE` where ours are unset, `OTEL_SDK_DISABLED` beside `POSTHOG_DISABLED`. They must not be named
here: `opentelemetry-instrument` makes a command line option of every `OTEL_*` name in the modules of this group, and
fails for every app on the machine when two modules have the same one.
"""

POSTHOG_API_KEY = "POSTHOG_API_KEY"
"""The project API key (`phc_…`). Without it the exporter warns once and stays inert."""

POSTHOG_HOST = "POSTHOG_HOST"
"""Where to post: `us`, `eu` or a URL. Default `https://us.i.posthog.com`."""

POSTHOG_FLUSH_AT = "POSTHOG_FLUSH_AT"
"""How many waiting spans start the work at once. Default 20; serverless 10."""

POSTHOG_FLUSH_INTERVAL = "POSTHOG_FLUSH_INTERVAL"
"""Longest wait of a span before the work starts, in milliseconds. Default 10000; serverless 2000."""

POSTHOG_SERVERLESS = "POSTHOG_SERVERLESS"
"""Whether the process may be frozen between requests. Default: detected."""

POSTHOG_PRIVACY_MODE = "POSTHOG_PRIVACY_MODE"
"""When true, no prompt, output, tool data or error text leaves the process. Default false."""

POSTHOG_CAPTURE_MEDIA = "POSTHOG_CAPTURE_MEDIA"
"""When true, base64 images, audio and files are sent instead of a placeholder. Default false."""

POSTHOG_DEFAULT_DISTINCT_ID = "POSTHOG_DEFAULT_DISTINCT_ID"
"""The user of events for which no user is known. Default: none, the event is anonymous."""

POSTHOG_TIMEOUT = "POSTHOG_TIMEOUT"
"""Seconds for all tries of one export together. Default 10."""

POSTHOG_MAX_RETRIES = "POSTHOG_MAX_RETRIES"
"""How often a failed request is repeated within the timeout. Default 3."""

POSTHOG_COMPRESSION = "POSTHOG_COMPRESSION"
"""`gzip` (default) or `none`."""

POSTHOG_LARGE_EVENTS = "POSTHOG_LARGE_EVENTS"
"""What happens to an event over 983,040 bytes: `auto` (default; PostHog's AI route, else shrink), `shrink`, `ai_route`
(every event goes there)."""

POSTHOG_SPOOL_DIRECTORY = "POSTHOG_SPOOL_DIRECTORY"
"""A directory that keeps unsent events across crashes and restarts. Default: none, memory only."""

POSTHOG_BAGGAGE_KEYS = "POSTHOG_BAGGAGE_KEYS"
"""Comma-separated baggage keys that may set user, session and properties. Default: none."""

POSTHOG_DEDUPLICATE = "POSTHOG_DEDUPLICATE"
"""When true (default), spans that report the same model call become one generation."""

POSTHOG_CHAIN_SPANS = "POSTHOG_CHAIN_SPANS"
"""`all` (default) or `graph`: only graph nodes, agents, tools, retrievers and generations."""

POSTHOG_COSTS = "POSTHOG_COSTS"
"""`span` (default): a cost on the span is passed through; `posthog`: PostHog computes every cost."""

POSTHOG_OUTBOX_BYTES = "POSTHOG_OUTBOX_BYTES"
"""Most bytes of encoded events that wait in memory to be sent. Default 33554432 (32 MiB)."""

POSTHOG_OUTBOX_SECONDS = "POSTHOG_OUTBOX_SECONDS"
"""Longest time an encoded event waits to be sent, in seconds. Default 3600."""

POSTHOG_DISABLED = "POSTHOG_DISABLED"
"""When true, nothing is read and nothing is sent. Default false."""
