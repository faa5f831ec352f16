#!/bin/sh
# traces.jsonl is what the Collector's file exporter wrote. A second run sends the same events: nothing is doubled.
cd "$(dirname "$0")" || exit 1
exec python -m otel_posthog_ai replay traces.jsonl --to posthog
