"""Results of evaluations that were recorded on a span: a verdict is an `$ai_evaluation`, a score or label a metric."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.record import AISpan, Evaluation

from .identifiers import event_uuid

EVALUATION = "$ai_evaluation"
METRIC = "$ai_metric"

VERDICTS: dict[str, bool] = {
    "true": True, "pass": True, "passed": True, "yes": True,
    "false": False, "fail": False, "failed": False, "no": False,
}  # fmt: skip
"""Labels that are a verdict, lower case. Any other label is a metric."""


def evaluation_event(record: AISpan, result: Evaluation) -> tuple[str, dict[str, Any]] | None:
    """Name and own properties of the event of one result; None for a result that says nothing."""
    verdict = VERDICTS.get(result.label.strip().lower()) if result.label is not None else None
    said: dict[str, Any]
    if verdict is not None:
        name = EVALUATION
        said = {
            "$ai_evaluation_name": result.name,
            "$ai_evaluation_result": verdict,
            "$ai_evaluation_reasoning": result.explanation,
            "gen_ai.evaluation.score.value": result.score,
            **_target(record, result),
        }
    else:
        value = result.score if result.score is not None else result.label
        if value is None:
            return None
        name = METRIC
        said = {
            "$ai_metric_name": result.name or "evaluation",
            "$ai_metric_value": str(value),
            "gen_ai.evaluation.score.label": result.label,
            "gen_ai.evaluation.explanation": result.explanation,
            **_target(record, result),
        }
    said["$ai_trace_id"] = record.trace_id
    # Not `$ai_span_id`: that would be one more node of the tree with the id of the span.
    said["span_id"] = record.span_id
    said["$ai_session_id"] = record.identity.session
    return name, {key: value for key, value in said.items() if value is not None}


def _target(record: AISpan, result: Evaluation) -> dict[str, str]:
    """The generation on which the result stands; a result on a step, or one of another answer, is of the trace."""
    of_this = result.response_id is None or record.response_id is None or result.response_id == record.response_id
    if record.kind == "generation" and of_this:
        return {"$ai_target_type": "generation_uuid", "$ai_target_id": event_uuid(record.trace_id, record.span_id)}
    return {"$ai_target_type": "trace_id", "$ai_target_id": record.trace_id}
