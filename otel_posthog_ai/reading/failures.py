"""Why a step failed: type, message and HTTP status, from every place where instrumentors leave them."""

from __future__ import annotations

import re
from typing import Any

from opentelemetry.semconv.attributes import error_attributes, exception_attributes
from opentelemetry.semconv.attributes.http_attributes import HTTP_RESPONSE_STATUS_CODE

from otel_posthog_ai.attribute_names.general import ERROR_MESSAGE, HTTP_STATUS_CODE
from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.record import AISpan, Failure

from .failure_status import CLASS_STATUS, http_status, status_in_text, status_of_type
from .literals import read_literal
from .source import Occurrence, Source
from .table import unset
from .values import is_mapping, parse_json, text

ERROR_TYPE = error_attributes.ERROR_TYPE
STATUS_KEYS = (
    HTTP_RESPONSE_STATUS_CODE,
    HTTP_STATUS_CODE,
    "error.code",
    "error.status",
    "error.status_code",
    "status_code",
    "exception.status_code",
)
MESSAGE_KEYS = (ERROR_MESSAGE, "exception.message", "error")

# Stopping on purpose is no failure.
CANCELLATIONS = frozenset(
    {"GraphInterrupt", "NodeInterrupt", "GraphBubbleUp", "GraphDrained", "ParentCommand", "CancelledError",
     "GeneratorExit", "CallDeferred", "ApprovalRequired", "AbandonedStreamError"}
)  # fmt: skip
# What OpenTelemetry's GenAI instrumentors say of a stream that nobody read to its end.
ABANDONED = "abandoned stream"
# How a vendor's own key of a status ends.
_STATUS_ENDINGS = ("status_code", "http_status", "statusCode", "httpStatus")
# An error that another one was raised of as a text: `Exception: RateLimitError('Error code: 429')`.
_INSIDE = pattern(r"(?:Exception: )?([A-Z]\w*(?:Error|Exception|Timeout))\((['\"])(.*)\2\)\s*$", re.DOTALL)
_ANY_ERROR = (None, "Exception", "Error", "BaseException", "RuntimeError")
_CLASS_NAME = pattern(r"<class '([\w.]+)'>")
# Where a stack trace says what was raised: `openai.AuthenticationError: Error code: 401 - …`.
_RAISED = pattern(r"^[A-Za-z_][\w.]*(?:Error|Exception): .*$", re.MULTILINE)
# Packages of the providers' own clients.
CLIENTS = frozenset({"openai", "anthropic", "groq", "cohere", "mistralai", "together"})
_CAUSED = "The above exception was the direct cause of the following exception:"
_TRACE_SEARCHED = 40_000


def read_failure(record: AISpan, source: Source) -> None:
    """Fill `record.error` (or `record.cancelled`) from the span's status, attributes and last exception event."""
    if not (source.events or source.status_error or record.error is not None or ERROR_TYPE in source.attributes):
        return
    exception = _last_exception(source)
    error_type = _type(source, exception)
    stated = record.error is not None or source.status_error or ERROR_TYPE in source.attributes
    failed = stated or exception_escaped(exception) or (exception is not None and _came_to_nothing(record))
    if _is_cancellation(error_type):
        record.cancelled = True
        record.error = None
        return
    if not failed:
        return
    known = record.error or Failure()
    message = known.message or _message(source, exception)
    if message == ABANDONED and error_type is None:
        record.cancelled, record.error = True, None
        return
    kind = known.type or (error_type if _is_of(known.message, exception) else None)
    kind, message = _type_in_text(kind, message)
    message = None if message == kind else message  # whoever keeps what was said to itself repeats the type
    status = known.status if known.status is not None else _status(source, exception, kind, message)
    record.error = Failure(kind, plain_message(message) if message is not None else None, status)
    if record.kind != "span" and record.provider_original is None and record.request_model is None:
        record.provider_original = _client(exception)


def _client(exception: Occurrence | None) -> str | None:
    """The provider whose client raised the error, where nothing else names one: `openai.RateLimitError`."""
    raised = text(exception.attributes.get(exception_attributes.EXCEPTION_TYPE)) if exception is not None else None
    package = raised.partition(".")[0] if raised is not None else ""
    return package if package in CLIENTS else None


def exception_escaped(exception: Occurrence | None) -> bool:
    """Whether an exception event says that the exception left the span."""
    if exception is None:
        return False
    escaped = exception.attributes.get(exception_attributes.EXCEPTION_ESCAPED)
    return escaped is True or (isinstance(escaped, str) and escaped.lower() == "true")


def is_exception(name: str) -> bool:
    """Whether an event is an exception: of a span, or a log record's of the GenAI conventions."""
    return name == "exception" or (name.startswith("gen_ai.") and name.endswith(".exception"))


def _came_to_nothing(record: AISpan) -> bool:
    """Whether a call has nothing to show beside its exception, or a step no more than what it was given: some vendors
    forget to set the status, or fail to, because one that was set to OK stays.
    """
    if record.kind == "span":
        return not unset(record.input_state) and unset(record.output_state)
    usage = record.usage
    counted = usage.input is not None or usage.output is not None or usage.total is not None
    return not (record.output or record.response_id or record.finish_reason or counted)


