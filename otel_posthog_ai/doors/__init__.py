"""What an app puts into its set-up: processor, exporter, propagator, log records, serverless, feedback, zero code."""
