"""OTLP as SDKs and Collectors send it: read into spans and log records, and held until traces are whole."""
