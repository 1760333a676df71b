"""Log lines: one line of JSON each, with the fields that the caller gives and those of the invocation.

The level is checked before anything else, against one number for the whole process: a line that nobody wants costs a
call and a comparison.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mangaobs.runtime._settings import Settings
    from mangaobs.runtime._telemetry import Telemetry
    from mangaobs.signals import LogEvent

# Lambda's own names, with Python's numbers. Source: Lambda developer guide, "Log-level filtering".
DEBUG, INFO, WARN, ERROR = 10, 20, 30, 40
LEVELS = {"TRACE": 5, "DEBUG": DEBUG, "INFO": INFO, "WARN": WARN, "ERROR": ERROR, "FATAL": 50}

# Nothing is made at import: the first line, or `configure`, assembles it.
assembled: Telemetry | None = None
# The least severe level that any invocation may write; 0 as long as nobody knows.
_threshold = 0


def log_debug(event: str = "", fields: Mapping[str, object] | None = None, /, **more: object) -> None:
    """A line for whoever looks for a fault: written if debug lines are wanted, sampled, or the invocation fails."""
    if _threshold > DEBUG:
        return
    (assembled or telemetry()).log(DEBUG, event, more if fields is None else _merged(fields, more))


def log_info(event: str = "", fields: Mapping[str, object] | None = None, /, **more: object) -> None:
    """A line: `log_info("turn_loaded", item_count=17)`.

    `event` is the kind of line; it may be given by name, too. `fields` are more fields, for names that Python does not
    take as keywords and for what is a dict already.
    """
    if _threshold > INFO:
        return
    (assembled or telemetry()).log(INFO, event, more if fields is None else _merged(fields, more))


def log_warning(event: str = "", fields: Mapping[str, object] | None = None, /, **more: object) -> None:
    """A line about something that should not be, and does no harm yet."""
    (assembled or telemetry()).log(WARN, event, more if fields is None else _merged(fields, more))


def log_error(event: str = "", fields: Mapping[str, object] | None = None, /, **more: object) -> None:
    """A line about a failure.

    An exception given as `error` becomes `error_type` (the AWS error code, or else its class), `http_status`,
    `retries` and `stack`, the places in the code that it went through. Its message is left out, since it may quote what
    a person wrote.
    """
    if issubclass(type(fields), BaseException):
        fields = {"error": fields}
    own = more if fields is None else _merged(fields, more)
    error = own.get("error")
    if issubclass(type(error), BaseException):
        from mangaobs.runtime._facts import error_facts, stack_of

        del own["error"]
        own = {**error_facts(error), "stack": stack_of(error), **own}  # type: ignore[arg-type]
    (assembled or telemetry()).log(ERROR, event, own)


def log_event(event: LogEvent, /, **fields: object) -> None:
    """A line of a declared kind, at its declared level."""
    # Whatever it is, the call goes on.
    name: str = getattr(event, "name", event)  # type: ignore[arg-type]
    level = LEVELS.get(getattr(event, "level", "INFO"), INFO)
    (assembled or telemetry()).log(level, name, fields)


def _merged(fields: Mapping[str, object], more: dict[str, object]) -> dict[str, object]:
    from mangaobs.runtime._fields import merged

    return merged(fields, more)


def telemetry() -> Telemetry:
    """The assembled telemetry; assembled from the environment if nobody has called `configure`."""
    if assembled is None:
        from mangaobs.runtime._settings import Settings

        assemble(Settings())
    assert assembled is not None  # noqa: S101 - for the type checker
    return assembled


def assemble(settings: Settings) -> None:
    """Make telemetry by `settings`, in place of what there is."""
    global assembled, _threshold  # noqa: PLW0603 - one process has one standard output
    from mangaobs.runtime._telemetry import Telemetry

    assembled = made = Telemetry(settings)
    _threshold = max(min(made.level, DEBUG), settings.platform_level) if settings.wants_debug else made.level
    if settings.wants_debug and settings.platform_level > DEBUG and settings.json_format:
        settings.problems.append("debug lines are asked for, but AWS_LAMBDA_LOG_LEVEL is above DEBUG and drops them")
    for problem in settings.problems:
        made.problem("setting", problem)
