"""Checks that ask the network: the proxy, the CA bundle, whether PostHog answers, whether it knows the key.

No question creates an event. PostHog takes events of an unknown key with 200 and throws them away, so the key is
asked for where an unknown one is answered otherwise.
"""

from __future__ import annotations

import json
import os
import ssl
import time
from collections.abc import Iterator
from urllib.parse import quote, urlsplit, urlunsplit

from otel_posthog_ai.delivery.answers import Answer
from otel_posthog_ai.delivery.retry import Deadline
from otel_posthog_ai.delivery.transport import Transport

from .finding import Finding
from .patient import Patient

_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_NO_ROUTE = (404, 405, 410, 501)
# A cause of delivery/transport.py → what to do about it.
_REMEDIES = {
    "its name is not known to DNS": "check the spelling of POSTHOG_HOST, and that this machine has DNS",
    "its TLS certificate is not trusted": "if a proxy of your company inspects TLS, name its CA bundle in "
    "REQUESTS_CA_BUNDLE; else the address is not PostHog's",
    "the TLS handshake failed": "check http:// and https:// in POSTHOG_HOST, and the port",
    "the proxy did not let it through": "let the proxy pass this host, or name the host in NO_PROXY",
    "the proxy refuses connections": "start the proxy, or correct its address in HTTPS_PROXY (HTTP_PROXY); a host that "
    "needs none is named in NO_PROXY",
    "the proxy's name is not known to DNS": "correct the address in HTTPS_PROXY (HTTP_PROXY), or unset it",
    "no answer in time": "let this machine reach the host on its port: firewall, security group, VPC egress, proxy",
    "connection refused": "check the port in POSTHOG_HOST; is the server running?",
    "connection broken": "something on the way closes connections: firewall, proxy, or the server itself",
}


def check_proxy(patient: Patient) -> Iterator[Finding]:
    """The proxy that requests go through."""
    from requests.utils import get_environ_proxies, select_proxy

    proxy = select_proxy(patient.settings.host, get_environ_proxies(patient.settings.host))
    if proxy is None:
        return
    shown = _without_credentials(proxy)
    if shown is None:
        yield Finding(
            "proxy", "error", "the proxy in the environment is no address", "set HTTPS_PROXY to http://host:port"
        )
    else:
        yield Finding("proxy", "ok", f"requests go through the proxy {shown}", "NO_PROXY names hosts that need none")


def _without_credentials(proxy: str) -> str | None:
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host = parts.hostname
        if not host:
            return None
        return urlunsplit((parts.scheme, host if parts.port is None else f"{host}:{parts.port}", "", "", ""))
    except ValueError:
        return None


def check_ca_bundle(patient: Patient) -> Iterator[Finding]:
    """The certificates that the environment names."""
    variable = next((name for name in _CA_VARIABLES if patient.environ.get(name)), None)
    if variable is None or not patient.settings.host.startswith("https"):
        return
    path = patient.environ[variable]
    if not os.path.exists(path):
        yield Finding(
            "certificates", "error", f"{variable} names {path}, which does not exist", f"correct or unset {variable}"
        )
        return
    try:
        if os.path.isdir(path):
            ssl.create_default_context(capath=path)
        else:
            ssl.create_default_context(cafile=path)
    except (ssl.SSLError, OSError):
        cause = f"{variable} names {path}, which holds no certificates"
        yield Finding("certificates", "error", cause, f"name a file of PEM certificates, or unset {variable}")
    else:
        yield Finding("certificates", "ok", f"certificates are checked against {path} ({variable})")


def check_reach(patient: Patient) -> Iterator[Finding]:
    """Whether PostHog's ingestion answers, and whether it knows the key."""
    key = (patient.key or "").strip()
    if not key or not key.isascii():
        yield from _without_key(patient)
        return
    transport = Transport()
    try:
        yield from _asked(patient, transport, key)
    finally:
        transport.close()


def _without_key(patient: Patient) -> Iterator[Finding]:
    transport = Transport()
    try:
        answer = _ask_flags(transport, patient.settings.host, "", patient.timeout)
    finally:
        transport.close()
    if answer.status is None:
        yield _unreachable(patient, answer)
    else:
        yield Finding("reach", "ok", f"{patient.settings.host} answers")


