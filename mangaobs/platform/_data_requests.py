"""People's requests: the state machine that calls the function of erasure, or that of exports, until they are done.

What passes are ids of requests, in which a person is a keyed hash. Few work at a time (reserved concurrency), so that
who is throttled waits for hours: being busy is no failure.
"""

from __future__ import annotations

from typing import Final

from mangaobs.errors import RenderError
from mangaobs.platform import _functions, _machines
from mangaobs.platform._stack import Stack

MACHINE = "DataRequestMachine"
ERASURE, EXPORT = "data_subject", "data_access"
# S3 expires an object at the midnight after, and deletes the version a day later, at the midnight after.
# Source: S3 User Guide, "Lifecycle configuration elements".
_S3_DAYS: Final = 3
# The least that the erasure takes for tombstones: a day more than point-in-time recovery can reach.
_LEAST_DAYS: Final = 36


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
    _check_ledger(stack)
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


def _check_ledger(stack: Stack) -> None:
    """Raise `RenderError` unless it is known for longer who was erased than any backup has them."""
    settings = stack.settings
    for key in (ERASURE, ERASURE.replace("_", "-")):
        if _functions.LEDGER_DAYS in settings.environment.get(key, {}):
            raise RenderError(
                f"[platform.environment.{key}] has {_functions.LEDGER_DAYS}; tombstones are kept as long as the ledger",
                right="only [platform] audit_days, which is both",
            )
    # An export may be of the oldest point that can be recovered, and is kept from then on.
    least = max(settings.pitr_days + settings.backup_days + _S3_DAYS, _LEAST_DAYS)
    if settings.audit_days < least:
        raise RenderError(
            f"[platform] audit_days = {settings.audit_days} is too short to know who was erased, with "
            f"pitr_days = {settings.pitr_days} and backup_days = {settings.backup_days}",
            right=f"{least} or more, so that no backup outlives the ledger of erasures: pitr_days + backup_days + "
            f"{_S3_DAYS}, and {_LEAST_DAYS} at least",
        )
