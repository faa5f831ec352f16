"""A span of a vendor's own convention, by the keys under which the vendor writes what: from a table, or found by words.

Everything that one attribute can hold is read the same way for all of them: JSON text as what it says, an envelope
opened, messages as messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from otel_posthog_ai.record import AISpan, Failure, Usage

from .bodies import read_given, read_result
from .embedding_texts import embedding_texts
from .flattened import flattened, object_below
from .identity import read_names
from .kind_words import CUSTOM, Stated, stated_by
from .kinds import name_after_span, weigh
from .raw_answers import read_raw_answer
from .raw_requests import read_request
from .raw_usage import fill_usage, read_raw_usage
from .source import Source
from .states import read_state
from .table import unset
from .tool_definitions import read_tools
from .user_metadata import metadata_of, read_metadata, user_tags
from .values import conversation, count, dump, finish_reason, identifier, is_list, is_mapping, json_text, number, text


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
    tool_call_id: tuple[str, ...] = ()
    usage: tuple[str, ...] = ()
    """Usage objects."""
    counts: tuple[tuple[str, str], ...] = ()
    """Field of `Usage` and key, for counts that stand alone."""
    cost: tuple[str, ...] = ()
    first_token: tuple[str, ...] = ()
    user: tuple[str, ...] = ()
    session: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    """Texts of a failure that the span's status does not tell."""
    own: tuple[str, ...] = ()
    """Bookkeeping of the vendor's, which nobody wants to see."""


# What may stand among a call's metadata, and is the call's and not the user's.
_SETTINGS = frozenset(
    {"model", "provider", "temperature", "top_p", "max_tokens", "stream", "tools", "response_format", "seed"}
)
_NO_ERROR = frozenset({"false", "none", "null", "0", "{}"})
# What of an object says who the user is.
_WHO = ("id", "user_id", "userId", "distinct_id", "email", "name")
_TAGS_IN_METADATA = ("tags", "labels")


def read_vendor_span(record: AISpan, source: Source, keys: VendorKeys, stated: Stated | None = None) -> None:
    """Fill what the record leaves open; `stated` is what the vendor says of the kind in another way than by a word."""
    weigh(record, source, stated if stated is not None else stated_kind(source, keys))
    given, result = _data(source, keys)
    metadata = read_belonging(record, source, keys)
    error = _error_text(_value(source, keys.error))
    if error is not None and record.error is None and error.lower() not in _NO_ERROR:
        record.error = Failure(message=error)
    for key in _all(source, keys.own):
        source.used.add(key)
    if record.kind == "span":
        given = given if given is not None else _value(source, keys.input_messages)
        result = result if result is not None else _value(source, keys.output_messages)
        _read_name(record, source, keys)
        _read_states(record, given, result)
        return
    record.request_model = record.request_model or _text(source, keys.model)
    record.response_model = record.response_model or _text(source, keys.response_model)
    record.response_id = record.response_id or identifier(_value(source, keys.response_id))
    record.finish_reason = record.finish_reason or finish_reason(_value(source, keys.finish))
    provider = _text(source, keys.provider) or text(metadata.get("provider"))
    record.provider_original = record.provider_original or provider
    record.tools = record.tools or read_tools(_value(source, keys.tools))
    _read_usage(record, source, keys)
    read_request(record, {key: value for key, value in metadata.items() if key in _SETTINGS})
    parameters = _value(source, keys.parameters)
    if is_mapping(parameters):
        read_request(record, parameters)
    read_request(record, {name: value for name, key in keys.settings if (value := source.take(key)) is not None})
    read_call(record, _messages(source, keys.input_messages, given), _messages(source, keys.output_messages, result))


def _messages(source: Source, keys: tuple[str, ...], otherwise: Any) -> Any:
    """The messages of the first of the keys that has some."""
    for key in keys:
        found = flattened(source, key, _said) if key.endswith(".") else json_text(source.take(key))
        if found is not None and found != "":
            return found
    return otherwise


def _said(value: Any) -> Any:
    """A flattened content: the JSON text of a list of parts or of a tool call as these; other JSON was said as text."""
    found = json_text(value)
    is_call = is_mapping(found) and found.keys() == {"name", "arguments"}
    return found if is_call or (is_list(found) and all(map(is_mapping, found))) else value


def stated_kind(source: Source, keys: VendorKeys) -> Stated | None:
    """What the vendor's keys of a kind state: by the first known word; by others only, a step of its own."""
    said = False
    for key in keys.kind:
        value = json_text(source.take(key))
        value = value.get("type") if is_mapping(value) else value
        found = stated_by(value)
        if found is not None:
            return found
        said = said or text(value) is not None
    return CUSTOM if said else None


def opened(value: Any) -> Any:
    """What stands in an envelope that only says beside it of which type it is: `{"type": "json", "value": …}`."""
    if _is_envelope(value):
        return opened(value["value"])
    if is_list(value) and value and all(map(_is_envelope, value)):
        return [opened(each) for each in value]
    return value


