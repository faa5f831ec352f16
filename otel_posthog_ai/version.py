"""Version of otel-posthog-ai, read by the build and sent as `$lib_version`."""

__version__ = "0.1.0"
