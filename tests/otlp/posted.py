"""OTLP/JSON documents as the requests of OTLP/HTTP, in both forms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .written import protobuf_spelling

CONTENT_TYPES = {"protobuf": "application/x-protobuf", "json": "application/json"}


def bodies(request: dict[str, Any], form: str) -> Iterator[tuple[str, bytes]]:
    """Signal and body of each OTLP/HTTP request that an OTLP/JSON document is, in one of two forms."""
    for signal, part in (("traces", "resourceSpans"), ("logs", "resourceLogs")):
        if part in request:
            document = {part: request[part]}
            yield signal, json.dumps(document).encode() if form == "json" else protobuf(signal, document)


def protobuf(signal: str, document: dict[str, Any]) -> bytes:
    """An OTLP/JSON request as its protobuf bytes."""
    message = ExportTraceServiceRequest() if signal == "traces" else ExportLogsServiceRequest()
    body: bytes = ParseDict(protobuf_spelling(document), message).SerializeToString()
    return body