def _is_envelope(value: Any) -> bool:
    return is_mapping(value) and value.keys() == {"type", "value"}


# ---- attributes ------------------------------------------------------------------------------------------------------


def _all(source: Source, keys: tuple[str, ...]) -> Iterable[str]:
    return (key for key in source.attributes if any(_is_of(key, entry) for entry in keys))


def _is_of(key: str, entry: str) -> bool:
    return key.startswith(entry) if entry.endswith(".") else key == entry


def _value(source: Source, keys: tuple[str, ...]) -> Any:
    """The parsed value of the first of the keys that is there; the others are copies of it."""
    found: Any = None
    for key in keys:
        value = object_below(source, key) if key.endswith(".") else json_text(source.take(key))
        if found is None and value != "":
            found = value
    return found


def _error_text(value: Any) -> str | None:
    """What an error says; of an object all that stands in it."""
    return dump(value) if value and is_mapping(value) else text(value)


def _text(source: Source, keys: tuple[str, ...]) -> str | None:
    return text(_value(source, keys))


def read_belonging(record: AISpan, source: Source, keys: VendorKeys) -> Mapping[str, Any]:
    """For whom the span ran, and what the user wrote about it; the metadata object as it stands there."""
    identity = record.identity
    user, session = _value(source, keys.user), _value(source, keys.session)
    if is_mapping(user):
        user = next((user[key] for key in _WHO if user.get(key) is not None), None)
    identity.user = identity.user if identity.user is not None else identifier(user)
    identity.session = identity.session if identity.session is not None else conversation(session)
    metadata: dict[str, Any] = {}
    for key in keys.metadata:
        metadata.update(metadata_of(_value(source, (key,))))
    read_names(identity, metadata)
    for tags in (_value(source, keys.tags), *(metadata.get(key) for key in _TAGS_IN_METADATA)):
        if not record.tags:
            record.tags = user_tags(tags)
    own = _SETTINGS if record.kind != "span" else ()
    read_metadata(
        record, {key: value for key, value in metadata.items() if key not in own and key not in _TAGS_IN_METADATA}
    )
    return metadata


# ---- steps and calls -------------------------------------------------------------------------------------------------


def read_data(record: AISpan, source: Source, keys: VendorKeys) -> None:
    """Fill what a record of a settled kind leaves open of what it was given and gave, and of what a call counted."""
    given, result = _data(source, keys)
    if record.kind == "span":
        _read_states(record, given, result)
        return
    if record.usage.input is None and record.usage.output is None:
        _read_usage(record, source, keys)
    read_call(record, given, result)


def _data(source: Source, keys: VendorKeys) -> tuple[Any, Any]:
    return opened(_value(source, keys.input)), opened(_value(source, keys.output))


def _read_name(record: AISpan, source: Source, keys: VendorKeys) -> None:
    name = _text(source, tuple(sorted(keys.name, key=lambda key: not _names(key, record.span_type))))
    if name is not None and record.name is None:
        record.name = name
    name_after_span(record, source)
    if record.span_type == "tool" and record.tool_call_id is None:
        record.tool_call_id = identifier(_value(source, keys.tool_call_id))


def _read_states(record: AISpan, given: Any, result: Any) -> None:
    if unset(record.input_state) and given is not None and given != "":
        record.input_state = read_state(given, "user")
    if unset(record.output_state) and result is not None and result != "":
        record.output_state = read_state(result, "assistant")


def _names(key: str, span_type: str | None) -> bool:
    """Whether a key names a step of this type: where several names stand on a span, that one is its own."""
    return span_type is not None and key.replace("_", ".").endswith(f".{span_type}.name")


def _read_usage(record: AISpan, source: Source, keys: VendorKeys) -> None:
    for key in keys.usage:
        usage = metadata_of(opened(_value(source, (key,))))
        fill_usage(record.usage, read_raw_usage(usage))
        if record.time_to_first_token is None:
            record.time_to_first_token = number(usage.get("time_to_first_token"))
    alone = Usage()
    for field, key in keys.counts:
        value = count(source.take(key))
        if getattr(alone, field) is None:
            setattr(alone, field, value)
    fill_usage(record.usage, alone)
    if record.cost.total is None:
        record.cost.total = number(_value(source, keys.cost))
    if record.time_to_first_token is None:
        record.time_to_first_token = number(_value(source, keys.first_token))


def read_call(record: AISpan, given: Any, result: Any) -> None:
    """Fill what the record of a call leaves open from what it was given and what it gave back (both parsed)."""
    if record.kind == "embedding":
        if record.embedding_input is None:
            record.embedding_input = embedding_texts(given.get("input", given) if is_mapping(given) else given)
        if is_mapping(result):
            read_raw_answer(record, {key: value for key, value in result.items() if key != "data"})
        return
    read_given(record, given)
    read_result(record, result)
