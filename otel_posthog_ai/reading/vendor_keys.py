"""Where a vendor writes what: data, from a table of the vendor's dialect or found by words."""

from __future__ import annotations

from typing import NamedTuple


class VendorKeys(NamedTuple):
    """Where one vendor writes what; the first key that is there counts. An entry that ends with `.` stands for all keys
    that begin like it, as one object.
    """

    kind: tuple[str, ...] = ()
    """Words of `kind_words.WORDS`; any other word states nothing."""
    name: tuple[str, ...] = ()
    input: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    input_messages: tuple[str, ...] = ()
    """Of a call: all of its messages, where an input says only a part of them."""
    output_messages: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    response_model: tuple[str, ...] = ()
    response_id: tuple[str, ...] = ()
    finish: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    """Name in a provider's request and key, for settings that stand alone."""
    tools: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    """Of a call: the tools that its answer calls, where the answer itself does not say them."""
    tool_call_id: tuple[str, ...] = ()
    usage: tuple[str, ...] = ()
    """Usage objects."""
    counts: tuple[tuple[str, str], ...] = ()
    """Field of `Usage` and key, for counts that stand alone."""
    cost: tuple[str, ...] = ()
    first_token: tuple[str, ...] = ()
    """Seconds."""
    first_token_ms: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    session: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    """Texts of a failure that the span's status does not tell."""
    level: tuple[str, ...] = ()
    """How grave it is what the status message says, as Langfuse and those who took it over write it."""
    status_message: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    """Bookkeeping of the vendor's, which nobody wants to see."""
