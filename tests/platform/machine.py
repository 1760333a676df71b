"""A state machine's definition, run step by step: of Amazon States Language what the data requests' machine has.

Written from the Amazon States Language's specification ("Choice", "Pass", "Task", "Wait", "Retry", "Catch", "Payload
Template"); whatever else stands in a definition is an error. Time does not pass: what it would wait for is noted.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MOST_STATES = 10_000
Invoke = Callable[[str, dict[str, Any]], dict[str, Any]]


class TaskError(Exception):
    """An error that a function raised, by the name that the machine sees."""

    @property
    def name(self) -> str:
        return str(self.args[0])


@dataclass
class Run:
    """What came of an execution: `end` is the last state, or None if it failed."""

    end: str | None = None
    states: list[str] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)
    retries: int = 0


def run(definition: dict[str, Any], given: dict[str, Any], invoke: Invoke) -> Run:
    """Run it with an input; `invoke` gets a function and a payload, gives its answer or raises `TaskError`."""
    found, data, at = Run(), dict(given), definition["StartAt"]
    while True:
        state = definition["States"][at]
        found.states.append(at)
        assert len(found.states) < MOST_STATES, "it goes round and round"
        kind = state["Type"]
        if kind == "Succeed":
            found.end = at
            return found
        if kind == "Choice":
            at = next((one["Next"] for one in state["Choices"] if _holds(one, data)), state["Default"])
        elif kind == "Wait":
            found.waits.append(state["Seconds"] if "Seconds" in state else _at(state["SecondsPath"], data))
            at = state["Next"]
        elif kind == "Pass":
            assert set(state) == {"Type", "Parameters", "Next"}, state
            data = _filled(state["Parameters"], data)
            at = state["Next"]
        else:
            assert kind == "Task", kind
            assert state["Resource"] == "${Invoke}"
            try:
                answer = {"Payload": _tried(state, data, invoke, found)}
            except TaskError as error:
                caught = next((one for one in state["Catch"] if _named(one, error)), None)
                if caught is None:
                    return found
                assert caught["ResultPath"] is None
                at = caught["Next"]
                continue
            name = state["ResultPath"].removeprefix("$.")
            data[name] = _filled(state["ResultSelector"], answer)
            at = state["Next"]


def _tried(state: dict[str, Any], data: dict[str, Any], invoke: Invoke, found: Run) -> dict[str, Any]:
    given = _filled(state["Parameters"], data)
    tried = [0] * len(state["Retry"])
    while True:
        try:
            return invoke(given["FunctionName"], given["Payload"])
        except TaskError as error:
            number = next((i for i, one in enumerate(state["Retry"]) if _named(one, error)), None)
            if number is None or tried[number] >= state["Retry"][number]["MaxAttempts"]:
                raise
            tried[number] += 1
            found.retries += 1


def _filled(template: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in template.items():
        if key.endswith(".$"):
            found[key.removesuffix(".$")] = _at(value, data)
        else:
            found[key] = _filled(value, data) if isinstance(value, dict) else value
    return found


def _named(one: dict[str, Any], error: TaskError) -> bool:
    return error.name in one["ErrorEquals"] or "States.ALL" in one["ErrorEquals"]


def _holds(rule: dict[str, Any], data: dict[str, Any]) -> bool:
    if "Or" in rule:
        return any(_holds(one, data) for one in rule["Or"])
    (operator,) = set(rule) - {"Variable", "Next"}
    value = _at(rule["Variable"], data)
    if operator == "StringMatches":
        return fnmatch.fnmatchcase(value, rule[operator])
    assert operator == "StringEquals", operator
    return bool(value == rule[operator])


def _at(path: str, data: dict[str, Any]) -> Any:
    found: Any = data
    for name in path.removeprefix("$.").split("."):
        found = found[name]
    return found
