"""What Pydantic writes in Logfire and in Pydantic AI alike: https://logfire.pydantic.dev/docs/"""

from __future__ import annotations

LOGFIRE_MSG_TEMPLATE = "logfire.msg_template"
OPERATION_COST = "operation.cost"
