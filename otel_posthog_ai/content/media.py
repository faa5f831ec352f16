"""Media by their place in a structure: what holds an image, sound, video or file keeps its shape and loses its data.

`base64_text` finds media in any text by how they look; this module adds what only the surroundings tell: `data` beside
a MIME type, `bytes` inside an image, a short `file_data`. https URLs and other references stay.
"""

from __future__ import annotations

from typing import Any, Final

from otel_posthog_ai.patterns import pattern

from .base64_text import kind_of_base64, kind_of_bytes, kind_of_mime, placeholder, redact_text
from .rewriting import BYTES, DICT, ITEMS, Rewriter, TellingKeys

# Key -> fewest characters of pure base64 that are taken for a medium: (beside a sign of media, without one).
_NEVER: Final = 1 << 62
_DATA: Final = (1, 200)
_REFERENCE: Final = (64, _NEVER)
_PAYLOADS: Final[dict[str, tuple[int, int]]] = {
    **dict.fromkeys(("data", "file_data", "fileData", "bytes", "base64", "b64_json", "partial_image_b64"), _DATA),
    **dict.fromkeys(("bytesBase64Encoded", "bytes_base64_encoded", "blob", "image_data", "audio_data"), _DATA),
    **dict.fromkeys(("imageBytes", "image_bytes", "videoBytes", "video_bytes", "audioBytes", "audio_bytes"), _DATA),
    **dict.fromkeys(("content", "result"), (1, _NEVER)),
    **dict.fromkeys(("url", "uri", "image_url", "imageUrl", "video_url", "image"), _REFERENCE),
    **dict.fromkeys(("audio", "video", "file"), _REFERENCE),
}
_CONTAINERS: Final = {
    **dict.fromkeys(("image", "images", "image_url", "imageUrl", "input_image"), "image"),
    **dict.fromkeys(("audio", "input_audio", "inputAudio"), "audio"),
    **dict.fromkeys(("video", "video_url", "videoUrl"), "video"),
    **dict.fromkeys(("file", "document", "inline_data", "inlineData", "blob"), "file"),
}
# Keys between a medium and its data: they hand the sign on.
_BETWEEN: Final = frozenset({"source", "data", "url", "bytes"})
_MIME_KEYS: Final = ("mime_type", "mimeType", "media_type", "mediaType", "format", "modality")
_FILE_TYPES: Final = frozenset({"file", "input_file", "document", "blob", "binary", "media", "base64"})
# `content` and `result` are words of every message; they hold data only in parts of these types.
_OPAQUE_TYPES: Final = {"content": frozenset({"blob", "binary"}), "result": frozenset({"image_generation_call"})}
_PURE_BASE64 = pattern(r"[A-Za-z0-9+/_\-=\r\n]+(?:\.\.\.|…)?")

_SHORTEST_TEXT: Final = 14  # `data:;base64,A`
_TELLING = TellingKeys(lambda key: key in _PAYLOADS or key in _CONTAINERS or key in _BETWEEN)

OPAQUE_KEYS: Final = frozenset(_OPAQUE_TYPES)
"""Keys that are telling only where one of `OPAQUE_SIGNS` is some text as well."""
OPAQUE_SIGNS: Final = frozenset[str]().union(*_OPAQUE_TYPES.values())

_Sign = str | None


def redact_media(value: Any) -> Any:
    """`value` (anything JSON-like, also with bytes) with every medium replaced by PostHog's placeholder of its kind.

    Copy-on-write: `value` itself comes back where it holds no medium. Linear in the size of `value`; never raises for
    JSON-like input. Afterwards no base64 body of more than 1,000 characters is left in any text or key.
    """
    if type(value) is str:
        return redact_text(value)
    return Rewriter(_leaf, _descend, telling=_TELLING, shortest=_SHORTEST_TEXT).rewrite(value)


def is_telling(key: str) -> bool:
    """Whether what stands under this key may be a medium whatever it looks like."""
    return key not in OPAQUE_KEYS and _TELLING[key]


def _leaf(parent: Any, key: Any, value: Any, sign: _Sign) -> Any:
    if isinstance(value, str):
        if isinstance(parent, DICT) and key in _PAYLOADS:
            return _payload(parent, key, value, sign)
        if (
            sign is not None
            and isinstance(parent, ITEMS)
            and len(value) >= _REFERENCE[0]
            and _PURE_BASE64.fullmatch(value)
        ):
            return placeholder(kind_of_base64(value) or sign)
        return redact_text(value)
    if isinstance(value, BYTES):
        kind = _sign_of(parent) if isinstance(parent, DICT) else None
        head = bytes(value[:16])
        return placeholder(_most_telling(kind, sign) or kind_of_bytes(head))
    return value


def _descend(parent: dict[Any, Any], key: Any, _child: Any, sign: _Sign) -> _Sign:
    if key in _BETWEEN:
        return _most_telling(_sign_of(parent), sign)
    return _CONTAINERS.get(key) if isinstance(key, str) else None


def _payload(parent: dict[Any, Any], key: str, value: str, sign: _Sign) -> str:
    kind = _most_telling(_sign_of(parent), sign)
    type_ = parent.get("type")
    is_opaque = isinstance(type_, str) and type_ in _OPAQUE_TYPES.get(key, ())
    if type_ == "text" or (key in _OPAQUE_TYPES and not is_opaque):
        return redact_text(value)
    if value[:5].lower() == "data:":
        mime = value[5:105].partition(",")[0].partition(";")[0]
        return placeholder(kind_of_mime(mime) or kind) if "," in value else redact_text(value)
    fewest = _PAYLOADS[key][0 if kind is not None else 1]
    if len(value) >= fewest and _PURE_BASE64.fullmatch(value):
        return placeholder(kind if kind not in (None, "file") else kind_of_base64(value) or kind)
    return redact_text(value)


def _most_telling(own: _Sign, inherited: _Sign) -> _Sign:
    return inherited if own in (None, "file") and inherited is not None else own


def _sign_of(part: dict[Any, Any]) -> _Sign:
    """image, audio, video or file where the part says that it holds one; else None."""
    for key in _MIME_KEYS:
        mime = part.get(key)
        # A text may stand in clear beside its MIME type; only `base64` or a container says that it does not.
        if isinstance(mime, str) and not mime.startswith("text/") and mime != "application/json":
            kind = mime if mime in ("image", "audio", "video") else kind_of_mime(mime)
            if kind is not None:
                return kind
    type_ = part.get("type")
    if isinstance(type_, str):
        for kind in ("image", "audio", "video"):
            if kind in type_:
                return kind
        return "file" if type_ in _FILE_TYPES else None
    return None
