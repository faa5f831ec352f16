"""What PostHog should know: the names, shapes and rules of its events."""
