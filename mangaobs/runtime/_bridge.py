"""Python's own logging, in the same shape: for libraries that log, and code that is not moved yet.

Lambda puts its handler on the root logger; `take_over_logging` puts this one in its place, so that a record is written
once.
"""

from __future__ import annotations

import logging

from mangaobs.runtime import _log
from mangaobs.runtime._facts import error_facts, stack_of
from mangaobs.runtime._interruption import is_interruption
from mangaobs.runtime._log import LEVELS
from mangaobs.runtime._settings import level_number

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "aws_request_id",
    "tenant_id",
}
# Below this they print requests with their contents.
_TALKATIVE = ("boto3", "botocore", "urllib3", "s3transfer")


class LogHandler(logging.Handler):
    """Writes a record as a line: `message`, `logger`, what `extra` holds; an exception as its type and its places."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`; nothing is raised, whatever it holds."""
        telemetry = _log.telemetry()
        try:
            message = _message(record)
            if telemetry.names is not None:
                from mangaobs.runtime._redact import without_named

                # What Python shows of a dict or an object, in a text that is one already.
                message = without_named(message)
            fields: dict[str, object] = {"message": message, "logger": record.name}
            fields.update((name, value) for name, value in vars(record).items() if name not in _STANDARD)
            error = record.exc_info[1] if record.exc_info else None
            if error is not None:
                fields.update(error_facts(error))
                fields["stack"] = stack_of(error)
            level = max((number for number in LEVELS.values() if number <= record.levelno), default=LEVELS["TRACE"])
            event = fields.pop("event", "log")
            telemetry.log(level, event, fields)  # type: ignore[arg-type] # whatever it is
        except Exception as problem:  # noqa: BLE001 - `failed` raises what is not telemetry's
            telemetry.failed("logging", problem)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except BaseException as error:
        # Arguments that do not fit, or will not be shown.
        if is_interruption(error):
            raise
        return f"{record.msg!s:.500}" if isinstance(record.msg, str) else f"<{type(record.msg).__name__}>"


def take_over_logging(level: str = "WARN") -> None:
    """Send what the root logger gets, from `level` up, through `LogHandler` alone."""
    number = level_number(level)
    if number is None:
        from mangaobs.errors import ConfigurationError

        raise ConfigurationError(f"there is no level {level!r}", right=f"one of {', '.join(LEVELS)}")
    root = logging.getLogger()
    for handler in list(root.handlers):
        root.removeHandler(handler)
    root.addHandler(LogHandler())
    root.setLevel(number)
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if logger.level < logging.WARNING:
            logger.setLevel(logging.WARNING)
