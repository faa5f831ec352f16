"""Readers of parts that carry an image, sound, video or file, by bytes, by address or by the id of an upload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .draft import Draft
from .values import is_list, is_mapping

Pieces = Mapping[str, Any]
_ADDRESSES = ("http://", "https://", "data:", "gs://", "s3://", "file:")
_MIME_KEYS = ("media_type", "mime_type", "mimeType", "format")
_DATA_KEYS = ("data", "bytes", "base64")


def first_text(pieces: Pieces, *keys: str) -> str | None:
    """The first of the values that is a text which says something."""
    for key in keys:
        value = pieces.get(key)
        if isinstance(value, str) and value:
            return value
    return None


def inner_object(pieces: Pieces, *keys: str) -> Pieces:
    """The first of the values that is an object, else the part itself."""
    for key in keys:
        value = pieces.get(key)
        if is_mapping(value):
            return value
    return pieces


def image_url(part: Pieces, draft: Draft) -> None:
    value = part.get("image_url")
    if value is None:
        value = part.get("url") or part.get("image")
    url = value.get("url") if is_mapping(value) else value
    if isinstance(url, str) and url:
        draft.image(url)
    else:
        _upload(part, draft)


def image(part: Pieces, draft: Draft) -> None:
    for key in ("image", "image_url", "url", "source", "data", "base64", "content"):
        value = part.get(key)
        if value is None:
            continue
        if is_mapping(value):
            source(value, draft, "image/png")
        elif isinstance(value, str) and value.startswith(_ADDRESSES):
            draft.image(value)
        else:
            draft.media(value, first_text(part, *_MIME_KEYS) or "image/png")
        return
    _upload(part, draft)


def images(value: Any, draft: Draft) -> None:
    """Ollama's `images` beside the text of a message."""
    for item in value if is_list(value) else ():
        if isinstance(item, str) and item.startswith(_ADDRESSES):
            draft.image(item)
        else:
            draft.media(item, "image/png")


def _upload(part: Pieces, draft: Draft) -> None:
    uploaded = first_text(part, "file_id", "fileId", "id")
    if uploaded is not None:
        draft.file(file_id=uploaded)


def source(found: Pieces, draft: Draft, mime: str, name: Any = None) -> None:
    """Anthropic's and Bedrock's `source`, OpenInference's `image`."""
    url = found.get("url") or found.get("uri")
    kind = first_text(found, *_MIME_KEYS) or mime
    if isinstance(url, str):
        if kind.startswith("image") or mime.startswith("image"):
            draft.image(url)
        else:
            draft.link(url, kind, None, name)
    elif found.get("type") == "text":
        draft.text(found.get("data"))
    elif found.get("file_id") is not None:
        draft.file(name, file_id=found["file_id"])
    else:
        data = next((found[key] for key in _DATA_KEYS if found.get(key) is not None), None)
        draft.media(data, kind if "/" in kind else mime, name)


def audio(part: Pieces, draft: Draft) -> None:
    inner = inner_object(part, "input_audio", "audio")
    url = inner.get("url")
    transcript = first_text(inner, "transcript")
    if isinstance(url, str):
        if url.startswith("data:"):
            draft.media(url, None)
        else:
            draft.link(url, "audio/*")
    elif is_mapping(inner.get("source")):
        source(inner["source"], draft, "audio/wav")
    else:
        data = inner.get("data") or inner.get("content") or inner.get("base64")
        form = first_text(inner, "format") or (first_text(inner, "mime_type", "media_type") or "").rpartition("/")[2]
        draft.audio(data, form)
    if transcript is not None:
        draft.text(transcript)


def file(part: Pieces, draft: Draft) -> None:
    inner = inner_object(part, "file", "video_url")
    name = first_text(inner, "filename", "name", "title")
    data = inner.get("file_data") or inner.get("data") or inner.get("content")
    url = first_text(inner, "file_url", "url", "uri", "file_uri", "video_url")
    if is_mapping(inner.get("source")):
        source(inner["source"], draft, "application/pdf", name)
    elif data is not None:
        draft.media(data, first_text(inner, "mime_type", "media_type"), name)
    elif url is not None:
        draft.link(url, inner.get("mime_type"), inner.get("modality"), name)
    else:
        draft.file(name, file_id=inner.get("file_id"))


def blob(part: Pieces, draft: Draft) -> None:
    data = part.get("content") if part.get("content") is not None else part.get("data")
    mime = first_text(part, "mime_type", "media_type")
    if mime is None and isinstance(part.get("modality"), str):
        mime = f"{part['modality']}/*"
    draft.media(data, mime)


def uri(part: Pieces, draft: Draft) -> None:
    draft.link(part.get("uri") or part.get("url"), part.get("mime_type"), part.get("modality"))


def generated_image(part: Pieces, draft: Draft) -> None:
    """An image that the model made: its bytes, in OpenAI's `image_generation_call`."""
    draft.media(part.get("result"), f"image/{first_text(part, 'output_format') or 'png'}")


# ---- parts without a type, told by their key: (value under the key, the part, the draft)


def inline_data(value: Any, _part: Pieces, draft: Draft) -> None:
    if is_mapping(value):
        draft.media(value.get("data"), value.get("mime_type") or value.get("mimeType"), value.get("display_name"))


def file_data(value: Any, _part: Pieces, draft: Draft) -> None:
    if is_mapping(value):
        draft.link(value.get("file_uri") or value.get("fileUri"), value.get("mime_type") or value.get("mimeType"))


def linked_media(value: Any, _part: Pieces, draft: Draft) -> None:
    """Genkit's media: always an address, which may be a data URL."""
    if is_mapping(value):
        draft.link(value.get("url"), value.get("contentType"))


def bedrock_media(value: Any, part: Pieces, draft: Draft) -> None:
    if not is_mapping(value):
        return
    if not is_mapping(value.get("source")):
        source(value, draft, "image/png")
        return
    form = first_text(value, "format") or "octet-stream"
    kind = "image" if "image" in part else "video" if "video" in part else "application"
    source(value["source"], draft, f"{kind}/{form}", value.get("name"))
