"""`python -m otel_posthog_ai replay FILE…`: the command line."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from otel_posthog_ai.inbox import Inbox
from otel_posthog_ai.inbox.command import DEFAULT_PORT
from otel_posthog_ai.otlp.garbage import seldom_collected
from otel_posthog_ai.settings import Settings, resolve
from otel_posthog_ai.terminal import Terminal

from .checkpoint import Checkpoint
from .delivery import Undelivered
from .files import Unusable
from .inbox_address import answers, port_of
from .progress_bar import ProgressBar
from .run import WINDOW_BYTES, Outcome, Replay

INBOX_KEY = "phc_local"
_MEGABYTE = 1024 * 1024

_EPILOG = """\
FILE holds OTLP/JSON: lines as the OpenTelemetry Collector's file exporter writes them (`format: json`), with spans, log
records or both, plain or gzip; or one request as a document. Several files are read side by side in order of time, so
that log records with prompts and answers (in a file of their own) meet the spans that they belong to.

The spans become the events that they would have become live, under the same uuids: replaying a file twice, or one whose
spans were sent live, doubles nothing. User and session are those on the spans: what `posthog_context` says in an app is
not in its OTLP data. The options of the exporter are taken from the POSTHOG_* environment variables.

To a running inbox: `--to inbox` (the default). With `--keep` the command starts an inbox itself and leaves it open
after the replay. To your project: `--to posthog`, with POSTHOG_API_KEY and POSTHOG_HOST in the environment.

A replay that is interrupted goes on where it was when the same command is given again; its state is in FILE.replay.json
(of the first FILE) until it is done. A trace may be spread over many lines: as many as the window holds.

