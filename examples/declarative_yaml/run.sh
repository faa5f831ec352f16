#!/bin/sh
# otel.yaml says what happens to spans; opentelemetry-instrument reads it and finds the instrumentors.
cd "$(dirname "$0")" || exit 1
export OTEL_CONFIG_FILE=otel.yaml
export OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=span_only
exec opentelemetry-instrument python main.py
