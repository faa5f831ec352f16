"""`python -m otel_posthog_ai doctor`: the command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

from otel_posthog_ai import log
from otel_posthog_ai.option_values import seconds
from otel_posthog_ai.terminal import Terminal

from .app import NotLoaded, ProviderLog, ended_after, load
from .examination import NETWORK, OUTSIDE, from_inside, patient_of, run
from .finding import Finding
from .in_process import SetUp, look
from .patient import Patient
from .report import as_json, write
from .trial import Trial

_EPILOG = """\
Without --app it looks at the environment: the key, the host, the network, what is installed here. Run it with the
Python and the variables of the app (opentelemetry-instrument included: then the set-up is examined as well).

--app also loads the app and examines its set-up from inside: the provider, the processor, the sampler, which
instrumentors are on, what was imported too early. The app really runs: the module is imported (a .py file is run under
another name than __main__), and the attribute is called if it is a function. A server that never returns is examined
while it serves, and ended. In an app of yours `otel_posthog_ai.doctor.examine()` gives the same findings.

exit code: 0 no errors (there may be warnings); 1 errors; 2 wrong usage
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 when nothing is wrong, 1 when a check found an error, 2 for wrong usage.
    """
    options = _parser().parse_args(argv)
    out = Terminal()
    with log.silent():
        if options.app is None:
            return _report(out, options, look())
        return _with_app(out, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m otel_posthog_ai doctor",
        description="Find out why nothing arrives in PostHog, or not what was expected, and what to do about it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--app", metavar="MODULE[:NAME]", help="also run this app (or FILE.py[:NAME]), and examine its set-up"
    )
    parser.add_argument(
        "--app-seconds",
        type=seconds,
        default=20.0,
        metavar="S",
        help="how long the app may take to load, in seconds (default: 20)",
    )
    parser.add_argument("--send", action="store_true", help="send a small test trace and say where to look for it")
    parser.add_argument(
        "--print", action="store_true", help="only print the requests of a test trace, exactly but for the key"
    )
    parser.add_argument("--offline", action="store_true", help="ask nothing of the network")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    return parser


def _with_app(out: Terminal, options: argparse.Namespace) -> int:
    errors, provider_log = Terminal.for_errors(), ProviderLog()
    errors.line(f"{options.app} runs now: what it does, it really does")

    def late() -> int:
        cause = f"{options.app} still loads after {options.app_seconds:g} s: it serves, or waits for something"
        remedy = "what follows is its set-up as it is now; let NAME be a function that sets tracing up and returns"
        return _report(
            out, options, look(provider_set_twice=provider_log.set_twice), Finding("app", "warning", cause, remedy)
        )

    try:
        with provider_log.listening(), redirect_stdout(sys.stderr), ended_after(options.app_seconds, late, errors.line):
            provider = load(options.app)
    except NotLoaded as error:
        fault = Finding("app", "error", str(error), "the app must be importable here, without its arguments")
        return _report(out, options, look(provider_set_twice=provider_log.set_twice), fault, inside=False)
    set_up = look(provider, provider_set_twice=provider_log.set_twice, app_ran=":" in options.app)
    return _report(out, options, set_up)


def _report(out: Terminal, options: argparse.Namespace, set_up: SetUp, *about_app: Finding, inside: bool = True) -> int:
    """Examine, and write what was found, or print what was asked for."""
    patient = patient_of(set_up)
    inside = inside and (options.app is not None or bool(set_up.processors))
    if options.print:
        return _print(patient, as_document=options.json)
    findings = [*about_app, *(from_inside(set_up, patient) if inside else run(OUTSIDE, patient))]
    more: dict[str, Any] = {}
    if not options.offline:
        findings += run(NETWORK, patient)
    if options.send:
        more = _send(patient, findings)
    if options.json:
        out.line(as_json(findings, **more))
    else:
        write(out, findings, app_seen=inside)
    return 1 if any(finding.level == "error" for finding in findings) else 0


def _print(patient: Patient, *, as_document: bool) -> int:
    """Write the requests, one a line: on a terminal with the address before, in a pipe the bodies alone."""
    out, errors = Terminal(), Terminal.for_errors()
    requests = list(Trial(patient.settings).requests())
    if as_document:
        out.line(json.dumps([{"url": url, "body": json.loads(body)} for url, body in requests], ensure_ascii=False))
        return 0
    for url, body in requests:
        errors.line(errors.style(f"POST {url}", "dim"))
        out.line(body)
    return 0


def _send(patient: Patient, findings: list[Finding]) -> dict[str, Any]:
    """Send the test trace; its finding joins the others."""
    if patient.settings.inert:
        why = "the exporter is switched off" if patient.settings.disabled else "there is no project key"
        findings.append(Finding("test trace", "error", f"the test trace was not sent: {why}", "see above"))
        return {}
    trial = Trial(patient.settings)
    findings.append(trial.send())
    return {"trace_id": trial.trace_id}
