"""People's requests: the state machine that calls the function of erasure, or that of exports, until they are done.

What passes are ids of requests, in which a person is a keyed hash. Few work at a time (reserved concurrency), so that
who is throttled waits for hours: being busy is no failure.
"""

from __future__ import annotations

from mangaobs.errors import RenderError
from mangaobs.platform import _functions, _machines
from mangaobs.platform._stack import Stack

MACHINE = "DataRequestMachine"
ERASURE, EXPORT = "data_subject", "data_access"


def build(stack: Stack) -> None:
    """The state machine, where there is a function that erases."""
    if ERASURE not in stack.functions:
        return
    name = _functions.machine_name(stack, _functions.DATA_REQUESTS)
    if name is None or EXPORT not in stack.functions:
        raise RenderError(
            f"handlers/{ERASURE} is called by [state_machines.{_functions.DATA_REQUESTS}], beside handlers/{EXPORT}",
            right='arn = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:NAME"',
        )
    _machines.add(
        stack,
        MACHINE,
        name,
        definition="data_requests.asl.json",
        substitutions={
            "Invoke": _machines.task("lambda:invoke"),
            "Erasure": _functions.arn_of(stack, ERASURE),
            "Export": _functions.arn_of(stack, EXPORT),
        },
        statements=[_machines.invoke(stack, "Erase", ERASURE), _machines.invoke(stack, "Export", EXPORT)],
    )
