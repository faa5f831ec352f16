#!/bin/sh
# The app is started by opentelemetry-instrument; everything else is environment.
cd "$(dirname "$0")" || exit 1
export OTEL_SERVICE_NAME=joke-service
export OTEL_TRACES_EXPORTER=posthog_ai
export OTEL_METRICS_EXPORTER=none
export OTEL_LOGS_EXPORTER=none
export OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=span_only
export POSTHOG_DEFAULT_DISTINCT_ID=joke-service
exec opentelemetry-instrument python main.py