exit code: 0 everything was read and taken; 1 something was not; 2 it could not be tried
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 when everything was read and taken, 1 when something was not, 2 when it could not be tried.
    """
    options = _parser().parse_args(argv)
    errors = Terminal.for_errors()
    try:
        with _target(options) as (settings, inbox):
            outcome = _replay(options, settings, inbox, errors)
            if outcome.no_otlp and not options.json:
                first = outcome.faults[0]
                cause = f"{first['file']} is no OTLP/JSON (byte {first['offset']:,}: {first['reason']})"
                raise Unusable(f"{cause}: write it with `format: json` in the Collector's file exporter")
            _report(options, settings, outcome)
            if inbox is not None:
                _keep(errors, inbox)
            return 0 if outcome.ok else 1
    except (Unusable, _NoTarget) as error:
        errors.line(errors.style(f"replay: {error}", "red"))
        return 2


class _NoTarget(Exception):
    """There is nothing to send to; the text says why and what to do."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m otel_posthog_ai replay",
        description="Send what an OpenTelemetry Collector has written to files.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="OTLP/JSON, plain or gzip")
    parser.add_argument("--to", choices=("inbox", "posthog"), default="inbox", help="where to (default %(default)s)")
    parser.add_argument(
        "--inbox-url",
        default=f"http://127.0.0.1:{DEFAULT_PORT}",
        metavar="URL",
        help="address of the inbox (default %(default)s)",
    )
    parser.add_argument("--keep", action="store_true", help="start an inbox at that address and leave it open")
    parser.add_argument("--database", metavar="FILE", help="with --keep: keep the events in this SQLite file")
    parser.add_argument("--dry-run", action="store_true", help="read and convert everything, send nothing")
    parser.add_argument("--state", type=Path, metavar="FILE", help="where progress is kept (default FILE.replay.json)")
    parser.add_argument("--from-start", action="store_true", help="ignore what an interrupted replay has left")
    parser.add_argument(
        "--window",
        type=_megabytes,
        default=WINDOW_BYTES,
        metavar="MB",
        help=f"how much of the files is held so that traces are whole (default {WINDOW_BYTES // _MEGABYTE})",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    return parser


def _megabytes(text: str) -> int:
    try:
        size = int(float(text) * _MEGABYTE)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError("must be a number of megabytes") from None
    if size < 1:
        raise argparse.ArgumentTypeError("must be above 0")
    return size


@contextmanager
def _target(options: argparse.Namespace) -> Generator[tuple[Settings, Inbox | None]]:
    """The settings of the target, and the inbox if it was started here. Raises `_NoTarget`."""
    if options.dry_run:
        yield _settings({"api_key": INBOX_KEY, "host": options.inbox_url}), None
    elif options.to == "posthog":
        settings = _settings({})
        if settings.inert:
            off = "POSTHOG_DISABLED or OTEL_SDK_DISABLED is set"
            raise _NoTarget(off if settings.disabled else "POSTHOG_API_KEY is not set")
        yield settings, None
    elif options.keep:
        with _opened_inbox(options) as inbox:
            yield _settings({"api_key": INBOX_KEY, "host": inbox.url}), inbox
    else:
        settings = _settings({"api_key": INBOX_KEY, "host": options.inbox_url})
        if not answers(settings.host):
            raise _NoTarget(
                f"no inbox answers at {settings.host}: start one (python -m otel_posthog_ai inbox), or add --keep"
            )
        yield settings, None


def _settings(arguments: dict[str, Any]) -> Settings:
    try:
        # Who asks for a replay wants it: the variables that silence an app do not count where the target was named.
        settings = resolve(arguments)
        return Settings(**{**vars(settings), "disabled": False}) if arguments else settings
    except ValueError as error:
        raise _NoTarget(str(error)) from None


def _opened_inbox(options: argparse.Namespace) -> Inbox:
    try:
        return Inbox(port_of(options.inbox_url), options.database or ":memory:")
    except (OSError, ValueError) as error:
        raise _NoTarget(f"the inbox does not start: {error}") from None


def _replay(options: argparse.Namespace, settings: Settings, inbox: Inbox | None, errors: Terminal) -> Outcome:
    checkpoint = Checkpoint(_state_path(options), options.files, settings)
    if options.from_start or (inbox is not None and options.database is None):
        checkpoint.clear()  # A new inbox in memory knows nothing of an earlier run.
    bar = ProgressBar(sys.stderr)
    replay = Replay(
        options.files,
        settings,
        checkpoint,
        window_bytes=options.window,
        dry_run=options.dry_run,
        on_progress=bar.show if bar.visible else None,
    )
    try:
        with seldom_collected():
            return replay.run()
    except Undelivered as error:
        replay.outcome.stopped = f"{error}. The same command goes on from here."
    except OSError as error:
        replay.outcome.stopped = f"{error.filename or 'the state file'}: {error.strerror}"
    except KeyboardInterrupt:
        bar.clear()
        errors.line("Stopped. The same command goes on from here.")
        raise
    finally:
        bar.clear()
    return replay.outcome


def _state_path(options: argparse.Namespace) -> Path | None:
    if options.dry_run:
        return None
    if options.state is not None:
        return Path(options.state)
    first: Path = options.files[0]
    return first.with_name(first.name + ".replay.json")


def _report(options: argparse.Namespace, settings: Settings, outcome: Outcome) -> None:
    if options.json:
        document = {"ok": outcome.ok, "to": None if options.dry_run else settings.host, **dataclasses.asdict(outcome)}
        print(json.dumps(document))  # noqa: T201 - a command's output
        return
    out = Terminal()
    _tell_read(out, outcome)
    _tell_sent(out, None if options.dry_run else settings.host, outcome)


def _tell_read(out: Terminal, outcome: Outcome) -> None:
    if outcome.resumed:
        out.line("Went on where an earlier replay was interrupted.")
    logs = f" and {outcome.log_records:,} log records of calls" if outcome.log_records else ""
    out.line(f"Read {outcome.spans:,} spans{logs} of {outcome.traces:,} traces.")
    if outcome.lost_log_records:
        out.line(
            out.style(f"! {outcome.lost_log_records:,} of the log records name a span that is not here.", "yellow")
        )
    if outcome.malformed:
        out.line(out.style(f"! {outcome.malformed:,} lines, spans or attributes could not be read:", "yellow"))
        for fault in outcome.faults:
            out.line(f"    {fault['file']}, byte {fault['offset']:,}: {fault['reason']}")
        if outcome.malformed > len(outcome.faults):
            out.line("    …")


def _tell_sent(out: Terminal, host: str | None, outcome: Outcome) -> None:
    total = sum(outcome.events.values())
    kinds = ", ".join(f"{count:,} {name}" for name, count in sorted(outcome.events.items(), key=lambda kind: -kind[1]))
    if outcome.spans and not total and outcome.stopped is None:
        out.line(out.style("! None of the spans was an AI span.", "yellow"))
    elif outcome.understood_nothing:
        out.line(out.style("✗ Nothing in the files was understood.", "red"))
    elif host is None:
        out.line(f"They would become {total:,} events{f': {kinds}' if kinds else ''}. Nothing was sent.")
    else:
        out.line(out.style(f"✓ {outcome.sent:,} events sent to {host}", "green") + (f": {kinds}." if kinds else "."))
    _tell_not_understood(out, outcome)
    for reason, count in outcome.dropped.items():
        out.line(out.style(f"! {count:,} {_REASONS.get(reason, f'were dropped: {reason}')}", "yellow"))
    if outcome.stopped is not None:
        out.line(out.style(f"✗ {outcome.stopped}", "red"))


_MOST_SCOPES = 8
_NOT_UNDERSTOOD = {"log_records": "log records", "spans": "spans"}


def _tell_not_understood(out: Terminal, outcome: Outcome) -> None:
    """Spans of no AI are usual beside others; log records that nobody knows may be calls."""
    for kind, name in _NOT_UNDERSTOOD.items():
        by_scope = outcome.not_understood[kind]
        if not by_scope or (kind == "spans" and outcome.events):
            continue
        most = sorted(by_scope, key=lambda scope: -by_scope[scope])
        scopes = ", ".join(f"{by_scope[scope]:,} of {scope or 'no scope'}" for scope in most[:_MOST_SCOPES])
        more = ", …" if len(most) > _MOST_SCOPES else ""
        out.line(f"    not for PostHog: {sum(by_scope.values()):,} {name} ({scopes}{more})")


_REASONS = {
    "repeated": "spans stood in the files more than once; each was sent once",
    "refused": "events were refused by the server",
    "too_large": "events were too large to be sent",
    "unreadable": "spans could not be turned into events",
    "unencodable": "events could not be written as JSON",
}


def _keep(out: Terminal, inbox: Inbox) -> None:
    try:
        out.line(f"The inbox stays open at {out.style(inbox.url, 'bold')}. Ctrl-C ends it.")
        threading.Event().wait()
    except KeyboardInterrupt:
        out.line()