def _is_of(message: str | None, exception: Occurrence | None) -> bool:
    """Whether an exception is the one of which a vendor's own key tells; it may have been raised on the way out."""
    raised = text(exception.attributes.get(exception_attributes.EXCEPTION_MESSAGE)) if exception is not None else None
    return message is None or raised is None or message in raised or raised in message


def _last_exception(source: Source) -> Occurrence | None:
    """The span's own; without one, that of the log records which newer instrumentors write instead."""
    told = (*source.logs, *source.events)
    return next((each for each in reversed(told) if is_exception(each.name)), None)


def is_error_text(value: Any, source: Source) -> bool:
    """Whether an output is only the text of the exception that ended the span: `ChatModelError(…): …`."""
    exception = _last_exception(source)
    kind = short_type(exception.attributes.get(exception_attributes.EXCEPTION_TYPE)) if exception is not None else None
    return kind is not None and isinstance(value, str) and re.match(rf"{re.escape(kind)}\b", value) is not None


def short_type(value: Any) -> str | None:
    """`openai.RateLimitError` and `<class 'openai.RateLimitError'>` as `RateLimitError`."""
    found = text(value)
    if found is None:
        return None
    match = _CLASS_NAME.search(found)
    found = (match.group(1) if match else found).strip()
    if not re.fullmatch(r"[\w.]+", found):
        return found
    return found.rsplit(".", 1)[-1] or None


def _type(source: Source, exception: Occurrence | None) -> str | None:
    named = short_type(exception.attributes.get(exception_attributes.EXCEPTION_TYPE)) if exception is not None else None
    stated = short_type(source.take(ERROR_TYPE))
    if named is not None:
        return named
    return stated if stated != "_OTHER" else None


def _message(source: Source, exception: Occurrence | None) -> str | None:
    found = text(exception.attributes.get(exception_attributes.EXCEPTION_MESSAGE)) if exception is not None else None
    if found is None:
        found = text(source.status_message)
    if found is None:
        named = (source.take(key) for key in MESSAGE_KEYS if isinstance(source.attributes.get(key), str))
        found = next((text(value) for value in named), None)
    return found.split("Traceback (most recent call last)")[0].strip() if found is not None else None


def plain_message(value: str) -> str:
    """An error's text; an object that was written as JSON or as Python's repr by what it says."""
    found = parse_json(value) if value.startswith("{") else None
    if isinstance(found, str):
        found = read_literal(value)
    if not is_mapping(found):
        return value
    error, data = found.get("error"), found.get("data")
    inner = error if is_mapping(error) else found
    said = [inner.get("message"), data.get("error") if is_mapping(data) else None]
    return ": ".join(each for each in said if isinstance(each, str) and each) or value


def _type_in_text(kind: str | None, message: str | None) -> tuple[str | None, str | None]:
    """`RateLimitError: text` is a type and a text; a type that is only a status says less than one in the text."""
    if message is None:
        return kind, None
    if kind in _ANY_ERROR and (inside := _INSIDE.match(message)) is not None:
        return inside.group(1), inside.group(3)
    head, colon, rest = message.partition(": ")
    if colon and re.fullmatch(r"[A-Za-z_][\w.]*", head):
        named = head.rsplit(".", 1)[-1]
        if kind == named or (kind is None and (named in CLASS_STATUS or named.endswith(("Error", "Exception")))):
            return named, rest
    return kind, message


def _status(source: Source, exception: Occurrence | None, kind: str | None, message: str | None) -> int | None:
    for key in STATUS_KEYS:
        found = http_status(source.attributes.get(key))
        if found is None and exception is not None:
            found = http_status(exception.attributes.get(key))
        if found is not None:
            source.used.add(key)
            return found
    found = http_status(source.attributes.get(ERROR_TYPE)) or http_status(kind)
    if found is not None:
        return found
    return (
        status_in_text(message)
        or status_of_type(kind, message)
        or _status_of_causes(exception)
        or _status_of_a_vendor(source)
    )


def _status_of_a_vendor(source: Source) -> int | None:
    found = (http_status(value) for key, value in source.attributes.items() if key.endswith(_STATUS_ENDINGS))
    return next((each for each in found if each is not None and each >= 400), None)


def _status_of_causes(exception: Occurrence | None) -> int | None:
    """The status of the client's error that a framework's own was raised from: the nearest in the stack trace."""
    trace = exception.attributes.get(exception_attributes.EXCEPTION_STACKTRACE) if exception is not None else None
    if not isinstance(trace, str):
        return None
    for cause in reversed(trace[-_TRACE_SEARCHED:].split(_CAUSED)[:-1]):
        raised = _RAISED.findall(cause)
        if raised:
            kind, message = _type_in_text(None, raised[-1])
            found = status_in_text(message) or status_of_type(kind, message)
            if found is not None:
                return found
    return None


def _is_cancellation(kind: str | None) -> bool:
    return kind is not None and kind in CANCELLATIONS
