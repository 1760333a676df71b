# `row` and the harness's names come from the file that loads this one.
"""mangaobs' rows of the runtime benchmark; `benchmarks/runtime.py` loads them, and so can any harness with its `row`.

A row of `imports` returns the statement that is timed; another one gets `env` and returns the callable that is timed.
"""

import os
import sys

IDS = {
    "AWS_LAMBDA_FUNCTION_NAME": "orders",
    "MANGAOBS_DIMENSIONS": "service=orders",
}
DECORATED = """
from mangaobs.runtime import log_dynamodb_operation, log_error, log_info, observe
handler = observe(lambda event, context: {})
load = log_dynamodb_operation("Query:LoadTurns")(lambda session: {})
"""
LINE = DECORATED + "log_info('ready', item_count=1)\n"


def as_statement(text):
    return "; ".join(line for line in text.strip().splitlines())


@row("imports", "mangaobs.runtime, two functions decorated")
def _():
    return as_statement(DECORATED)


@row("imports", "mangaobs.runtime, decorated, redaction off, first line written")
def _():
    return as_statement(LINE), {"MANGAOBS_REDACTION": "off"}


@row("imports", "mangaobs.runtime, decorated, redaction on, first line written")
def _():
    return as_statement(LINE)


@row("imports", "mangaobs.runtime, the lean tracer")
def _():
    return "import mangaobs.runtime._udp"


def set_up(env, *, json="stdlib", redaction="off", traced=False, **more):
    """The runtime as a function would have it, with the bound fields of the other rows on each line."""
    os.environ.update(IDS)
    if not traced:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    if json == "orjson":
        import orjson  # noqa: F401 - as a function that has it
    from mangaobs.runtime import configure

    sys.stdout = env.stdout.stream  # a stream with a file descriptor, as Lambda's is
    configure(json=json, redaction=redaction, tracer="udp" if traced else "off", **more)


def inside(env):
    """Enter an invocation for good: what an invocation binds is on every line."""
    from mangaobs.runtime._invocation import Invocations
    from mangaobs.runtime._observe import Observation

    Invocations(Observation(None, None, False), "handler").enter((env.event, env.context), {})


for _json in ("stdlib", "orjson"):
    for _redaction in ("off", "on"):

        @row("log", f"mangaobs log_info, {_json}, redaction {_redaction}")
        def _(env, json=_json, redaction=_redaction):
            set_up(env, json=json, redaction=redaction)
            from mangaobs.runtime import log_info

            inside(env)
            fields = env.fields
            return lambda: log_info("turn loaded", **fields)


@row("debug", "mangaobs log_debug, fields as a dict")
def _(env):
    set_up(env)
    from mangaobs.runtime import log_debug

    fields = env.fields
    return lambda: log_debug("turn loaded", fields)


@row("debug", "mangaobs log_debug, fields as keywords")
def _(env):
    set_up(env)
    from mangaobs.runtime import log_debug

    return lambda: log_debug(
        "turn loaded",
        session_id="s-42",
        operation="Query:LoadTurns",
        table="turns",
        duration_ms=12.345,
        status="ok",
        item_count=17,
    )


@row("debug", "mangaobs log_debug, a dict unpacked into keywords")
def _(env):
    set_up(env)
    from mangaobs.runtime import log_debug

    fields = env.fields
    return lambda: log_debug("turn loaded", **fields)


@row("debug", "mangaobs log_debug, held back")
def _(env):
    set_up(env, debug_hold_bytes=20480)
    from mangaobs.runtime import log_debug

    inside(env)
    fields = env.fields
    return lambda: log_debug("turn loaded", **fields)


def metric():
    from mangaobs.signals import MetricSignal

    return MetricSignal("Orders", "Turns", "Count", ("service",))


for _json in ("stdlib", "orjson"):
    for _mode in ("not traced", "sampled"):

        @row("handler", f"mangaobs observe, all of it, 1 metric, {_json}, {_mode}")
        def _(env, json=_json, mode=_mode):
            if mode == "sampled":
                env.xray_daemon()
            set_up(env, json=json, redaction="on", traced=mode == "sampled")
            from mangaobs.runtime import count, observe

            turns = metric()

            @observe
            def handler(event, context):
                count(turns)
                return {"statusCode": 200, "body": "ok"}

            event, context = env.event, env.context
            handler(event, context)
            return lambda: handler(event, context)


for _mode in ("unsampled", "sampled"):

    @row("span", f"mangaobs subsegment + 2 annotations, {_mode}")
    def _(env, mode=_mode):
        env.xray_daemon()
        set_up(env, json="orjson", traced=True)
        if mode == "unsampled":
            os.environ["_X_AMZN_TRACE_ID"] = os.environ["_X_AMZN_TRACE_ID"].replace("Sampled=1", "Sampled=0")
        from mangaobs.runtime import subsegment

        inside(env)

        def op():
            with subsegment("Query:LoadTurns", table="turns", ok=True):
                pass

        return op


for _json in ("stdlib", "orjson"):

    @row("emf", f"mangaobs count + flush, {_json}")
    def _(env, json=_json):
        set_up(env, json=json)
        from mangaobs.runtime import count, flush_metrics

        inside(env)
        turns = metric()

        def op():
            count(turns)
            flush_metrics()

        return op


for _json in ("stdlib", "orjson"):
    for _kind in ("line", "line, raises", "line + subsegment sampled", "line + subsegment sampled, raises"):

        @row("op", f"mangaobs log_dynamodb_operation, {_json}, {_kind}")
        def _(env, json=_json, kind=_kind):
            if "sampled" in kind:
                env.xray_daemon()
            set_up(env, json=json, redaction="on", traced="sampled" in kind)
            from mangaobs.runtime import log_dynamodb_operation

            inside(env)
            decorate = log_dynamodb_operation("Query:LoadTurns", table="turns")
            if "raises" in kind:
                return call_failing(decorate)
            return call(decorate(env.ops()))


@row("redact", "mangaobs redact")
def _(env):
    set_up(env, redaction="on")
    from mangaobs.runtime import redact

    return lambda: redact(RECORD)
