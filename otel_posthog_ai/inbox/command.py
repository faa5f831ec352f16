"""``python -m otel_posthog_ai inbox``: run the inbox until it is interrupted."""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
import threading
from collections.abc import Sequence

from otel_posthog_ai.inbox.inbox import Inbox
from otel_posthog_ai.inbox.store import MEMORY
from otel_posthog_ai.listening import cannot_listen, port

DEFAULT_PORT = 8010


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    options = _parser().parse_args(argv)
    try:
        inbox = Inbox(options.port, options.database)
    except OSError as error:
        return _complain(cannot_listen(options.port, error))
    except (ValueError, sqlite3.Error) as error:
        return _complain(f"Cannot use {options.database}: {error}.")
    # From before the address is told: who reads it may interrupt at once.
    with inbox, contextlib.suppress(KeyboardInterrupt):
        _tell(inbox, as_json=options.json)
        threading.Event().wait()
    return 0


def _complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201 - a command's output
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m otel_posthog_ai inbox",
        description="A local stand-in for PostHog: send traces to it and look at them in a browser.",
    )
    parser.add_argument(
        "--port", type=port, default=DEFAULT_PORT, help="port on 127.0.0.1 (default %(default)s, 0: any)"
    )
    parser.add_argument("--database", default=MEMORY, metavar="FILE", help="keep events in this SQLite file")
    parser.add_argument("--json", action="store_true", help="print the address as JSON")
    return parser


def _tell(inbox: Inbox, *, as_json: bool) -> None:
    kept = "in memory, until the inbox ends" if inbox.database == MEMORY else f"in {inbox.database}"
    if as_json:
        lines = [json.dumps({"url": inbox.url, "database": str(inbox.database)})]
    else:
        lines = [
            f"Inbox: {inbox.url}",
            f"Send to it:  POSTHOG_HOST={inbox.url} POSTHOG_API_KEY=phc_local",
            f"Events are kept {kept}. Stop with Ctrl+C.",
        ]
    print("\n".join(lines), flush=True)  # noqa: T201 - a command's output
