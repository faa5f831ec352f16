"""Masks: what a user wants hidden in the content that leaves.

A mask is `mask(key, value) -> value`. It gets every text of the parsed content (prompts, answers, tool data, states,
error texts), with the property it belongs to as `key` (`$ai_input`), and gives what leaves instead. Built-in masks are
chosen by name; for names, addresses and the like use a callable around a library made for that.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

from otel_posthog_ai.giving_way import is_for_the_caller
from otel_posthog_ai.option_values import mask_names
from otel_posthog_ai.patterns import pattern

from .builtin_masks import BUILT_IN
from .json_safe import json_safe
from .rewriting import A_KEY, Rewriter, TellingKeys

Mask = Callable[[str, Any], Any]
FAILED: Final = "[masked: error]"


class Masked(NamedTuple):
    """A masked value, and whether the mask failed on a part of it, which then is `[masked: error]`."""

    value: Any
    failed: bool


def resolve_mask(spec: Any) -> Mask | None:
    """A mask from a callable, the name of a built-in one, or several names; None from None or nothing.

    Raises ValueError for a name that is not in `BUILT_IN`.
    """
    if spec is None or callable(spec):
        return cast("Mask | None", spec)
    steps = [BUILT_IN[name] for name in mask_names(spec)]
    if not steps:
        return None

    def mask(_key: str, value: Any) -> Any:
        if isinstance(value, str):
            for step in steps:
                value = step(value)
        return value

    return mask


# Words of the message format, which a mask that replaces everything must not take away.
_STRUCTURE: Final = {
    "role": frozenset({"user", "assistant", "system", "developer", "tool", "function"}),
    "type": frozenset({"text", "thinking", "function", "image_url", "input_audio", "file"}),
}
_PLAIN_NAME = pattern(r"[A-Za-z_$][\w.$-]{0,63}")
_SHORTEST_NUMBER: Final = 1_000_000
_EVERY_KEY: Final = TellingKeys(lambda _: True)


def apply_mask(mask: Mask, key: str, value: Any) -> Masked:
    """`value` (JSON-like) with every text in it given to `mask(key, text)`.

    Numbers of 7 and more digits are shown to the mask as text, and replaced where it changes them; so are keys of
    mappings that are no plain names (`alice@example.com`). Roles and part types of messages are passed over. A mask
    that raises, or gives what JSON cannot say, fails closed: that text becomes `[masked: error]` and `failed` is set.
    """
    failed = False

    def masked(text: str) -> Any:
        nonlocal failed
        try:
            new = mask(key, text)
            if type(new) is str:
                return text if new == text else new
            json.dumps(new, allow_nan=False)
        except BaseException as error:
            if is_for_the_caller(error):
                raise
            failed = True
            return FAILED
        return json_safe(new)

    def leaf(parent: Any, name: Any, item: Any, _context: Any) -> Any:
        if name is A_KEY:
            return item if _PLAIN_NAME.fullmatch(item) else _as_key(masked(item))
        if isinstance(item, str):
            if type(parent) is dict and name in _STRUCTURE and item in _STRUCTURE[name]:
                return item
            return masked(item)
        if isinstance(item, (int, float)) and not isinstance(item, bool) and abs(item) >= _SHORTEST_NUMBER:
            text = str(item)
            new = masked(text)
            return item if new == text else new
        return item

    rewriter = Rewriter(leaf, _no_context, telling=_EVERY_KEY, shortest=0, every_key=True)
    return Masked(rewriter.rewrite(value), failed)


def _no_context(_mapping: Any, _key: Any, _child: Any, _context: Any) -> None:
    return None


def _as_key(masked_key: Any) -> str:
    return masked_key if isinstance(masked_key, str) else "[masked]"
