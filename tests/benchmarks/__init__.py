"""What the plugin costs, beside PostHog's own processor and the OTLP exporter: `python -m tests.benchmarks`."""
