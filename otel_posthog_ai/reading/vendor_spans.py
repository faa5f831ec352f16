"""A span of a vendor's own convention, by the keys under which the vendor writes what: from a table, or found by words.

Everything that one attribute can hold is read the same way for all of them: JSON text as what it says, an envelope
opened, messages as messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.record import AISpan, Failure, Usage, is_counted

from .bodies import read_given, read_result
from .embedding_texts import embedding_texts
from .flattened import flattened
from .identity import read_names
from .kind_words import CUSTOM, Stated, stated_by
from .kinds import name_after_span, weigh
from .messages import read_messages
from .raw_answers import read_raw_answer
from .raw_requests import read_request
from .raw_usage import fill_usage, read_raw_usage
from .source import Source
from .states import read_state
from .table import unset
from .tool_definitions import read_tools
from .user_metadata import metadata_of, read_metadata, user_tags
from .values import conversation, count, dump, finish_reason, identifier, is_list, is_mapping, json_text, number, text
from .vendor_keys import VendorKeys
from .vendor_values import all_of, opened, value_of

# What may stand among a call's metadata, and is the call's and not the user's.
_SETTINGS = frozenset(
    {"model", "provider", "temperature", "top_p", "max_tokens", "stream", "tools", "response_format", "seed"}
)
# The answer that only calls tools, as a text of Python's.
_NOTHING = "None"
_NO_ERROR = frozenset({"false", "none", "null", "0", "{}"})
# What of an object says who the user is.
_WHO = ("id", "user_id", "userId", "distinct_id", "email", "name")
_TAGS_IN_METADATA = ("tags", "labels")


def read_vendor_span(record: AISpan, source: Source, keys: VendorKeys, stated: Stated | None = None) -> None:
    """Fill what the record leaves open; `stated` is what the vendor says of the kind in another way than by a word."""
    weigh(record, source, stated if stated is not None else stated_kind(source, keys))
    given, result = _data(source, keys)
    metadata = read_belonging(record, source, keys)
    error = _error_text(value_of(source, keys.error))
    if error is None and str(value_of(source, keys.level)).upper() == "ERROR":
        error = _text(source, keys.status_message) or "ERROR"
    if error is not None and record.error is None and error.lower() not in _NO_ERROR:
        record.error = Failure(message=error)
    source.used.update(all_of(source, keys.own))
    if record.kind == "span":
        given = given if given is not None else value_of(source, keys.input_messages)
        result = result if result is not None else value_of(source, keys.output_messages)
        _read_name(record, source, keys)
        _read_states(record, given, result)
        return
    provider = _text(source, keys.provider) or text(metadata.get("provider"))
    record.provider_original = record.provider_original or provider
    _read_answer(record, source, keys)
    _read_usage(record, source, keys)
    _read_settings(record, source, keys, metadata)
    result = _messages(source, keys.output_messages, result)
    read_call(record, _messages(source, keys.input_messages, given), result if result != _NOTHING else None)
    _add_calls(record, value_of(source, keys.calls))


def _read_answer(record: AISpan, source: Source, keys: VendorKeys) -> None:
    """Which model answered, under which id, and why it stopped."""
    record.request_model = record.request_model or _text(source, keys.model)
    record.response_model = record.response_model or _text(source, keys.response_model)
    record.response_id = record.response_id or identifier(value_of(source, keys.response_id))
    record.finish_reason = record.finish_reason or finish_reason(value_of(source, keys.finish))


def _read_settings(record: AISpan, source: Source, keys: VendorKeys, metadata: Mapping[str, Any]) -> None:
    """What was asked for beside the messages: tools, and settings in the metadata, in an object, or alone."""
    record.tools = record.tools or read_tools(value_of(source, keys.tools))
    read_request(record, {key: value for key, value in metadata.items() if key in _SETTINGS})
    parameters = value_of(source, keys.parameters)
    if is_mapping(parameters):
        read_request(record, parameters)
    read_request(record, {name: value for name, key in keys.settings if (value := source.take(key)) is not None})


def _add_calls(record: AISpan, calls: Any) -> None:
    """The tools that an answer calls, into its last message, unless one of them says calls of its own."""
    if not is_list(calls) or any("tool_calls" in message for message in record.output or ()):
        return
    *before, last = record.output or [{"role": "assistant", "content": None}]
    said = read_messages([{**last, "tool_calls": list(calls)}], "assistant")
    record.output = [*before, *(said or [last])]


def _messages(source: Source, keys: tuple[str, ...], otherwise: Any) -> Any:
    """The messages of the first of the keys that has some."""
    for key in keys:
        found = flattened(source, key, _said) if key.endswith(".") else opened(json_text(source.take(key)))
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


def _error_text(value: Any) -> str | None:
    """What an error says; of an object all that stands in it."""
    return dump(value) if value and is_mapping(value) else text(value)


def _text(source: Source, keys: tuple[str, ...]) -> str | None:
    return text(value_of(source, keys))


def read_belonging(record: AISpan, source: Source, keys: VendorKeys) -> Mapping[str, Any]:
    """For whom the span ran, and what the user wrote about it; the metadata object as it stands there."""
    identity = record.identity
    user, session = value_of(source, keys.user), value_of(source, keys.session)
    if is_mapping(user):
        user = next((user[key] for key in _WHO if user.get(key) is not None), None)
    identity.user = identity.user if identity.user is not None else identifier(user)
    identity.session = identity.session if identity.session is not None else conversation(session)
    metadata: dict[str, Any] = {}
    for key in keys.metadata:
        metadata.update(metadata_of(value_of(source, (key,))))
    read_names(identity, metadata)
    for tags in (value_of(source, keys.tags), *(metadata.get(key) for key in _TAGS_IN_METADATA)):
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
    if not is_counted(record):
        _read_usage(record, source, keys)
    read_call(record, given, result)


def _data(source: Source, keys: VendorKeys) -> tuple[Any, Any]:
    return opened(value_of(source, keys.input)), opened(value_of(source, keys.output))


def _read_name(record: AISpan, source: Source, keys: VendorKeys) -> None:
    name = _text(source, _own_names(keys.name, record.span_type))
    if name is not None and record.name is None:
        record.name = name
    name_after_span(record, source)
    if record.span_type == "tool" and record.tool_call_id is None:
        record.tool_call_id = identifier(value_of(source, keys.tool_call_id))


def _read_states(record: AISpan, given: Any, result: Any) -> None:
    if unset(record.input_state) and given is not None and given != "":
        record.input_state = read_state(given, "user")
    if unset(record.output_state) and result is not None and result != "":
        record.output_state = read_state(result, "assistant")


# Types of steps whose names stand on what runs in them, too.
_NAMED = ("agent", "workflow", "task", "tool")


def _own_names(keys: tuple[str, ...], span_type: str | None) -> tuple[str, ...]:
    """The keys that may name a step of this type, that of its own type first: the others name what it runs in."""
    own = [key for key in keys if _named_type(key) in (None, span_type)]
    return tuple(sorted(own, key=lambda key: _named_type(key) != span_type))


def _named_type(key: str) -> str | None:
    """The type of the steps that a key names; None where it may name any."""
    return next((each for each in _NAMED if key.replace("_", ".").endswith(f"{each}.name")), None)


def _read_usage(record: AISpan, source: Source, keys: VendorKeys) -> None:
    for key in keys.usage:
        usage = metadata_of(opened(value_of(source, (key,))))
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
        record.cost.total = number(value_of(source, keys.cost))
    if record.time_to_first_token is None:
        record.time_to_first_token = _seconds(source, keys)


def _seconds(source: Source, keys: VendorKeys) -> float | None:
    """The time to the first token."""
    seconds = number(value_of(source, keys.first_token))
    milliseconds = number(value_of(source, keys.first_token_ms))
    return seconds if seconds is not None or milliseconds is None else milliseconds / 1_000


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
