"""The rules of composite alarms: parsed, and decided from the states of the alarms that they name.

Source: CloudWatch User Guide, "Combining alarms"; API reference of PutCompositeAlarm. AWS documents no precedence: NOT
binds strongest, then AND, then OR.
"""

from mangaobs.languages.alarm_rule._constant import constant, holds
from mangaobs.languages.alarm_rule._rule import AlarmRule, And, AtLeast, Constant, Is, Not, Or, children, parse

__all__ = ["AlarmRule", "And", "AtLeast", "Constant", "Is", "Not", "Or", "children", "constant", "holds", "parse"]
