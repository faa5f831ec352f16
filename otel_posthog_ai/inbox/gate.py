"""Who may talk to the inbox: programs and pages on this machine, and no page from anywhere else.

The inbox listens on loopback, but a browser on this machine runs pages from everywhere: a foreign page could post to
it, or reach it under a name of its own that resolves to 127.0.0.1 (DNS rebinding). Browsers tell on themselves by the
headers Host, Origin and Sec-Fetch-Site.
"""

from __future__ import annotations

import re
from email.message import Message

_LOOPBACK = re.compile(r"^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$", re.IGNORECASE)
_OWN_SITES = (None, "same-origin", "none")


def fault(headers: Message, *, page: bool) -> str | None:
    """Why a request is not answered, or None.

    Args:
        headers: the request's headers.
        page: it asks for an asset of the page: a link from elsewhere may lead there, as it shows nothing to that site.
    """
    host = headers.get("Host", "")
    if not _LOOPBACK.match(host):
        return "the Host header does not name this machine"
    origin = headers.get("Origin")
    if origin is not None and origin.lower() != f"http://{host}".lower():
        return "the request comes from a page of another origin"
    followed_link = page and headers.get("Sec-Fetch-Dest") == "document"
    if headers.get("Sec-Fetch-Site") not in _OWN_SITES and not followed_link:
        return "the request comes from a page of another site"
    return None
