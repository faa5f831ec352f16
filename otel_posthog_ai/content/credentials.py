"""Credentials never leave: by the name they stand under, by the place in a URL, and by what they look like.

Removed are, whatever the settings say,
* values under names of credentials (`api_key`, `X-Api-Key`, `authorization`, `client_secret`, `password`, …), and
  everything in the headers and the authorization of a remote tool (MCP);
* user and password in a URL, and credentials in its query;
* in any text: authorization headers, `name=value` and `"name": "value"` of the commonest names, and tokens of
  providers whose form leaves no doubt;
* the texts given as `extra_secrets`: the project key.
A JSON schema that merely names a `password` parameter stays, as does a text that speaks of one. Not found: a secret of
no known form in running text; that is what `mask` is for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from otel_posthog_ai.patterns import pattern

from .rewriting import DICT, Rewriter, TellingKeys

REDACTED: Final = "[REDACTED]"

# Names without case, dashes, underscores; a key that ends in one of them counts too (`openai_api_key`).
_NAME_ENDINGS: Final = (
    "apikey", "apitoken", "accesstoken", "refreshtoken", "authtoken", "bearertoken", "idtoken", "securitytoken",
    "clientsecret", "secretkey", "secretaccesskey", "privatekey", "subscriptionkey", "password", "passwd", "passphrase",
    "authorization", "authorizationtoken", "credentials", "setcookie",
)  # fmt: skip
_NAMES: Final = frozenset({"secret", "cookie", "cookies", "xauth", "auth", "bearer", "awsaccesskeyid", "aadtoken"})
# Inside headers more names are telling.
_HEADER_PARTS: Final = ("auth", "token", "key", "secret", "cookie", "password", "credential", "signature", "session")
_HARMLESS_HEADERS: Final = frozenset({"idempotencykey", "anthropicratelimittokensremaining"})

_QUERY_NAMES: Final = (
    r"key|api[_-]?key|apikey|token|api[_-]?token|access[_-]?token|auth[_-]?token|id_token|refresh_token|sig|signature|"
    r"client_secret|secret|password|passwd|pwd|subscription-key|authorization|auth|code_verifier|"
    r"x-amz-signature|x-amz-credential|x-amz-security-token|awsaccesskeyid|x-goog-signature|x-goog-credential"
)
# A value that was removed before, and the placeholder of a mask behind it, stay as they are.
_REMOVED = r"\[REDACTED\](?:$|[&\s\"'<>#\\\[])"
_QUERY_SECRET = pattern(rf"(?<=[?&;])((?:{_QUERY_NAMES})=)(?!{_REMOVED})[^&\s\"'<>#\\]+", re.IGNORECASE)
_QUERY_MARK = pattern(rf"[?&;](?:{_QUERY_NAMES})=", re.IGNORECASE)
_URL = pattern(r"[^\s\"'<>`\\]{1,4096}")
_USER_INFO = pattern(r"[^/?#@]{1,1024}@")

# A token in a text: long enough, and with a digit, as prose and placeholders (`YOUR_API_KEY`) are not.
_TOKEN = r"(?=[A-Za-z_.~+/=\-]{0,64}\d)[A-Za-z0-9_.~+/=\-]{16,}"
_IS = r"\\*[\"']?\s{0,4}[:=]\s{0,4}\\*[\"']?"


def _after(word: str) -> str:
    """A look back at `word` where it begins a word, also after the `\\n` of a text inside JSON."""
    return rf"(?:(?<=\b{word})|(?<=\\[nrt]{word}))"


# Around the commonest signs: throws out the words of prose and code before anything is compared.
_HYPHEN = r"-(?<=[abehikoprstxI]-)(?=[\w-]{10}|(?:key|Key|KEY|[Tt]oken)[\\\"'\s:=])"
_UNDERSCORE = r"_(?<=[A-Za-z0-9]_)(?=[A-Za-z0-9]{16}|(?:key|KEY|token|TOKEN|secret|SECRET)[\\\"'\s:=])"

# (a text that every match holds, how every match begins, pattern, replacement). A character that the text lacks costs
# next to nothing, and a pattern that begins with a literal runs at the speed of a search for it. The beginning is asked
# first: to compile the two takes a millisecond, which most processes never need.
_PROBES: Final[tuple[tuple[str, re.Pattern[str] | None, re.Pattern[str], str], ...]] = (
    ("-", pattern(_HYPHEN), pattern(
        _HYPHEN + r"(?:" + _after("sk-") + r"(?=[\w-]{0,40}\d)[\w-]{20,}|"  # OpenAI, Anthropic, OpenRouter, …
        + _after("xox[abeoprs]-") + r"[\w-]{10,}|"  # Slack
        + _after("(?:glpat|nvapi)-") + r"[\w-]{20,}|"  # GitLab, NVIDIA
        + _after("xai-") + r"[A-Za-z0-9]{40,}|"
        + _after("pplx-") + r"[A-Za-z0-9]{40,}|"
        + r"(?:(?<=[aA]pi-)|(?<=API-)|(?<=[aA]uth-))((?:[Kk]ey|KEY|[Tt]oken)" + _IS + ")" + _TOKEN + ")"
    ), rf"-\1{REDACTED}"),
    ("_", pattern(_UNDERSCORE), pattern(
        _UNDERSCORE + r"(?:" + _after("ph[csx]_") + r"[A-Za-z0-9]{20,}|"  # PostHog
        + _after("(?:gh[opsur]|gsk|npm)_") + r"[A-Za-z0-9]{30,}|"  # GitHub, Groq, npm
        + _after("github_pat_") + r"\w{30,}|"
        + _after("[rs]k_(?:live|test)_") + r"[A-Za-z0-9]{16,}|"  # Stripe
        + _after("(?:hf|r8)_") + r"[A-Za-z0-9]{30,}|"  # Hugging Face, Replicate
        + _after("lsv2_[a-z][a-z]_") + r"\w{30,}|"  # LangSmith
        + r"(?:(?<=(?:api|API)_)|(?<=(?:access|ACCESS|client|CLIENT|secret|SECRET)_)|(?<=(?:auth|AUTH)_)|(?<=refresh_))"
        + r"((?:key|KEY|token|TOKEN|secret|SECRET)" + _IS + ")" + _TOKEN + ")"
    ), rf"_\1{REDACTED}"),
    ("K", None, pattern(  # AWS
        r"K(?:" + _after("AK") + r"IA[0-9A-Z]{16}\b|(?<=apiK)(ey" + _IS + ")" + _TOKEN + ")"
    ), rf"K\1{REDACTED}"),
    ("z", None, pattern(  # Google
        r"z(?:" + _after("AIz") + r"a[\w-]{35}|(?<=uthoriz)(ation" + _IS
        + r"(?:(?:[Bb]earer|[Bb]asic|[Tt]oken|ApiKey)\s{1,4})?)" + _TOKEN + ")"
    ), rf"z\1{REDACTED}"),
    # JSON web token. Each run of its characters is read from its start only, and only where it ends as a header does:
    # begun at every `eyJ`, each would be read to its end.
    (".eyJ", None, pattern(
        r"(?<![\w-])(?=[\w-]+\.eyJ[\w-]{8,}\.)(|(?<=\\)[nrt]|[\w-]*?-)eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"
    ), rf"\1eyJ{REDACTED}"),
    ("B", None, pattern(
        r"B(?=earer|asic|EARER)" + _after("B") + r"((?:earer|asic|EARER)\s{1,4})" + _TOKEN
    ), rf"B\1{REDACTED}"),
)  # fmt: skip
_SHORTEST_TEXT: Final = 12

_PLAIN, _HEADERS, _EVERYTHING = 0, 1, 2


def remove_credentials(value: Any, extra_secrets: Sequence[str] = ()) -> Any:
    """`value` (anything JSON-like) with every credential replaced by `[REDACTED]`, or `value` itself.

    `extra_secrets` are texts that may stand nowhere, not even inside other texts; ones shorter than 6 characters are
    ignored, because they would tear words apart. Copy-on-write, linear, never raises for JSON-like input.
    """
    secrets = tuple(secret for secret in extra_secrets if len(secret) >= 6)
    if type(value) is str:
        return _redact_text(value, secrets)

    shortest = min(map(len, (*secrets, " " * _SHORTEST_TEXT)))

    def leaf(parent: Any, key: Any, item: Any, context: int) -> Any:
        if item is True or item is False or item == "":
            return item
        if context == _EVERYTHING or (isinstance(parent, DICT) and _is_secret(key, context)):
            return REDACTED
        return _redact_text(item, secrets) if isinstance(item, str) else item

    return Rewriter(leaf, _descend, telling=_TELLING, shortest=shortest).rewrite(value, _PLAIN)


def is_telling(key: str) -> bool:
    """Whether what stands under this key may be a credential whatever it looks like."""
    return _TELLING[key]


def may_hold_credentials(text: str, secrets: Sequence[str] = ()) -> bool:
    """Whether a text of which `text` was joined with spaces may hold a credential; True may be wrong."""
    for secret in secrets:
        if secret in text:
            return True
    if "=" in text and _QUERY_MARK.search(text) is not None:
        return True
    if "@" in text and "/" in text and "://" in text:
        return True
    for sign, beginning, probe, _ in _PROBES:
        if sign[-1] not in text or sign not in text:
            continue  # A search for one character is many times as fast as one for a word.
        if (beginning is None or beginning.search(text) is not None) and probe.search(text) is not None:
            return True
    return False


def _is_secret(key: Any, context: int) -> bool:
    if type(key) is not str or not (_TELLING[key] or context):
        return False
    return is_credential_name(key) or (context == _HEADERS and _is_secret_header(key))


def _descend(mapping: dict[Any, Any], key: Any, child: Any, context: int) -> int:
    if context == _EVERYTHING or not isinstance(key, str):
        return context
    if key in ("headers", "authorization") and ("server_url" in mapping or mapping.get("type") in ("mcp", "url")):
        return _EVERYTHING
    # A mapping under such a name is a schema or a group of settings, a list holds the values themselves.
    if not isinstance(child, DICT) and _is_secret(key, context):
        return _EVERYTHING
    return _HEADERS if _is_headers(key) else _PLAIN


@lru_cache(maxsize=4096)
def is_credential_name(name: str) -> bool:
    """Whether a value under this name is a credential: `api_key`, `OPENAI_API_KEY`, `X-Api-Key`, `clientSecret`, …"""
    plain = _plain(name)
    return plain in _NAMES or plain.endswith(_NAME_ENDINGS)


def _is_headers(name: str) -> bool:
    return name[-7:].lower() == "headers"


_TELLING = TellingKeys(lambda key: is_credential_name(key) or _is_headers(key))


@lru_cache(maxsize=4096)
def _is_secret_header(name: str) -> bool:
    plain = _plain(name)
    return "ratelimit" not in plain and plain not in _HARMLESS_HEADERS and any(part in plain for part in _HEADER_PARTS)


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "").replace(".", "").replace(" ", "")


def _redact_text(text: str, secrets: tuple[str, ...]) -> str:
    if len(text) < _SHORTEST_TEXT:
        return text
    for secret in secrets:
        # A search for one character is many times as fast as one for a word, and most texts lack the underscore.
        if (not secret.startswith("phc_") or "_" in text) and secret in text:
            text = text.replace(secret, REDACTED)
    if "/" in text and "://" in text:
        text = _redact_urls(text)
    elif "=" in text and text[0] in "/?" and len(text) <= 4096:
        text = _QUERY_SECRET.sub(rf"\1{REDACTED}", text)
    for sign, beginning, token, replacement in _PROBES:
        if sign in text and (beginning is None or beginning.search(text) is not None):
            text = token.sub(replacement, text)
    return text


def _redact_urls(text: str) -> str:
    pieces: list[str] = []
    kept = 0
    position = text.find("://")
    while position >= 0:
        start = position + 3
        match = _URL.match(text, start)
        end = match.end() if match else start
        url = text[start:end]
        clean = _redact_url(url)
        if clean != url:
            pieces += (text[kept:start], clean)
            kept = end
        position = text.find("://", end)
    return "".join((*pieces, text[kept:])) if pieces else text


def _redact_url(url: str) -> str:
    """A URL without its scheme, without credentials."""
    if "@" in url:
        url = _USER_INFO.sub(f"{REDACTED}@", url, count=1) if _USER_INFO.match(url) else url
    return _QUERY_SECRET.sub(rf"\1{REDACTED}", url) if "=" in url else url
