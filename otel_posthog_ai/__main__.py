"""`python -m otel_posthog_ai <command>`: what you can run from a shell."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from otel_posthog_ai.version import __version__


@dataclass(frozen=True, slots=True)
class _Command:
    module: str
    summary: str


_COMMANDS = {
    "demo": _Command("otel_posthog_ai.demo", "see it work: a real client, a real instrumentor, no key and no network"),
    "inbox": _Command("otel_posthog_ai.inbox", "a local stand-in for PostHog that stores and draws your traces"),
    "doctor": _Command("otel_posthog_ai.doctor", "find out why nothing arrives, and what to do about it"),
    "replay": _Command("otel_posthog_ai.replay", "send OTLP JSON files of an OpenTelemetry Collector"),
    "explain": _Command("otel_posthog_ai.explain", "why a span looks as it does: which attribute became what"),
    "gateway": _Command("otel_posthog_ai.gateway", "take OTLP from any language and any Collector, live"),
    "model-server": _Command(
        "otel_posthog_ai.model_server.command", "a local stand-in for OpenAI, Anthropic and Gemini"
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command named by the first argument.

    Returns:
        The command's exit code: 0 when all is well, 1 when it is not, 2 when it could not be tried (wrong usage, a
        missing package), 130 after Ctrl-C.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in _COMMANDS:
        return _run(_COMMANDS[words[0]], words[1:])
    parser = _parser()
    parser.parse_args(words)  # --help, --version and unknown commands end here
    parser.print_help()
    return 2


def _run(command: _Command, words: list[str]) -> int:
    module = importlib.import_module(command.module)
    try:
        return int(module.main(words))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) has what it wanted. Python would complain about the pipe once more at exit.
        sys.stdout = None
        return 0


def _parser() -> argparse.ArgumentParser:
    lines = "\n".join(f"  {name:<14}{command.summary}" for name, command in _COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m otel_posthog_ai",
        usage="%(prog)s <command> [options]",
        description="LLM traces of OpenTelemetry instrumentors in PostHog.",
        epilog=f"commands:\n{lines}\n\n`%(prog)s <command> --help` explains one of them.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"otel-posthog-ai {__version__}")
    parser.add_argument("command", nargs="?", choices=tuple(_COMMANDS), help=argparse.SUPPRESS, metavar="command")
    return parser


if __name__ == "__main__":
    sys.exit(main())
