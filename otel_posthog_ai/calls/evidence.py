"""One model call, one generation: the evidence that two spans report the same call.

The evidence, strongest first: the same response id in overlapping times; an ancestor and a descendant of different
scopes with the same model and no conflicting usage; a parentless client span in another trace that ran inside a
generation of another scope with the same model, and the same user text and usage as far as both have them, unless only
the client's failed, or around the call of an instrumentor with a context of its own; the same below one step of one
trace, or below a step around that of the other, because a framework whose callbacks trace it makes no span the current
one; the call that began while a stream of another scope had been handed out and had no token yet, where all of that
and the answer agree; the same words asked and answered at one time in one trace, however each counts them. Time alone
or text alone proves nothing, and two spans of one scope are two calls unless their dialect declares the pair, one is
no more than an account of what the other used, or one lies around others and says no more than they do (`wrappers`).
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.reading.messages import last_user_text, message_text
from otel_posthog_ai.record import AISpan
from otel_posthog_ai.tree.lineage import Lineage
from otel_posthog_ai.tree.nodes import Node

from .comparing import (
    TOLERANCE_NS,
    both_differ,
    contains,
    ids_differ,
    inputs,
    overlap,
    same_model,
    same_time,
    usage_differs,
)


def same_response(one: AISpan, other: AISpan) -> bool:
    """Evidence 1."""
    return (
        one.response_id is not None
        and one.response_id == other.response_id
        and _kinds_agree(one, other)
        and one.instrumentor != other.instrumentor
        and overlap(one, other)
    )


def counts_again(account: AISpan, call: AISpan) -> bool:
    """Whether an account is of this call: one beside or around it, with these counts, that its instrumentor began by
    then, or another had seen the end of."""
    own = account.instrumentor == call.instrumentor
    return (
        account.account
        and not call.account
        and account.kind == call.kind
        and account.parent_id is not None
        and account.parent_id in (call.parent_id, call.span_id)
        and (call.start_ns if own else call.end_ns) <= account.start_ns
        and same_model(account, call)
        and not usage_differs(account.usage, call.usage)
    )


def nested_calls(one: AISpan, other: AISpan) -> bool:
    """Evidence 2, for an ancestor and a descendant, whichever is which, with no tool, agent or chain between."""
    if _failed_before(one, other) or _failed_before(other, one):
        return False  # asked again, where the context of what failed is still the current one
    return _may_be_one(one, other) and (not usage_differs(one.usage, other.usage) or _same_words(one, other))


def _failed_before(one: AISpan, other: AISpan) -> bool:
    return one.error is not None and other.start_ns > one.end_ns + TOLERANCE_NS


def counted_the_first_piece(outer: AISpan, inner: AISpan) -> bool:
    """Whether one of a call and its only child counted no more of a stream than its first piece said."""
    counts = (outer.usage.output, inner.usage.output)
    if not _may_be_one(outer, inner) or not (outer.stream or inner.stream) or None in counts:
        return False
    low, high = sorted(each or 0 for each in counts)
    return low <= _MOST_IN_A_PIECE < high and bool(inputs(outer.usage) & inputs(inner.usage))


_MOST_IN_A_PIECE = 8


def read_the_stream(outer: AISpan, inner: AISpan) -> bool:
    """Evidence 4, for a stream that was handed out: its first reader called the model, wherever that was by then."""
    until = outer.spoke_until_ns
    if until is None or not outer.start_ns <= inner.start_ns <= until or not _may_be_one(outer, inner):
        return False
    if inner.parent_id is not None and inner.trace_id != outer.trace_id:
        return False
    if (outer.error is None) != (inner.error is None):
        return False
    if outer.error is None and inner.end_ns + TOLERANCE_NS < until:
        return False  # it was over when the stream still spoke
    return not (_texts_differ(outer, inner) or usage_differs(outer.usage, inner.usage) or _answers_differ(outer, inner))


def left_to_its_reader(outer: AISpan, inner: AISpan) -> bool:
    """Evidence 4, where the stream's span notes nothing of it: the next call of the same words below the same step, or
    of another trace where there is no step around either."""
    return (
        outer.handed_out
        and outer.parent_id == inner.parent_id
        and (outer.trace_id == inner.trace_id) == (outer.parent_id is not None)
        and outer.start_ns <= inner.start_ns
        and _may_be_one(outer, inner)
        and _asked_alike(outer, inner)
    )


def ran_beside(outer: Node, one: AISpan, inner: Node, other: AISpan, lineage: Lineage) -> bool:
    """Evidence 3, for two spans of one trace: below one step, or the inner below a step that is around the outer's.

    Some tracers name a parent that is never written: what lies above their spans, nobody knows.
    """
    if outer.trace_id != inner.trace_id or not inner.parent_id or not ran_inside(one, other):
        return False
    return lineage.is_below(outer, inner.parent_id) or lineage.is_lost(outer, inner)


def told_twice_over(one: AISpan, other: AISpan) -> bool:
    """Evidence 5, for two tracers that each draw what they are told: in the same words, or at the same moments."""
    return _told_alike(one, other) or _told_at_once(one, other)


def _told_alike(one: AISpan, other: AISpan) -> bool:
    """Two tracers of one client, or of a framework that calls them back one after the other, for most of
    the same time, with the same words. A stream's tokens are an estimate where the request did not ask for them.
    """
    if one.trace_id != other.trace_id or not same_time(one, other) or not _may_be_one(one, other):
        return False
    return _asked_alike(one, other) and _ended_alike(one, other)


def _told_at_once(one: AISpan, other: AISpan) -> bool:
    """Two tracers that one library calls back, each below a step of its own: both start and end together,
    count the same and end alike, and say no other words. Calls without an answer's id have no more to show.
    """
    return (
        abs(one.start_ns - other.start_ns) <= TOLERANCE_NS
        and abs(one.end_ns - other.end_ns) <= TOLERANCE_NS < one.end_ns - one.start_ns
        and one.parent_id != other.parent_id
        and None not in (one.parent_id, other.parent_id)
        and not (one.logged or other.logged)
        and bool(inputs(one.usage) & inputs(other.usage))
        and _may_be_one(one, other)
        and not usage_differs(one.usage, other.usage)
        and (one.error is None) == (other.error is None)
        and not _texts_differ(one, other)
        and not _answers_differ(one, other)
    )


def _ended_alike(one: AISpan, other: AISpan) -> bool:
    """Whether both say the same answer, or the same failure, which some write behind the name of its class."""
    if one.error is None and other.error is None:
        answered = _answered(one)
        return bool(answered) and answered == _answered(other)
    said = [each.error.message.partition("\n")[0] for each in (one, other) if each.error and each.error.message]
    return len(said) == 2 and (said[0].endswith(said[1]) or said[1].endswith(said[0]))


def _took_place_inside(outer: AISpan, inner: AISpan) -> bool:
    """Whether one ran within the other, and nothing that both say makes them two."""
    # What tells most of many calls apart comes first.
    if not contains(outer, inner):
        return False
    if usage_differs(outer.usage, inner.usage) and not counted_the_first_piece(outer, inner):
        return False
    if not _may_be_one(outer, inner):
        return False
    if inner.error is not None and outer.error is None:
        return False  # tried again: another call inside it went well
    return not _texts_differ(outer, inner)


def ran_inside(outer: AISpan, inner: AISpan) -> bool:
    """Evidence 3, for spans of different traces, or of different steps."""
    return _took_place_inside(outer, inner) and (bool(_comparable(outer, inner)) or _leaves_no_doubt(outer, inner))


def _leaves_no_doubt(outer: AISpan, inner: AISpan) -> bool:
    """Whether the times alone tell it; those of a stream do not, which was handed out when its span ended."""
    return (
        not (inner.handed_out or inner.spoke_until_ns is not None)
        and outer.start_ns <= inner.start_ns
        and inner.end_ns <= outer.end_ns
    )


def ran_around(outer: AISpan, inner: AISpan) -> bool:
    """Evidence 3 the other way round: the client's parentless span lies around the call of an instrumentor with a
    context of its own. Both must count or fail alike, and the instrumentor tell the question; of texts to embed few do.
    """
    apart = outer.parent_id is None and inner.parent_id is not None and outer.trace_id != inner.trace_id
    if not apart or not _took_place_inside(outer, inner):
        return False
    alike = bool(inputs(outer.usage) & inputs(inner.usage)) or (outer.error is not None and inner.error is not None)
    embedding = outer.kind == inner.kind == "embedding"
    return (alike and bool(asked(inner))) or (embedding and _leaves_no_doubt(outer, inner))


def _may_be_one(one: AISpan, other: AISpan) -> bool:
    """Whether two instrumentors could mean one call: nothing that names it says otherwise."""
    return (
        one.instrumentor != other.instrumentor
        and _kinds_agree(one, other)
        and not ids_differ(one, other)
        and same_model(one, other)
    )


def _kinds_agree(one: AISpan, other: AISpan) -> bool:
    """Whether the kinds are the same, as far as both know: an embedding can look like a call that answered nothing."""
    if one.kind == other.kind:
        return True
    return {one.kind, other.kind} == {"embedding", "generation"} and not one.output and not other.output


def _comparable(one: AISpan, other: AISpan) -> int:
    """How many things both spans have to compare: a usage, a text, a failure."""
    both = (one, other)
    failures = [each.error.message for each in both if each.error is not None and each.error.message]
    return (
        all(each.usage.input is not None for each in both)
        + all(bool(asked(each)) for each in both)
        + (len(failures) == len(both) and failures[0] == failures[1])
    )


def slack(outer: AISpan, inner: AISpan) -> tuple[bool, int, bool, int]:
    """What speaks against a pair: another end, little to compare, another step, how much longer one took."""
    longer = abs((outer.end_ns - outer.start_ns) - (inner.end_ns - inner.start_ns))
    ended_differently = (outer.error is None) != (inner.error is None)
    return ended_differently, -_comparable(outer, inner), outer.parent_id != inner.parent_id, longer


def asked(record: AISpan) -> Any:
    """What the model was asked or had to embed; some join the texts of a batch with blanks."""
    return " ".join(record.embedding_input) if record.embedding_input else last_user_text(record.input)


def _asked_alike(one: AISpan, other: AISpan) -> bool:
    """Whether both are known to have asked the same."""
    words = asked(one)
    return bool(words) and words == asked(other)


def _texts_differ(one: AISpan, other: AISpan) -> bool:
    return both_differ(asked(one), asked(other))


def _same_words(one: AISpan, other: AISpan) -> bool:
    """Whether question, answer and size of the input are the same: then the output was only counted otherwise."""
    answer = _answered(one)
    answered_alike = bool(answer) and answer == _answered(other)
    return answered_alike and _asked_alike(one, other) and bool(inputs(one.usage) & inputs(other.usage))


def _answers_differ(one: AISpan, other: AISpan) -> bool:
    if one.cancelled or other.cancelled:
        return False  # how much of it was taken before that, each counts its own way
    return both_differ(_answered(one), _answered(other))


def _answered(record: AISpan) -> list[str]:
    """The answer's texts and the ids of its calls."""
    said: list[str] = []
    for message in record.output or ():
        said += [message_text(message), *(str(call.get("id")) for call in message.get("tool_calls") or ())]
    return [each for each in said if each]
