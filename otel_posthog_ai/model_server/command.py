"""`python -m otel_posthog_ai model-server`: the stand-in in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import threading
from collections.abc import Sequence

from otel_posthog_ai.listening import cannot_listen, milliseconds, port
from otel_posthog_ai.model_server.server import ModelServer
from otel_posthog_ai.terminal import Terminal

_DEFAULT_PORT = 8765


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted.

    Returns:
        0 after Ctrl-C, 1 when the port is taken.
    """
    options = _parser().parse_args(argv)
    out = Terminal()
    try:
        server = ModelServer(options.port, latency=options.latency / 1000)
    except OSError as error:
        Terminal.for_errors().line(cannot_listen(options.port, error))
        return 1
    with server, contextlib.suppress(KeyboardInterrupt):
        out.line(f"Model server on {out.style(server.url, 'bold')}. Ctrl-C stops it.")
        out.line()
        out.line(f"  OpenAI     OPENAI_BASE_URL={server.url}/v1 OPENAI_API_KEY=local")
        out.line(f"  Anthropic  ANTHROPIC_BASE_URL={server.url} ANTHROPIC_API_KEY=local")
        out.line(f"  Gemini     base_url={server.url}, api_key=local")
        out.line()
        out.line(
            "A prompt with ERR429, ERR500 or ERR401 fails like that; FLAKY500 fails once; ERRSTREAM breaks a stream."
        )
        threading.Event().wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m otel_posthog_ai model-server",
        description="A local server that speaks the APIs of OpenAI, Anthropic and Gemini with made-up answers.",
    )
    parser.add_argument(
        "--port", type=port, default=_DEFAULT_PORT, help="port on 127.0.0.1; 0 takes a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--latency",
        type=milliseconds,
        default=0,
        metavar="MS",
        help="milliseconds before each answer and each event of a stream (default: %(default)s)",
    )
    return parser
