"""What people and judges say about a trace: `$ai_feedback`, `$ai_metric`, `$ai_evaluation`.

    trace_id = f"{trace.get_current_span().get_span_context().trace_id:032x}"   # hand it to the page with the answer
    …
    capture_feedback("great answer", value=1, kind="thumbs", trace_id=trace_id, distinct_id="user-7")

Inside the trace no `trace_id` is needed. The event leaves by the delivery of the live `PostHogSpanProcessor`s.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from opentelemetry import trace

from otel_posthog_ai.context.belonging import NOBODY, Belonging, usable_id
from otel_posthog_ai.context.posthog_context import current, posthog_library_identity
from otel_posthog_ai.events.custom import is_writable
from otel_posthog_ai.events.evaluations import VERDICTS
from otel_posthog_ai.events.identifiers import event_uuid, timestamp
from otel_posthog_ai.events.properties import CONSTANTS
from otel_posthog_ai.log import warn, warn_once
from otel_posthog_ai.patterns import pattern

from .registry import active_processors

if TYPE_CHECKING:
    from .processor import PostHogSpanProcessor

_TRACE_ID = pattern(r"[A-Za-z0-9\-_~.@()!':|]{1,200}")
_HEX_TRACE_ID = pattern(r"[0-9a-f]{32}")
_HEX_SPAN_ID = pattern(r"[0-9a-f]{16}")


def capture_feedback(
    text: str | None = None,
    *,
    value: bool | float | str | None = None,
    kind: str | None = None,
    source: str | None = None,
    trace_id: str | int | None = None,
    span_id: str | int | None = None,
    distinct_id: object = None,
    properties: Mapping[str, Any] | None = None,
) -> bool:
    """Send what a user thinks of a trace (`$ai_feedback`).

    Args:
        text: Their words. Without them PostHog shows `value`; one of both is needed.
        value: Their rating: 1, True, "thumbs_up", … (`feedback_value`).
        kind: What the rating is, e.g. "thumbs" or "stars" (`feedback_type`).
        source: Who gave it, e.g. "user" or "qa" (`feedback_source`).
        trace_id: The trace, 32 hex digits as text or OpenTelemetry's int. Default: the current trace.
        span_id: The step that is meant, 16 hex digits or int.
        distinct_id: Who gave it. Default: the user of the current `posthog_context`, else nobody.
        properties: Custom properties, JSON-like.

    Returns:
        True once the event is queued; False (and one warning) where no processor is live or no trace is known.

    Raises:
        TypeError, ValueError: for an argument of a wrong type, or an id that is none.
    """
    _require_text(text=text, kind=kind, source=source)
    rating = _spoken("value", value)
    shown = rating if text is None else text
    if shown is None:
        raise ValueError("capture_feedback needs a text or a value")
    target = _target(trace_id, span_id)
    said = _present(feedback_value=value, feedback_type=kind, feedback_source=source)
    said["$ai_feedback_text"] = shown
    return _capture("$ai_feedback", target, distinct_id, properties, said)


def capture_metric(
    name: str,
    value: bool | float | str,
    *,
    trace_id: str | int | None = None,
    span_id: str | int | None = None,
    distinct_id: object = None,
    properties: Mapping[str, Any] | None = None,
) -> bool:
    """Attach a number or a label to a trace (`$ai_metric`), e.g. `capture_metric("groundedness", 0.93)`.

    `value` is sent as text, as all of PostHog's libraries do. The other arguments, the answer and the errors are those
    of `capture_feedback`.
    """
    _require_name(name)
    spoken = _spoken("value", value)
    if spoken is None:
        raise ValueError("capture_metric needs a value")
    said = {"$ai_metric_name": name.strip(), "$ai_metric_value": spoken}
    return _capture("$ai_metric", _target(trace_id, span_id), distinct_id, properties, said)


def capture_evaluation(
    name: str,
    result: bool | str | None,
    *,
    reasoning: str | None = None,
    model: str | None = None,
    provider: str | None = None,
    trace_id: str | int | None = None,
    span_id: str | int | None = None,
    distinct_id: object = None,
    properties: Mapping[str, Any] | None = None,
) -> bool:
    """Send the verdict of an evaluation (`$ai_evaluation`).

    Args:
        name: What was evaluated, e.g. "is_polite".
        result: The verdict: True, False, one of `VERDICTS` ("pass", "fail", …), or None where the question does not
            apply. Scores and other labels are metrics: `capture_metric`.
        reasoning: Why; content, so privacy mode leaves it out.
        model: The model that judged, if one did.
        provider: Its provider.
        trace_id: The trace. Default: the current one.
        span_id: The generation that was judged; the event then points at it. Without it the trace was judged.
        distinct_id: The user. Default: that of the current `posthog_context`, else nobody.
        properties: Custom properties, JSON-like.

    Returns and raises what `capture_feedback` does.
    """
    _require_name(name)
    _require_text(reasoning=reasoning, model=model, provider=provider)
    target = _target(trace_id, span_id)
    said = _present(
        **{
            "$ai_evaluation_name": name.strip(),
            "$ai_evaluation_reasoning": reasoning,
            "$ai_evaluation_model": model,
            "$ai_evaluation_provider": provider,
            **_verdict(result),
            **_judged(target),
        }
    )
    return _capture("$ai_evaluation", target, distinct_id, properties, said)


class _Target(NamedTuple):
    trace_id: str
    span_id: str | None


def _capture(
    event: str,
    target: _Target | None,
    distinct_id: object,
    properties: Mapping[str, Any] | None,
    said: Mapping[str, Any],
) -> bool:
    if properties is not None and not isinstance(properties, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError("properties must be a mapping")
    processors = _live_processors()
    if not processors:
        warn_once("feedback:none", "no PostHogSpanProcessor is live: feedback, metrics and evaluations are not sent")
        return False
    if target is None:
        warn_once("feedback:trace", "%s outside of a trace needs a trace_id; it is not sent", event)
        return False
    belonging = _belonging()
    user = usable_id(distinct_id) or belonging.distinct_id
    custom = {str(key): value for key, value in {**belonging.properties, **(properties or {})}.items()}
    known = {**said, **_where(target, belonging), **CONSTANTS}
    when, uuid = timestamp(time.time_ns()), str(uuid4())

    def hand_over(processor: PostHogSpanProcessor) -> bool:
        constant = processor.settings.properties
        own = {**(constant if isinstance(constant, Mapping) else {}), **custom}
        owner = user or usable_id(processor.settings.default_distinct_id)
        whole = {
            "event": event,
            "distinct_id": owner or target.trace_id,
            "properties": {
                **{key: value for key, value in own.items() if is_writable(key)},
                **({} if owner is not None else {"$process_person_profile": False}),
                **known,
            },
            "timestamp": when,
            "uuid": uuid,
        }
        return processor.capture(whole, private=belonging.privacy_mode, context_keys=own)

    sent = [_contained(hand_over, processor) for processor in processors]
    return any(sent)


def _contained(hand_over: Callable[[PostHogSpanProcessor], bool], processor: PostHogSpanProcessor) -> bool:
    try:
        return hand_over(processor)
    except Exception as error:
        warn("feedback:capture", "an event could not be queued (%s)", type(error).__name__)
        return False


def _live_processors() -> list[PostHogSpanProcessor]:
    # Several TracerProviders may send to one project, which is to get one event.
    return list({(each.settings.host, each.settings.api_key): each for each in active_processors()}.values())


def _belonging() -> Belonging:
    own = current() or NOBODY
    return own.within(posthog_library_identity())


def _where(target: _Target, belonging: Belonging) -> dict[str, Any]:
    return _present(
        **{
            "$ai_trace_id": target.trace_id,
            # Not `$ai_span_id`: that would be one more node of the tree with the id of the span.
            "span_id": target.span_id,
            "$ai_session_id": belonging.session_id,
            "$session_id": belonging.replay_session_id,
            "$groups": dict(belonging.groups) or None,
        }
    )


def _verdict(result: bool | str | None) -> dict[str, Any]:
    if result is None:
        return {"$ai_evaluation_applicable": False, "$ai_evaluation_allows_na": True}
    if isinstance(result, bool):
        return {"$ai_evaluation_result": result}
    if not isinstance(result, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError("result must be True, False or None; a score is a metric: use capture_metric")
    verdict = VERDICTS.get(result.strip().lower())
    if verdict is None:
        raise ValueError("result must be one of " + ", ".join(VERDICTS) + "; another label is a metric")
    return {"$ai_evaluation_result": verdict}


def _judged(target: _Target | None) -> dict[str, str]:
    if target is None:
        return {}
    if target.span_id is None:
        return {"$ai_target_type": "trace_id", "$ai_target_id": target.trace_id}
    return {"$ai_target_type": "generation_uuid", "$ai_target_id": event_uuid(target.trace_id, target.span_id)}


def _target(trace_id: object, span_id: object) -> _Target | None:
    span = None if span_id is None else _hex(span_id, "span_id", _HEX_SPAN_ID, 16)
    if trace_id is not None:
        return _Target(_hex(trace_id, "trace_id", _TRACE_ID, 32), span)
    here = trace.get_current_span().get_span_context()
    return _Target(f"{here.trace_id:032x}", span) if here.is_valid else None


def _hex(value: object, name: str, allowed: re.Pattern[str], digits: int) -> str:
    """The id as it stands in the events; OpenTelemetry's own are ints, and some write them as UUIDs."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 < value < 16**digits:
            raise ValueError(f"{name} is no valid id")
        return f"{value:0{digits}x}"
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a text of {digits} hex digits or an int")
    text = value.strip()
    plain = text.lower().replace("-", "")
    if len(plain) == digits and (_HEX_TRACE_ID if digits == 32 else _HEX_SPAN_ID).fullmatch(plain):
        return plain
    if not allowed.fullmatch(text):
        raise ValueError(f"{name} is no valid id")
    return text


def _spoken(name: str, value: object) -> str | None:
    """A rating as text, the way it is read in JSON."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        if not math.isfinite(value):
            raise ValueError(f"{name} must be a finite number")
        return str(value)
    if isinstance(value, str):
        return value
    raise TypeError(f"{name} must be a number, a text or a bool")


def _present(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _require_text(**values: object) -> None:
    for name, value in values.items():
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name} must be a text")


def _require_name(name: object) -> None:
    _require_text(name=name)
    if not isinstance(name, str) or not name.strip():
        raise ValueError("name must not be empty")
