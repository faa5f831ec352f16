"""Requests that protobuf does not parse: what of them can be read is read, span by span.

A text that was cut within a character, or a value that is nested too deep, makes the whole request unreadable to the
strict parser; Collectors written in Go pass it on, and drop for good what is answered with 400. Here the messages of
OTLP are read once more by a loose description of them, in which texts are bytes and so are spans and log records. The
wire format is the same.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any

from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

# Without type stubs, as they come.
_pb: Any = importlib.import_module("google.protobuf.descriptor_pb2")
_pool: Any = importlib.import_module("google.protobuf.descriptor_pool")
_factory: Any = importlib.import_module("google.protobuf.message_factory")
DecodeError: type[Exception] = importlib.import_module("google.protobuf.message").DecodeError

_FILES = (common_pb2, resource_pb2, trace_pb2, logs_pb2, trace_service_pb2, logs_service_pb2)
_ITEMS = {"opentelemetry.proto.trace.v1.Span", "opentelemetry.proto.logs.v1.LogRecord"}


def loosely_parsed(request: Any, body: bytes) -> tuple[Any, int]:
    """The request (an empty message of its type) with what could be read, and how many items could not be.

    Raises `DecodeError` when not even its frame can be read.
    """
    loose = _loose(request.DESCRIPTOR.full_name)()
    loose.ParseFromString(body)
    lost = 0
    frame, items = _frame_and_items(loose)
    request.ParseFromString(_mended(frame).SerializeToString())
    for (outer, inner, field), packed in items:
        target = getattr(getattr(request, _only(request))[outer], _scopes(request))[inner]
        item = getattr(target, field).add()
        try:
            item.ParseFromString(packed)
        except DecodeError:
            try:
                item.ParseFromString(_mended_bytes(item.DESCRIPTOR.full_name, packed))
            except DecodeError:
                del getattr(target, field)[-1]
                lost += 1
    return request, lost


def _only(message: Any) -> str:
    """`resource_spans` or `resource_logs`: the one field of a request."""
    return str(message.DESCRIPTOR.fields[0].name)


def _scopes(request: Any) -> str:
    return _only(request).replace("resource_", "scope_")


def _frame_and_items(loose: Any) -> tuple[Any, list[tuple[tuple[int, int, str], bytes]]]:
    """The request without its items, and these with the places that they had."""
    items: list[tuple[tuple[int, int, str], bytes]] = []
    for outer, of_resource in enumerate(getattr(loose, _only(loose))):
        for inner, of_scope in enumerate(getattr(of_resource, _scopes(loose))):
            for field in ("spans", "log_records"):
                if field in of_scope.DESCRIPTOR.fields_by_name:
                    items += (((outer, inner, field), packed) for packed in getattr(of_scope, field))
                    of_scope.ClearField(field)
    return loose, items


def _mended_bytes(name: str, packed: bytes) -> bytes:
    loose = _loose(name)()
    loose.ParseFromString(packed)
    mended: bytes = _mended(loose).SerializeToString()
    return mended


def _mended(message: Any) -> Any:
    """The message with every text as valid UTF-8: what is not becomes U+FFFD."""
    texts = _texts_of(message.DESCRIPTOR.full_name)
    for field, value in message.ListFields():
        if field.message_type is not None:
            for each in _each(value):
                _mended(each)
        elif field.name in texts:
            if isinstance(value, bytes):
                setattr(message, field.name, _valid(value))
            else:
                value[:] = [_valid(each) for each in value]
    return message


def _each(value: Any) -> Iterator[Any]:
    yield from ((value,) if hasattr(value, "ListFields") else value)


def _valid(text: bytes) -> bytes:
    return text.decode("utf-8", "replace").encode()


@cache
def _loose(name: str) -> Any:
    return _factory.GetMessageClass(_loose_messages().FindMessageTypeByName(name))


@cache
def _loose_messages() -> Any:
    pool = _pool.DescriptorPool()
    for file in _FILES:
        description = _pb.FileDescriptorProto()
        file.DESCRIPTOR.CopyToProto(description)
        for message in description.message_type:
            _loosen(message)
        pool.Add(description)
    return pool


def _loosen(message: Any) -> None:
    for nested in message.nested_type:
        _loosen(nested)
    for field in message.field:
        is_item = field.type == field.TYPE_MESSAGE and field.type_name.lstrip(".") in _ITEMS
        if field.type == field.TYPE_STRING or is_item:
            field.type = field.TYPE_BYTES
            field.ClearField("type_name")


@cache
def _texts_of(name: str) -> frozenset[str]:
    """The fields of a message that hold text."""
    for file in _FILES:
        if name.startswith(f"{file.DESCRIPTOR.package}."):
            message = file.DESCRIPTOR.pool.FindMessageTypeByName(name)
            return frozenset(field.name for field in message.fields if field.type == field.TYPE_STRING)
    return frozenset()
