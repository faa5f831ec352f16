"""A chat of three turns as an app sends it: each call carries all that was said before. Answers are Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from .samples import event

SESSION = "trip-to-lisbon"
USER = "lena@example.com"
NOTES = "\n".join(f"{stop}. Note {stop}: tram line 28 passes stop {stop} every 12 minutes." for stop in range(1, 31))
SYSTEM = f"""# You are a travel guide

Answer from the notes. Rules:

- Name **opening hours** where you know them.
- Never book anything.
- Prices in euros.

## Notes

{NOTES}"""
QUESTIONS = (
    "I have one day in Lisbon in May. What should I see?",
    "Which of these is open on a Monday, and what does it cost?",
    "Write me a small script that adds the tickets up for two people.",
)
ANSWERS = (
    """## One day in Lisbon

Start **early**, the light is best before ten:

1. *Alfama* on foot, down from the castle
2. The tram `28` to Estrela
   - sit on the right
   - mind your pockets
3. Belém in the afternoon

> The monastery closes at 18:30 in May.

More at [the city's page](https://www.visitlisboa.example/may).""",
    """| Place | Monday | Ticket |
|---|:---:|---:|
| Castle | open | 15 € |
| Monastery | closed | 12 € |
| Tile museum | closed | 8 € |
| Oceanarium | open | 25 € |

So on a Monday take the **castle** and the *oceanarium*.""",
    """```python
tickets = {"castle": 15, "oceanarium": 25}
people = 2
print(sum(tickets.values()) * people)  # 80
```

It prints `80`: two castles and two oceanariums.""",
)


def chat(end: datetime) -> Sequence[dict[str, Any]]:
    """The events of the three traces, the last of which is praised."""
    history: list[dict[str, Any]] = [{"role": "system", "content": SYSTEM}]
    made: list[dict[str, Any]] = []
    for number, (question, answer) in enumerate(zip(QUESTIONS, ANSWERS, strict=True)):
        history = [*history, {"role": "user", "content": question}]
        reply = {"role": "assistant", "content": answer}
        made += _turn(number, end - timedelta(minutes=4 * (2 - number)), history, reply)
        history = [*history, reply]
    return made


def _turn(
    number: int, at: datetime, history: Sequence[dict[str, Any]], reply: dict[str, Any]
) -> Sequence[dict[str, Any]]:
    trace_id = f"lisbon-{number}"
    shared: dict[str, Any] = {"trace_id": trace_id, "session_id": SESSION}
    call: dict[str, Any] = {**shared, "parent_id": trace_id, "provider": "anthropic", "stop_reason": "end_turn"}
    draft = event(
        at=at - timedelta(seconds=2.2),
        span_id=f"draft-{number}",
        model="claude-haiku-4-5",
        input=list(history),
        output_choices=[{"role": "assistant", "content": "A draft."}],
        input_tokens=900 + 200 * number,
        output_tokens=12,
        latency=0.8,
        **call,
    )
    answer = event(
        at=at,
        span_id=f"answer-{number}",
        model="claude-sonnet-4-5",
        input=[*history, {"role": "assistant", "content": "A draft."}, {"role": "user", "content": "Make it better."}],
        output_choices=[reply],
        input_tokens=1000 + 220 * number,
        output_tokens=160,
        latency=2.1,
        **call,
    )
    root = event("$ai_trace", at, span_name="Travel guide", **shared)
    feedback = event("$ai_feedback", at + timedelta(seconds=20), feedback_text="Just what I needed", **shared)
    feedback["properties"] |= {"feedback_value": True, "feedback_type": "thumbs", "feedback_source": "user"}
    return [{**one, "distinct_id": USER} for one in (draft, answer, root, *([feedback] if number == 2 else []))]
