"""The same faults and endings for this plugin, for PostHog's own exporter and for the OTLP exporter."""
