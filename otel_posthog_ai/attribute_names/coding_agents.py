"""What Claude Code, Codex and Gemini CLI say alike on spans and in log records."""

from __future__ import annotations

CONVERSATION_ID = "conversation.id"
INSTALLATION_ID = "installation.id"
