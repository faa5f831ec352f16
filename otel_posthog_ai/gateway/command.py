"""`python -m otel_posthog_ai gateway`: the command line."""

from __future__ import annotations

import argparse
import importlib.util
import math
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_posthog_ai.listening import LOOPBACK, cannot_listen, port
from otel_posthog_ai.terminal import Terminal

if TYPE_CHECKING:
    from .gateway import Gateway
    from .grpc_door import GrpcDoor

DEFAULT_PORT, DEFAULT_GRPC_PORT = 4318, 4317
_MEGABYTE = 1024 * 1024
_NEEDED = {"opentelemetry.proto": "opentelemetry-proto", "google.rpc": "googleapis-common-protos", "uvicorn": "uvicorn"}
_BACKLOG = 2048
_SWITCH_SECONDS = 0.001
"""How long one thread may keep the others from running: requests are answered while events are made."""

_BOUNDS: tuple[tuple[str, float, str, str], ...] = (
    ("--quiet-seconds", 10.0, "S", "a trace leaves when nothing new came for so long"),
    ("--unfinished-seconds", 120.0, "S", "or for so long, while a parent of its spans has not come"),
    ("--longest-seconds", 300.0, "S", "or this long after its first span"),
    ("--memory", 256.0, "MB", "for requests and held traces; beyond it requests get 503"),
    ("--request", 16.0, "MB", "largest request, unpacked"),
    ("--drain-seconds", 25.0, "S", "after SIGTERM all that is held is sent within this time"),
)

_EPILOG = """\
It takes what SDKs of any language and OpenTelemetry Collectors export (OTLP/HTTP, protobuf or JSON), holds each trace
until it is whole, and sends the events that it would have become live. Any path that ends in /v1/traces or /v1/logs is
taken, and PostHog's own /i/v0/ai/otel.

Where to: POSTHOG_API_KEY and POSTHOG_HOST; the options of the exporter are taken from the POSTHOG_* variables. Several
projects stand in a file (--config). A request names its project by `Authorization: Bearer phc_…`; a key that is not
configured gets 401.

exit code: 0 everything was delivered; 1 something was not (with --spool-directory it waits there); 2 it did not start
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 when everything was delivered at the end, 1 when something was not, 2 when it did not start.
    """
    options = _parser().parse_args(argv)
    errors = Terminal.for_errors()
    missing = [package for module, package in _NEEDED.items() if not _is_there(module)]
    if missing:
        return _refuse(errors, f"missing: {', '.join(missing)}. Run: pip install 'otel-posthog-ai[gateway]'")
    from .configuration import Unusable, routes
    from .journal import Locked

    try:
        ways, targets = routes(options.config, options.spool_directory, key_needed=options.require_key)
        return _run(options, ways, targets)
    except (Unusable, Locked) as error:
        return _refuse(errors, str(error))
    except OSError as error:
        return _refuse(errors, f"{error.filename or options.spool_directory}: {error.strerror or error}")


def _refuse(errors: Terminal, why: str) -> int:
    errors.line(errors.style(f"gateway: {why}", "red"))
    return 2


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m otel_posthog_ai gateway",
        description="Receive OTLP from any language and any Collector, and send it to PostHog as AI events.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    listen = parser.add_argument_group("where it listens")
    listen.add_argument("--host", default=LOOPBACK, help="address (default %(default)s; 0.0.0.0 for all)")
    listen.add_argument("--port", type=port, default=DEFAULT_PORT, help="OTLP/HTTP (default %(default)s, 0: any)")
    listen.add_argument(
        "--grpc-port", type=port, default=DEFAULT_GRPC_PORT, help="OTLP/gRPC, with grpcio (default %(default)s, 0: any)"
    )
    listen.add_argument("--no-grpc", action="store_true", help="take no OTLP/gRPC")
    listen.add_argument("--tls-certificate", type=Path, metavar="FILE", help="PEM; HTTPS instead of HTTP")
    listen.add_argument("--tls-key", type=Path, metavar="FILE", help="PEM")
    listen.add_argument("--require-key", action="store_true", help="refuse requests that bring no project key")
    listen.add_argument("--config", type=Path, metavar="FILE", help="JSON with more projects")
    hold = parser.add_argument_group("what it holds")
    for name, default, unit, about in _BOUNDS:
        hold.add_argument(name, type=_amount, default=default, metavar=unit, help=f"{about} (default %(default)s)")
    hold.add_argument(
        "--spool-directory",
        type=Path,
        metavar="DIR",
        help="keep everything on disk until it is delivered: nothing is lost if the process is killed",
    )
    return parser


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = 0.0
    if not 0 < amount < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return amount


def _run(options: argparse.Namespace, ways: Any, targets: Any) -> int:
    from otel_posthog_ai.otlp.garbage import seldom_collected

    from .app import Limits
    from .gateway import Gateway
    from .open_traces import Patience

    gateway = Gateway(
        ways,
        targets,
        spool_directory=options.spool_directory,
        patience=Patience(options.quiet_seconds, options.longest_seconds, options.unfinished_seconds),
        memory_bytes=int(options.memory * _MEGABYTE),
        drain_seconds=options.drain_seconds,
        limits=Limits(body_bytes=int(options.request * _MEGABYTE)),
    )
    sys.setswitchinterval(_SWITCH_SECONDS)
    # The server raises the signal again that ended it, for whoever started it: here nobody else is to die of it.
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        grpc_door = _grpc_door(options, gateway)
        if grpc_door is not None:
            gateway.doors.append(grpc_door)
        with seldom_collected():
            if not _serve(options, gateway, grpc_door):
                return 2
    finally:
        gateway.close()
    return 0 if gateway.delivered else 1


def _grpc_door(options: argparse.Namespace, gateway: Gateway) -> GrpcDoor | None:
    """The gRPC server, where it is wanted and can be had."""
    if options.no_grpc or not _is_there("grpc"):
        return None
    from .grpc_door import GrpcDoor

    tls = (options.tls_certificate, options.tls_key) if options.tls_certificate else None
    address = f"{options.host}:{options.grpc_port}"
    return GrpcDoor(gateway.receiver, address, int(options.request * _MEGABYTE), tls)


def _serve(options: argparse.Namespace, gateway: Gateway, grpc_door: GrpcDoor | None) -> bool:
    """Answer requests until a signal; whether it could listen."""
    import uvicorn

    from .gateway import GRACE_SECONDS

    out = Terminal()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                scheme = "https" if options.tls_certificate else "http"
                bound = self.servers[0].sockets[0].getsockname()[1]
                out.line(f"OTLP is taken at {scheme}://{options.host}:{bound}")
                if grpc_door is not None:
                    out.line(f"OTLP over gRPC: {options.host}:{grpc_door.port}")
                if gateway.recovered:
                    out.line(f"{gateway.recovered:,} requests of an earlier run were on disk and are taken up.")
                sys.stdout.flush()

    server = Server(
        uvicorn.Config(
            gateway.app,
            host=options.host,
            port=options.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_certfile=options.tls_certificate,
            ssl_keyfile=options.tls_key,
        )
    )
    try:
        listening = _listen(options.host, options.port)
    except OSError as error:
        Terminal.for_errors().line(cannot_listen(options.port, error, options.host))
        return False
    with listening:
        server.run(sockets=[listening])
    return server.started


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)
