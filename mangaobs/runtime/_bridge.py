"""Python's own logging, in the same shape: for libraries that log, and code that is not moved yet.

Lambda puts its handler on the root logger; `take_over_logging` puts this one in its place, so that a record is written
once.
"""

from __future__ import annotations

import logging

from mangaobs.runtime import _log
from mangaobs.runtime._facts import error_facts, stack_of
from mangaobs.runtime._interruption import is_ours

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "aws_request_id",
    "tenant_id",
}
_NUMBERS = ((50, 50), (40, 40), (30, 30), (20, 20), (10, 10))
# Below this they print requests with their contents.
_TALKATIVE = ("boto3", "botocore", "urllib3", "s3transfer")


class LogHandler(logging.Handler):
    """Writes a record as a line: `message`, `logger`, what `extra` holds; an exception as its type and its places."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`; nothing is raised, whatever it holds."""
        telemetry = _log.telemetry()
        try:
            fields: dict[str, object] = {"message": _message(record), "logger": record.name}
            fields.update((name, value) for name, value in vars(record).items() if name not in _STANDARD)
            error = record.exc_info[1] if record.exc_info else None
            if error is not None:
                fields.update(error_facts(error))
                fields["stack"] = stack_of(error)
            level = next((ours for least, ours in _NUMBERS if record.levelno >= least), 5)
            telemetry.log(level, str(fields.pop("event", "log")), fields)
        except Exception as problem:
            if not is_ours(problem):
                raise
            telemetry.problem("logging", type(problem).__name__)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - arguments that do not fit, or will not be shown
        return f"{record.msg!s:.500}" if isinstance(record.msg, str) else f"<{type(record.msg).__name__}>"


def take_over_logging(level: str = "WARN") -> None:
    """Send what the root logger gets, from `level` up, through `LogHandler` alone."""
    from mangaobs.runtime._settings import level_number

    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    root.addHandler(LogHandler())
    root.setLevel(level_number(level) or logging.WARNING)
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if logger.level < logging.WARNING:
            logger.setLevel(logging.WARNING)
