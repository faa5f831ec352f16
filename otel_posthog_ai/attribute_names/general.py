"""OpenTelemetry's names for what is not special to AI, as far as they are not stable: https://opentelemetry.io/docs/specs/semconv/registry/"""

from __future__ import annotations

ENDUSER_ID = "enduser.id"
ERROR_MESSAGE = "error.message"
EVENT_NAME = "event.name"
HTTP_STATUS_CODE = "http.status_code"
SERVICE_INSTANCE_ID = "service.instance.id"
SESSION_ID = "session.id"
USER_ID = "user.id"
