"""The gRPC door: OTLP/gRPC, where `grpcio` is installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .answers import grpc_code, grpc_details, response_message
from .bodies import Refused
from .receiver import Receiver, Signal
from .whose import Whose

_THREADS = 4
_DETAILS = "grpc-status-details-bin"
_METHODS: dict[str, Signal] = {
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": "traces",
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export": "logs",
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": "metrics",
}


class GrpcDoor:
    """A gRPC server in threads of its own.

    Args:
        receiver: takes what was received.
        address: host and port, `127.0.0.1:4317`; port 0 takes a free one.
        most_bytes: largest message, unpacked.
        tls: files with certificate and key, PEM.

    Raises:
        OSError: it cannot listen there.
    """

    def __init__(self, receiver: Receiver, address: str, most_bytes: int, tls: tuple[Path, Path] | None = None) -> None:
        grpc: Any = importlib.import_module("grpc")  # only who opens this door needs it
        self._server = grpc.server(
            ThreadPoolExecutor(_THREADS, thread_name_prefix="otel-posthog-ai grpc"),
            handlers=[_Exports(grpc, receiver)],
            options=[("grpc.max_receive_message_length", most_bytes), ("grpc.so_reuseport", 0)],
        )
        try:
            if tls is None:
                self.port = int(self._server.add_insecure_port(address))
            else:
                certificate, key = (file.read_bytes() for file in tls)
                credentials = grpc.ssl_server_credentials([(key, certificate)])
                self.port = int(self._server.add_secure_port(address, credentials))
        except RuntimeError:
            raise OSError(0, "cannot listen for gRPC", address) from None
        self._server.start()

    def close(self, seconds: float) -> None:
        """Take no more calls; those under way have so long to end."""
        self._server.stop(seconds).wait()


class _Exports:
    """Finds the handler of a method. Messages stay bytes: the receiver parses them, as it does those of HTTP."""

    def __init__(self, grpc: Any, receiver: Receiver) -> None:
        self._receiver = receiver
        self._codes = {code.value[0]: code for code in grpc.StatusCode}
        self._handlers = {
            method: grpc.unary_unary_rpc_method_handler(self._taker(signal)) for method, signal in _METHODS.items()
        }

    def service(self, details: Any) -> Any:
        """The handler of a call, None for a method that is not OTLP's."""
        return self._handlers.get(details.method)

    def _taker(self, signal: Signal) -> Callable[[bytes, Any], bytes]:
        def take(body: bytes, context: Any) -> bytes:
            headers = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
            try:
                target = self._receiver.routes.by_key(headers)
                with self._receiver.room_for(len(body)):
                    receipt = self._receiver.receive(signal, "protobuf", body, target, Whose.of(headers))
            except Refused as refused:
                self._receiver.received.requests[signal, refused.status] += 1
                context.set_trailing_metadata(((_DETAILS, grpc_details(refused)),))
                context.abort(self._codes[grpc_code(refused)], refused.reason)
            self._receiver.received.requests[signal, 200] += 1
            answer: bytes = response_message(signal, receipt).SerializeToString()
            return answer

        return take
