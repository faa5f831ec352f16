"""Names of attributes that several modules read, one module a convention.

Current names that are stable stand in `opentelemetry.semconv.attributes` and are imported from there. Those that are
not (the GenAI ones among them) are kept here, as OpenTelemetry asks of libraries: they may leave that package, and a
test compares them with it. A name that one module alone reads stands in that module.
"""
