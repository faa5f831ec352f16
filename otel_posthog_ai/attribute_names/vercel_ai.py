"""Attributes of the Vercel AI SDK that more than its dialect reads."""

AI_MODEL_ID = "ai.model.id"
