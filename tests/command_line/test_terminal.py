"""Colours go to terminals only; trees and tables line up; content cannot steer the terminal."""

from __future__ import annotations

import io

from otel_posthog_ai.terminal import Node, Terminal, clean


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_no_escape_codes() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream, environ={"TERM": "xterm-256color"})
    terminal.line(terminal.style("fine", "bold", "green"))
    assert stream.getvalue() == "fine\n"


def test_a_terminal_gets_colours_unless_told_not_to() -> None:
    assert Terminal(_Screen(), environ={}).style("fine", "green") == "\x1b[32mfine\x1b[0m"
    assert Terminal(_Screen(), environ={"NO_COLOR": "1"}).style("fine", "green") == "fine"
    assert Terminal(_Screen(), environ={"TERM": "dumb"}).style("fine", "green") == "fine"
    assert Terminal(io.StringIO(), environ={"FORCE_COLOR": "1"}).style("fine", "green") == "\x1b[32mfine\x1b[0m"


def test_a_tree_draws_its_branches_and_details() -> None:
    stream = io.StringIO()
    leaf = Node("leaf", details=["small print"])
    Terminal(stream, environ={}).tree(Node("root", children=[Node("first", children=[leaf]), Node("last")]))
    assert stream.getvalue().splitlines() == [
        "root",
        "├─ first",
        "│  └─ leaf",
        "│        small print",
        "└─ last",
    ]


def test_table_columns_line_up_also_with_wide_and_coloured_cells() -> None:
    stream = _Screen()
    terminal = Terminal(stream, environ={})
    terminal.table([["name", "value"], [terminal.style("东京", "bold"), "1"], ["a", "2"]])
    assert stream.getvalue().splitlines() == ["name  value", "\x1b[1m东京\x1b[0m  1", "a     2"]


def test_a_stream_without_unicode_loses_the_character_not_the_line() -> None:
    raw = io.BytesIO()
    terminal = Terminal(io.TextIOWrapper(raw, encoding="ascii"), environ={})
    terminal.line("21 °C")
    assert raw.getvalue() == b"21 ?C\n"


def test_control_characters_of_content_are_removed() -> None:
    assert clean("a\x1b[31mred\r\nb\u202e") == "a [31mred  b "
