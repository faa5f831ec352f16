"""An instrumentor that writes messages into log records instead of span attributes."""

from opentelemetry import trace
from opentelemetry._logs import SeverityNumber, get_logger
from opentelemetry.context import get_current

try:
    from opentelemetry._logs import LogRecord
except ImportError:
    from opentelemetry.sdk._logs import LogRecord

tracer = trace.get_tracer("app")
logger = get_logger("app")


def emit(name: str, body: dict[str, object]) -> None:
    here = trace.get_current_span().get_span_context()
    try:
        record = LogRecord(
            event_name=name, body=body, context=get_current(), severity_number=SeverityNumber.INFO, attributes={}
        )
    except TypeError:  # the oldest SDK takes the parts of the context instead
        record = LogRecord(
            body=body,
            attributes={"event.name": name},
            trace_id=here.trace_id,
            span_id=here.span_id,
            trace_flags=here.trace_flags,
            severity_number=SeverityNumber.INFO,
        )
    logger.emit(record)


call = {"gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o"}
with tracer.start_as_current_span("chat gpt-4o", attributes=call):
    emit("gen_ai.user.message", {"content": "hello"})
    emit("gen_ai.choice", {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}})
