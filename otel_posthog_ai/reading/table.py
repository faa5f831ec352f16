"""Tables that say which attribute fills which field of the record, and the one function that follows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from otel_posthog_ai.record import MISSING, AISpan

from .source import Shape, Source


class Row(NamedTuple):
    """`field` of the record (dotted for a part of it) is filled from the first of `keys` that `parse` can read."""

    field: str
    keys: tuple[str, ...]
    parse: Callable[[Any], Any]


Table = tuple[Row, ...]


_CONTENTS = (str, list, tuple, dict)


def unset(value: Any) -> bool:
    """Whether a field still waits for a value: 0 and False are values, an empty text or list is none."""
    return value is None or value is MISSING or (isinstance(value, _CONTENTS) and not value)


_indexes: dict[int, tuple[Table, dict[str, tuple[int, ...]]]] = {}
# What is left of a row: the field in its part of the record, keys that are there, parser.
_Step = tuple[str, tuple[str, ...], Callable[[Any], Any]]
# The keys that are there, and by part of the record ("": the record itself) what fills it.
_Plan = tuple[frozenset[str], tuple[tuple[str, tuple[_Step, ...]], ...]]


def _rows_by_key(table: Table) -> dict[str, tuple[int, ...]]:
    """Attribute key -> numbers of the rows that read it. A span has few of the keys of a table."""
    known = _indexes.get(id(table))
    if known is not None:
        return known[1]
    rows_of: dict[str, tuple[int, ...]] = {}
    for number, row in enumerate(table):
        for key in row.keys:
            rows_of[key] = (*rows_of.get(key, ()), number)
    _indexes[id(table)] = (table, rows_of)  # with the table, so that its id stays its own
    return rows_of


def _plan(table: Table, shape: Shape) -> _Plan:
    """The keys that the table reads of these, and the rows that read them, with these keys alone."""
    rows_of = _rows_by_key(table)
    present = frozenset(rows_of.keys() & shape.keys)
    steps: dict[str, list[_Step]] = {}
    for number in sorted({number for key in present for number in rows_of[key]}):
        field, keys, parse = table[number]
        part, _, name = field.rpartition(".")
        steps.setdefault(part, []).append((name, tuple(key for key in keys if key in present), parse))
    plan = present, tuple((part, tuple(of_part)) for part, of_part in steps.items())
    shape.plans[id(table)] = table, plan
    return plan


def fill(record: AISpan, table: Table, source: Source) -> None:
    """Fill the unset fields of `record`; the attributes of the table count as used whether or not they were needed."""
    attributes = source.attributes
    shape = source.shape
    known = shape.plans.get(id(table))
    plan: _Plan = known[1] if known is not None else _plan(table, shape)
    present, parts = plan
    source.used.update(present)
    for part, steps in parts:
        owner: Any = getattr(record, part) if part else record
        for name, keys, parse in steps:
            current = getattr(owner, name)
            if current is not None and not unset(current):
                continue
            for key in keys:
                if key in attributes:
                    value = parse(attributes[key])
                    if value is not None:
                        setattr(owner, name, value)
                        break


def fill_parameters(record: AISpan, names: dict[str, str], source: Source, parse: Callable[[Any], Any]) -> None:
    """Request parameters: attribute key -> the parameter's name in the provider's API."""
    for key in source.shape.present(names):
        if key in source.attributes:
            source.used.add(key)
            value = parse(source.attributes[key])
            if value is not None:
                record.parameters.setdefault(names[key], value)
