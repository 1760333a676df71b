"""Whether a rule is true, or false, whatever its alarms do."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from mangaobs.languages.alarm_rule._rule import STATES, AlarmRule, And, AtLeast, Constant, Is, Not, children

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST: Final = 7  # alarms: 3 states each are 2,187 combinations


def constant(rule: AlarmRule) -> bool | None:
    """The value that a rule always has; None: it depends, or it names too many alarms to try all of their states."""
    names = list(dict.fromkeys(children(rule)))
    if len(names) > _MOST:
        return _without_states(rule)
    values = {holds(rule, dict(zip(names, states, strict=True))) for states in product(STATES, repeat=len(names))}
    return values.pop() if len(values) == 1 else None


def holds(rule: AlarmRule, states: Mapping[str, str]) -> bool:
    """Whether a rule is true while its alarms are in these states."""
    match rule:
        case Constant():
            return rule.value
        case Is():
            return states[rule.alarm] == rule.state
        case Not():
            return not holds(rule.operand, states)
        case AtLeast():
            count = sum((states[one] == rule.state) is not rule.negated for one in rule.alarms)
            return count * 100 >= rule.count * len(rule.alarms) if rule.percent else count >= rule.count
    parts = (holds(one, states) for one in rule.parts)
    return all(parts) if isinstance(rule, And) else any(parts)


def _without_states(rule: AlarmRule) -> bool | None:
    """What TRUE and FALSE in it make of it, no state looked at."""
    match rule:
        case Constant():
            return rule.value
        case Is() | AtLeast():
            return None
        case Not():
            inner = _without_states(rule.operand)
            return None if inner is None else not inner
    values = {_without_states(one) for one in rule.parts}
    decisive = not isinstance(rule, And)
    if decisive in values:
        return decisive
    return None if None in values else not decisive
