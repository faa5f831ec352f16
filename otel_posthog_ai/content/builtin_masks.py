"""The built-in masks: text in, text out, linear in the text, right more often than complete.

| name | hides | does not hide |
|---|---|---|
| `emails` | `name@host.tld`, also with letters of any script | addresses written as "name at host" |
| `phone_numbers` | `+49 30 1234567`, `0049…`, `(555) 123-4567`, `555-123-4567`, `030 1234567` | digits without `+`, leading 0 or separators: ids and times look alike |
| `card_numbers` | 13 to 19 digits, also in groups, that begin like a card and pass the Luhn check | numbers cut short or with a typing error |
| `api_keys` | tokens with a provider's prefix, JSON web tokens, bearer tokens, private keys, values beside names such as `api_key`, URLs' credentials | a secret of no known form |
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from otel_posthog_ai.patterns import pattern

from .credentials import remove_credentials

EMAIL: Final = "[email redacted]"
PHONE_NUMBER: Final = "[phone number redacted]"
CARD_NUMBER: Final = "[card number redacted]"
PRIVATE_KEY: Final = "[private key redacted]"

_LONGEST_LOCAL_PART: Final = 64
_AT = pattern(r"@(?<=[\w!#$%&'*+/=?^`{|}~-]@)(?=[\w-]{1,63}\.[\w-])")
_LOCAL_PART_BACKWARDS = pattern(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}")
_DOMAIN = pattern(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")

_PHONE = pattern(
    r"(?:(?<![^\W\d]|[.,:/-])\+\d(?:[ ()./-]{0,2}\d){6,14}"  # international; may follow another number
    r"|(?<![\w.,:/-])(?:00[1-9]\d?(?:[ ()./-]{0,2}\d){6,13}"
    r"|\(\d{3}\) ?\d{3}[ .-]\d{4}"  # North America
    r"|\d{3}[ .-]\d{3}[ .-]\d{4}"
    r"|\(?0\d{1,5}\)?[ /-]\d{2,4}(?:[ /-]?\d{2,4}){1,4})"  # national, with the leading 0 and a separator after the area
    r")(?![\w-]|[.,:/]\d)"
)
_CARD = pattern(r"(?<![\w.-])[2-6](?:[ -]?\d){12,18}(?![\w-]|\.\d)")
_PRIVATE_KEY_START = pattern(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----")
_PRIVATE_KEY_END = pattern(r"-----END [A-Z ]{0,40}PRIVATE KEY-----")


def mask_emails(text: str) -> str:
    """`text` with every e-mail address replaced."""
    pieces: list[str] = []
    kept = 0
    for mark in _AT.finditer(text):
        at = mark.start()
        before = _LOCAL_PART_BACKWARDS.match(text[max(kept, at - _LONGEST_LOCAL_PART) : at][::-1])
        after = _DOMAIN.match(text, at + 1) if before else None
        if before and after:
            pieces += (text[kept : at - before.end()], EMAIL)
            kept = after.end()
    return "".join((*pieces, text[kept:])) if pieces else text


def mask_phone_numbers(text: str) -> str:
    """`text` with what is written like a phone number replaced."""
    return _PHONE.sub(PHONE_NUMBER, text)


def mask_card_numbers(text: str) -> str:
    """`text` with every payment card number replaced."""
    return _CARD.sub(lambda match: CARD_NUMBER if _is_card(match[0]) else match[0], text)


def mask_api_keys(text: str) -> str:
    """`text` without keys, tokens and passwords whose form or name gives them away."""
    text = remove_credentials(text)
    return _mask_private_keys(text) if "-----BEGIN " in text else text


def _mask_private_keys(text: str) -> str:
    pieces: list[str] = []
    kept = 0
    while start := _PRIVATE_KEY_START.search(text, kept):
        end = _PRIVATE_KEY_END.search(text, start.end())
        pieces += (text[kept : start.start()], PRIVATE_KEY)
        kept = end.end() if end else len(text)
    return "".join((*pieces, text[kept:]))


def _is_card(written: str) -> bool:
    digits = [int(character) for character in written if character.isdigit()]
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


BUILT_IN: Final[dict[str, Callable[[str], Any]]] = {
    "emails": mask_emails,
    "phone_numbers": mask_phone_numbers,
    "card_numbers": mask_card_numbers,
    "api_keys": mask_api_keys,
}
"""Name -> mask of one text, in the order in which they are best applied: secrets hold what looks like other things."""
