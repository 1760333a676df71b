"""Telling apart what goes wrong in telemetry from what interrupts the function.

A signal handler runs wherever the main thread happens to be, also in here. What it raises (a timeout, say) means the
business call and has to get there; everything else that is raised in here has to stay in here.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

# What telemetry runs in, and by.
_OUR_CODE = frozenset(
    (
        "mangaobs",
        "aws_xray_sdk",
        "codecs",
        "collections",
        "contextlib",
        "copy",
        "datetime",
        "decimal",
        "enum",
        "hmac",
        "json",
        "os",
        "re",
        "socket",
        "threading",
    )
)


def is_ours(error: BaseException) -> bool:
    """Whether telemetry made this exception by itself, where it calls nobody else's code."""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__")
        if not isinstance(name, str) or name.partition(".")[0] not in _OUR_CODE:
            return False
        trace = trace.tb_next
    return not is_interruption(error)


def is_interruption(error: BaseException) -> bool:
    """Whether a signal handler raised it. For where telemetry calls somebody else's code, which may raise anything."""
    if isinstance(error, KeyboardInterrupt):
        return True
    codes = _handlers()
    trace = error.__traceback__
    while trace is not None and codes:
        if trace.tb_frame.f_code in codes:
            return True
        trace = trace.tb_next
    return False


def _handlers() -> set[CodeType]:
    """The code of the signal handlers that are set."""
    signal = sys.modules.get("signal")
    if signal is None:
        return set()
    codes = set()
    for number in signal.valid_signals():
        handler = signal.getsignal(number)
        if not callable(handler):
            continue
        handler = getattr(handler, "func", handler)  # functools.partial
        # A function, a method, or an object that is called.
        for found in (handler, getattr(type(handler), "__call__", None)):  # noqa: B004
            code = getattr(found, "__code__", None)
            if code is not None:
                codes.add(code)
    return codes