def _asked(patient: Patient, transport: Transport, key: str) -> Iterator[Finding]:
    host = patient.settings.host
    answer = _ask_flags(transport, host, key, patient.timeout)
    if answer.status is None:
        yield _unreachable(patient, answer)
        return
    known: bool | None = {200: True, 401: False}.get(answer.status)
    if answer.html or answer.status in _NO_ROUTE or 300 <= answer.status < 400:
        # A reverse proxy may pass only what its owner needs.
        config = transport.get(f"{host}/array/{quote(key, safe='')}/config.js", _deadline(patient.timeout))
        if config.status == 200 and not config.html:
            known = True
        batch = _ask_batch(transport, host, key, patient.timeout)
        if batch.html or batch.status not in (200, 400, 401):
            yield Finding(
                "reach",
                "error",
                f"something answers at {host}, but not PostHog's ingestion ({batch.describe()})",
                "set POSTHOG_HOST to us, eu, or the address of your own PostHog; without the path of a web page",
            )
            return
        known = False if batch.status == 401 else known
    elif answer.status in (403, 407):
        cause = f"something on the way to {host} refuses requests ({answer.describe()})"
        yield Finding("reach", "error", cause, "check the proxy, its credentials and its list of allowed hosts")
        return
    elif answer.status >= 500 or answer.status in (408, 429):
        cause = f"{host} answers, but not well at the moment ({answer.describe()})"
        yield Finding("reach", "warning", cause, "try again later; status.posthog.com tells of incidents")
        return
    yield Finding("reach", "ok", f"{host} answers in {answer.seconds * 1000:.0f} ms")
    yield from _about_key(patient, transport, key, known)


def _about_key(patient: Patient, transport: Transport, key: str, known: bool | None) -> Iterator[Finding]:
    if known is None:
        yield Finding("reach", "ok", "the host does not tell whether it knows the key", "send a test trace: --send")
    elif known:
        yield Finding("reach", "ok", f"{_who(patient)} knows the key")
    else:
        elsewhere = _other_region(patient, transport, key)
        remedy = (
            f"the key belongs to a project in the {elsewhere.upper()} region: set POSTHOG_HOST={elsewhere}"
            if elsewhere is not None
            else "copy the project API key again; a key of another region or of a deleted project is unknown here"
        )
        cause = f"{_who(patient)} does not know the key: events are taken and thrown away"
        yield Finding("reach", "error", cause, remedy)


def _who(patient: Patient) -> str:
    """What to call the host: an inbox, or a proxy, is not PostHog."""
    if patient.settings.host in patient.regions.values():
        return "PostHog"
    return "the server on this machine" if patient.is_local else "the host"


def _other_region(patient: Patient, transport: Transport, key: str) -> str | None:
    """The cloud that knows the key, when the one that was asked does not."""
    if patient.settings.host not in patient.regions.values():
        return None
    for region, host in patient.regions.items():
        if host != patient.settings.host and _ask_flags(transport, host, key, patient.timeout).status == 200:
            return region
    return None


def _unreachable(patient: Patient, answer: Answer) -> Finding:
    cause = answer.describe()
    remedy = _REMEDIES.get(cause, "check POSTHOG_HOST, the proxy variables and the firewall")
    return Finding("reach", "error", f"{patient.settings.host} cannot be reached: {cause}", remedy)


def _ask_flags(transport: Transport, host: str, key: str, timeout: float) -> Answer:
    # Authentication comes first; the flags themselves are not evaluated, nor billed.
    body = {"api_key": key, "distinct_id": "otel-posthog-ai-doctor", "disable_flags": True}
    return _post(transport, f"{host}/flags/?v=2", body, timeout)


def _ask_batch(transport: Transport, host: str, key: str, timeout: float) -> Answer:
    return _post(transport, f"{host}/batch/", {"api_key": key, "batch": []}, timeout)


def _post(transport: Transport, url: str, body: object, timeout: float) -> Answer:
    headers = {"Content-Type": "application/json"}
    return transport.post(url, json.dumps(body).encode(), headers, _deadline(timeout))


def _deadline(seconds: float) -> Deadline:
    return Deadline(time.monotonic() + seconds)
