"""What runs inside a Lambda function: JSON log lines, traces and metrics, from decorators.

    from mangaobs.runtime import log_dynamodb_operation, log_info, observe

    @observe
    def handler(event, context): ...

    @log_dynamodb_operation("Query:LoadTurns", turn_count=lambda r: r["Count"])
    def load_turns(session_id): ...

Nothing here ever fails, changes or noticeably delays the call that it observes: what goes wrong in telemetry is said in
a log line, once. Nothing happens at import; the environment is read at the first line, or by `configure`. Each name is
loaded when it is first asked for, so that a function pays at cold start for what it uses.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mangaobs.runtime._aws import instrument as instrument
    from mangaobs.runtime._bind import bind as bind
    from mangaobs.runtime._bind import summarize as summarize
    from mangaobs.runtime._bind import summarize_operation as summarize_operation
    from mangaobs.runtime._bridge import LogHandler as LogHandler
    from mangaobs.runtime._bridge import take_over_logging as take_over_logging
    from mangaobs.runtime._carry import ContextThreadPoolExecutor as ContextThreadPoolExecutor
    from mangaobs.runtime._carry import carry as carry
    from mangaobs.runtime._configure import configure as configure
    from mangaobs.runtime._log import log_debug as log_debug
    from mangaobs.runtime._log import log_error as log_error
    from mangaobs.runtime._log import log_event as log_event
    from mangaobs.runtime._log import log_info as log_info
    from mangaobs.runtime._log import log_warning as log_warning
    from mangaobs.runtime._metrics import count as count
    from mangaobs.runtime._metrics import flush_metrics as flush_metrics
    from mangaobs.runtime._metrics import measure as measure
    from mangaobs.runtime._observe import observe as observe
    from mangaobs.runtime._operation import log_bedrock_invocation as log_bedrock_invocation
    from mangaobs.runtime._operation import log_dynamodb_operation as log_dynamodb_operation
    from mangaobs.runtime._operation import log_operation as log_operation
    from mangaobs.runtime._operation import log_publish_operation as log_publish_operation
    from mangaobs.runtime._operation import log_redis_operation as log_redis_operation
    from mangaobs.runtime._operation import log_step as log_step
    from mangaobs.runtime._redact import redact as redact
    from mangaobs.runtime._session import session_hash as session_hash
    from mangaobs.runtime._subsegment import subsegment as subsegment
    from mangaobs.runtime.tracer import Span as Span
    from mangaobs.runtime.tracer import Tracer as Tracer

# Each public name and the module that has it.
_HOMES = {
    "ContextThreadPoolExecutor": "_carry",
    "LogHandler": "_bridge",
    "Span": "tracer",
    "Tracer": "tracer",
    "bind": "_bind",
    "carry": "_carry",
    "configure": "_configure",
    "count": "_metrics",
    "flush_metrics": "_metrics",
    "instrument": "_aws",
    "log_bedrock_invocation": "_operation",
    "log_debug": "_log",
    "log_dynamodb_operation": "_operation",
    "log_error": "_log",
    "log_event": "_log",
    "log_info": "_log",
    "log_operation": "_operation",
    "log_publish_operation": "_operation",
    "log_redis_operation": "_operation",
    "log_step": "_operation",
    "log_warning": "_log",
    "measure": "_metrics",
    "observe": "_observe",
    "redact": "_redact",
    "session_hash": "_session",
    "subsegment": "_subsegment",
    "summarize": "_bind",
    "summarize_operation": "_bind",
    "take_over_logging": "_bridge",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"mangaobs.runtime.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
