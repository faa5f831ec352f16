"""What every command that listens on a port of this machine says: which ports there are, and that one is taken."""

from __future__ import annotations

import argparse
import math

LOOPBACK = "127.0.0.1"
_LAST_PORT = 65_535


def port(text: str) -> int:
    """A port of the command line, 0 for any free one.

    Raises:
        argparse.ArgumentTypeError: it is no whole number from 0 to 65535.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= _LAST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to {_LAST_PORT}")
    return int(text)


def milliseconds(text: str) -> float:
    """A length of time of the command line, in milliseconds, 0 or more.

    Raises:
        argparse.ArgumentTypeError: it is no finite number, or below 0.
    """
    try:
        length = float(text)
    except ValueError:
        length = math.nan
    if not 0 <= length < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a length of time: give milliseconds, 0 or more")
    return length


def cannot_listen(port: int, error: OSError, host: str = LOOPBACK) -> str:
    """Why a command does not start, and what to do."""
    return f"Cannot listen on {host}:{port}: {error.strerror or error}. Try another --port, or 0 for a free one."
