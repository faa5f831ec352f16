"""What a provider's request asks and what the model replies, free of any provider's spelling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "tool_calls", "length"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks for; `arguments` is the parsed JSON object."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. For role `tool`, `text` is the result and `answers` the id of the call."""

    role: Role
    text: str
    calls: tuple[ToolCall, ...] = ()
    answers: str | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call; `parameters` is its JSON schema."""

    name: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to the model.

    `tool_choice` is `auto`, `none`, `required` or the name of one tool. `schema` is the JSON schema of a structured
    answer, or None for free text. `max_tokens` is the limit of the answer in tokens, or None.
    """

    model: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    parallel: bool = True
    reasons: bool = False
    schema: Mapping[str, Any] | None = None
    max_tokens: int | None = None

    @property
    def question(self) -> str:
        """The text of the last user turn, or ""."""
        return next((turn.text for turn in reversed(self.turns) if turn.role == "user"), "")

    def since_question(self) -> Sequence[Turn]:
        """The turns after the last user turn: the calls made and results given in this round."""
        for index in range(len(self.turns) - 1, -1, -1):
            if self.turns[index].role == "user":
                return self.turns[index + 1 :]
        return self.turns

    def sent_before(self) -> Sequence[Turn]:
        """The turns before the last answer: an earlier request of this conversation must have held them."""
        for index in range(len(self.turns) - 1, -1, -1):
            if self.turns[index].role == "assistant":
                return self.turns[:index]
        return ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts. `cached` is a part of `input`, `reasoning` a part of `output`."""

    input: int
    output: int
    cached: int = 0
    reasoning: int = 0

    @property
    def total(self) -> int:
        return self.input + self.output


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says: text, or calls, after an optional thought."""

    text: str
    calls: tuple[ToolCall, ...]
    thought: str
    finish: FinishReason
    usage: Usage

    def text_pieces(self) -> Iterator[str]:
        """The text in the pieces in which a stream sends it: words with the space that follows."""
        yield from _pieces(self.text)

    def thought_pieces(self) -> Iterator[str]:
        yield from _pieces(self.thought)


def _pieces(text: str) -> Iterator[str]:
    start = 0
    for index, character in enumerate(text):
        if character == " ":
            yield text[start : index + 1]
            start = index + 1
    if start < len(text):
        yield text[start:]
