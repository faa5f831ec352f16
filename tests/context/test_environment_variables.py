"""The module that `opentelemetry-instrument` loads from every installed package."""

from __future__ import annotations

from otel_posthog_ai import environment_variables


def test_no_name_collides_with_those_of_opentelemetry() -> None:
    # Two modules with the same OTEL_* name end `opentelemetry-instrument` with an ArgumentError, whatever app it runs.
    assert [name for name in dir(environment_variables) if name.startswith("OTEL_")] == []


def test_each_constant_is_its_own_name() -> None:
    names = [name for name in dir(environment_variables) if name.isupper()]
    assert names
    assert {name: getattr(environment_variables, name) for name in names} == {name: name for name in names}
    assert all(name.startswith("POSTHOG_") for name in names)
