# `row` and the harness's names come from the file that loads this one.
"""Limits (the least that could do the job, written by hand) and the best peers, for the runtime benchmark."""

import functools
import os
import re
import socket
import time


def iso_now():
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"


# --- imports ---


@row("imports", "stdlib of a lean library, no socket")
def _():
    return "import contextvars, functools, json, logging, os, sys, time"


@row("imports", "stdlib of a lean library")
def _():
    return "import contextvars, functools, json, logging, os, socket, sys, time"


@row("imports", "powertools Logger")
def _():
    return "from aws_lambda_powertools import Logger; Logger()"


@row("imports", "powertools Logger+Tracer+Metrics")
def _():
    return "from aws_lambda_powertools import Logger, Tracer, Metrics; Logger(); Tracer(); Metrics()"


@row("imports", "aws_xray_sdk.core")
def _():
    return "import aws_xray_sdk.core"


# --- a line ---


@row("log", "LIMIT")
def _(env):
    import orjson

    record = {"timestamp": iso_now(), "level": "INFO", "message": "turn loaded", **env.bound, **env.fields}
    dumps, write, fd, newline = orjson.dumps, os.write, env.fd, orjson.OPT_APPEND_NEWLINE
    return lambda: write(fd, dumps(record, None, newline))


@row("log", "structlog + json")
def _(env):
    import structlog

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.WriteLoggerFactory(env.stdout),
        cache_logger_on_first_use=True,
    )
    logger, fields = structlog.get_logger().bind(**env.bound), env.fields
    return lambda: logger.info("turn loaded", **fields)


def powertools_logger(env):
    from aws_lambda_powertools import Logger

    logger = Logger(stream=env.stdout)
    logger.append_keys(**env.bound)
    return logger


@row("log", "powertools Logger")
def _(env):
    logger, fields = powertools_logger(env), env.fields
    return lambda: logger.info("turn loaded", **fields)


@row("debug", "stdlib logging")
def _(env):
    import logging

    logger = logging.getLogger("orders")
    logger.addHandler(logging.StreamHandler(env.stdout))
    logger.setLevel(logging.INFO)
    logger.propagate = False
    fields = env.fields
    return lambda: logger.debug("turn loaded", extra=fields)


@row("debug", "LIMIT a function that takes keywords and does nothing")
def _(env):
    def nothing(event="", /, **fields):
        pass

    return lambda: nothing(
        "turn loaded",
        session_id="s-42",
        operation="Query:LoadTurns",
        table="turns",
        duration_ms=12.345,
        status="ok",
        item_count=17,
    )


@row("debug", "LIMIT the same, a dict unpacked into keywords")
def _(env):
    def nothing(event="", /, **fields):
        pass

    fields = env.fields
    return lambda: nothing("turn loaded", **fields)


@row("debug", "powertools Logger")
def _(env):
    logger, fields = powertools_logger(env), env.fields
    return lambda: logger.debug("turn loaded", **fields)


# --- an operation ---


def log_operation(emit):
    clock = time.perf_counter_ns

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            start, status, error = clock(), "ok", None
            try:
                return function(*args, **kwargs)
            except BaseException as problem:
                status, error = "error", type(problem).__name__
                raise
            finally:
                took = (clock() - start) / 1e6
                emit(
                    {
                        "operation": "Query:LoadTurns",
                        "table": "turns",
                        "duration_ms": took,
                        "status": status,
                        "error_type": error,
                    }
                )

        return wrapper

    return decorate


def orjson_emit(env):
    import orjson

    dumps, write, fd, newline, bound = orjson.dumps, os.write, env.fd, orjson.OPT_APPEND_NEWLINE, env.bound

    def emit(fields):
        record = {"timestamp": iso_now(), "level": "INFO", "event": "dynamodb_operation", **bound, **fields}
        write(fd, dumps(record, str, newline))

    return emit


def subsegment_sender(env):
    import orjson

    host, _, port = env.xray_daemon().partition(":")
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect((host, int(port)))

    def send(name, start, end):
        document = {
            "id": os.urandom(8).hex(),
            "name": name,
            "start_time": start,
            "end_time": end,
            "trace_id": "1-5759e988-bd862e3fe1be46a994272793",
            "parent_id": "53995c3f42cd8ad8",
            "type": "subsegment",
            "annotations": {"table": "turns", "ok": True},
        }
        sender.send(b'{"format":"json","version":1}\n' + orjson.dumps(document))

    return send


@row("op", "bare function")
def _(env):
    return call(env.ops())


