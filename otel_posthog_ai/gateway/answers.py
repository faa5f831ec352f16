"""What a sender is told, in the form that it speaks."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from .bodies import Refused
from .receiver import Form, Receipt, Signal

# Without type stubs, as they come.
_Status: Any = importlib.import_module("google.rpc.status_pb2").Status
_RetryInfo: Any = importlib.import_module("google.rpc.error_details_pb2").RetryInfo


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


_RESPONSES: Mapping[Signal, tuple[Any, str, str]] = {
    "traces": (ExportTraceServiceResponse, "rejected_spans", "rejectedSpans"),
    "logs": (ExportLogsServiceResponse, "rejected_log_records", "rejectedLogRecords"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points", "rejectedDataPoints"),
}
_CONTENT_TYPES: Mapping[Form, str] = {"protobuf": "application/x-protobuf", "json": "application/json"}
# HTTP status → code of gRPC, as `google.rpc.Code` pairs them.
_CODES = {400: 3, 401: 16, 408: 4, 413: 8, 415: 3, 429: 8, 503: 14}


def response_message(signal: Signal, receipt: Receipt) -> Any:
    """The protobuf message that says what was taken."""
    message, rejected, _ = _RESPONSES[signal]
    answer = message()
    if receipt.rejected or receipt.reason:
        setattr(answer.partial_success, rejected, receipt.rejected)
        answer.partial_success.error_message = receipt.reason
    return answer


def success(signal: Signal, form: Form, receipt: Receipt) -> Answer:
    """Everything was taken, or all but `receipt.rejected`."""
    if form == "protobuf":
        body: bytes = response_message(signal, receipt).SerializeToString()
    else:
        document: dict[str, Any] = {}
        if receipt.rejected or receipt.reason:
            # 64-bit integers are texts in JSON.
            partial = {_RESPONSES[signal][2]: str(receipt.rejected), "errorMessage": receipt.reason}
            document["partialSuccess"] = partial
        body = json.dumps(document).encode()
    return Answer(200, body, _CONTENT_TYPES[form])


def grpc_code(refused: Refused) -> int:
    """The code of gRPC for a refusal."""
    return _CODES.get(refused.status, 2)


def grpc_details(refused: Refused) -> bytes:
    """The same with what HTTP says by `Retry-After`, as gRPC carries it in the trailer `grpc-status-details-bin`."""
    status = _Status(code=grpc_code(refused), message=refused.reason)
    if refused.retry_after is not None:
        wait = _RetryInfo()
        wait.retry_delay.seconds = refused.retry_after
        status.details.add().Pack(wait)
    details: bytes = status.SerializeToString()
    return details


def failure(form: Form, refused: Refused) -> Answer:
    """Nothing was taken."""
    code = grpc_code(refused)
    if form == "protobuf":
        body: bytes = _Status(code=code, message=refused.reason).SerializeToString()
    else:
        body = json.dumps({"code": code, "message": refused.reason}).encode()
    headers = {} if refused.retry_after is None else {"retry-after": str(refused.retry_after)}
    return Answer(refused.status, body, _CONTENT_TYPES[form], headers)