@row("op", "LIMIT, line")
def _(env):
    return call(log_operation(orjson_emit(env))(env.ops()))


@row("op", "LIMIT, line + subsegment")
def _(env):
    emit, send, function = orjson_emit(env), subsegment_sender(env), env.ops()

    @functools.wraps(function)
    def traced(*args, **kwargs):
        start = time.time()
        try:
            return function(*args, **kwargs)
        finally:
            send("Query:LoadTurns", start, time.time())

    return call(log_operation(emit)(traced))


@row("op", "powertools Logger in a decorator")
def _(env):
    logger = powertools_logger(env)
    return call(log_operation(lambda fields: logger.info("dynamodb_operation", **fields))(env.ops()))


@row("op", "powertools Logger in a decorator + capture_method sampled")
def _(env):
    env.xray_daemon()
    from aws_lambda_powertools import Tracer

    logger, tracer = powertools_logger(env), Tracer(auto_patch=False)
    function = tracer.capture_method(capture_response=False)(env.ops())
    return call(log_operation(lambda fields: logger.info("dynamodb_operation", **fields))(function))


# --- a handler, a subsegment, a metric ---


@row("handler", "LIMIT")
def _(env):
    import contextvars

    emit, send, current = emf_emit(env), subsegment_sender(env), contextvars.ContextVar("current")

    def handler(event, context):
        token, start = current.set((context.aws_request_id, event.get("session_id"))), time.time()
        try:
            return {"statusCode": 200, "body": "ok"}
        finally:
            emit()
            send("## handler", start, time.time())
            current.reset(token)

    event, context = env.event, env.context
    return lambda: handler(event, context)


@row("handler", "powertools Logger, Tracer sampled, Metrics, 1 metric, no line")
def _(env):
    env.xray_daemon()
    from aws_lambda_powertools import Metrics, Tracer

    logger, tracer, metrics = powertools_logger(env), Tracer(auto_patch=False), Metrics()

    @logger.inject_lambda_context
    @tracer.capture_lambda_handler
    @metrics.log_metrics
    def handler(event, context):
        metrics.add_metric(name="Turns", unit="Count", value=1)
        return {"statusCode": 200, "body": "ok"}

    event, context = env.event, env.context
    handler(event, context)
    return lambda: handler(event, context)


@row("span", "LIMIT")
def _(env):
    send = subsegment_sender(env)

    def op():
        start = time.time()
        send("Query:LoadTurns", start, time.time())

    return op


@row("span", "aws_xray_sdk in_subsegment + 2 annotations, sampled")
def _(env):
    env.xray_daemon()
    from aws_xray_sdk.core import xray_recorder

    def op():
        with xray_recorder.in_subsegment("Query:LoadTurns") as segment:
            segment.put_annotation("table", "turns")
            segment.put_annotation("ok", True)

    return op


def emf_emit(env):
    import orjson

    metrics = [{"Namespace": "Orders", "Dimensions": [["service"]], "Metrics": [{"Name": "Turns", "Unit": "Count"}]}]
    write, fd, dumps, newline = os.write, env.fd, orjson.dumps, orjson.OPT_APPEND_NEWLINE

    def emit():
        root = {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": metrics}, "service": "orders"}
        write(fd, dumps({**root, "Turns": [1.0]}, None, newline))

    return emit


@row("emf", "LIMIT")
def _(env):
    return emf_emit(env)


@row("emf", "powertools Metrics add + flush")
def _(env):
    from aws_lambda_powertools import Metrics

    metrics = Metrics()

    def op():
        metrics.add_metric(name="Turns", unit="Count", value=1)
        metrics.flush_metrics()

    return op


# --- redaction ---

SECRET_KEYS = frozenset({"email", "phone", "street", "postcode"})


@row("redact", "LIMIT recursive key set + one regex")
def _(env):
    sub = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|\+?\d[\d -]{8,}\d|\b(?:\d[ -]?){13,16}\b").sub

    def scrub(value):
        kind = type(value)
        if kind is str:
            return sub("***", value)
        if kind is dict:
            return {key: "***" if key in SECRET_KEYS else scrub(item) for key, item in value.items()}
        if kind is list:
            return [scrub(item) for item in value]
        return value

    return lambda: scrub(RECORD)


@row("redact", "powertools DataMasking.erase, 4 paths")
def _(env):
    from aws_lambda_powertools.utilities.data_masking import DataMasking

    masker = DataMasking()
    paths = ["email", "phone", "user.address.street", "user.address.postcode"]
    return lambda: masker.erase(RECORD, fields=paths)
