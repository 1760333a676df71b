"""Telemetry never fails, delays or changes the business call, whatever becomes of its output, signals or the daemon."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import threading
import time
from unittest.mock import MagicMock

import pytest

from mangaobs.runtime import bind, configure, log_debug, log_error, log_info, log_step, observe, subsegment, summarize
from mangaobs.runtime._sink import StandardOutput

from .conftest import TRACE, LambdaContext, configured, forget, parsed, python

SAMPLED = {"_X_AMZN_TRACE_ID": TRACE, "AWS_LAMBDA_FUNCTION_NAME": "manga-chat"}

# What stands before the code of each process: a handler that does all that telemetry does.
HANDLER = """
import json, os, signal, sys, threading, time
from mangaobs.runtime import *

class Context:
    aws_request_id = "request-1"
    def get_remaining_time_in_millis(self):
        return 30000

@log_dynamodb_operation("Query:LoadTurns", table="t", turn_count=lambda r: r["Count"])
def load(fail):
    log_info("loading", a=1, text="someone@example.com", nested=[{"deep": object()}])
    if fail:
        raise KeyError("k")
    return RESULT

RESULT = {"Count": 3}
OUT = []

@observe
def handler(event, context):
    bind(stage="one")
    with subsegment("Part", a=1) as part:
        part.annotate(b=2)
        return load(event.get("fail"))

def business():
    'The handler gives its own answers and its own errors.'
    for _ in range(3):
        assert handler({}, Context()) is RESULT
        try:
            handler({"fail": True}, Context())
        except KeyError as error:
            assert error.args == ("k",)
        else:
            raise AssertionError("its error was lost")
    sys.stderr.write("business done\\n")
    sys.stderr.flush()
"""


def run(code: str, **options):
    done = python(HANDLER + code, **options)
    assert b"Traceback" not in done.stderr, done.stderr.decode()[-2000:]
    return done


# --- standard output ---


@pytest.mark.parametrize("tracer", ["off", "udp", "xray-sdk"])
def test_all_is_well_with_a_pipe(tracer):
    done = run("business()", env={**SAMPLED, "MANGAOBS_TRACER": tracer, "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:9"})
    lines = [parsed(line) for line in done.stdout.splitlines(keepends=True)]
    assert [line["outcome"] for line in lines if line["event"] == "invocation"] == ["success", "error"] * 3
    assert {line["event"] for line in lines} == {"loading", "dynamodb_operation", "invocation"}


def test_a_full_disk_fails_nothing():
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = run("business()", stdout=full)
    assert b"business done" in done.stderr


@pytest.mark.parametrize(
    "before",
    [
        "sys.stdout.close()",
        "os.close(1)",
        "sys.stdout = None",
        "business(); sys.stdout.close()",
        "business(); os.close(1)",
        "business(); sys.stdout = None",
        "sys.stdout = open(os.devnull, 'w'); sys.stdout.close()",
        "import io; sys.stdout = io.StringIO()",
        "import io; sys.stdout = io.BytesIO()",
        "import io; sys.stdout = io.TextIOWrapper(io.BytesIO(), encoding='ascii')",
        "from unittest.mock import MagicMock; sys.stdout = MagicMock()",
        "sys.stdout = object()",
        "sys.stdout = type('Out', (), {'write': lambda self, text: 1 / 0, 'flush': lambda self: None})()",
        "sys.stdout = type('Out', (), {'flush': lambda self: 1 / 0, 'fileno': lambda self: 1 / 0})()",
        "sys.stdout = type('Out', (), {'flush': lambda self: None, 'fileno': lambda self: 'one'})()",
        "sys.stdout = type('Out', (), {'flush': lambda self: None, 'fileno': lambda self: -1})()",
    ],
)
def test_a_broken_standard_output_fails_nothing(before):
    done = python(HANDLER + before + "\nbusiness()\nsys.stdout = None\nos._exit(0)")
    assert b"business done" in done.stderr


def test_an_output_that_was_closed_before_the_process_began_fails_nothing():
    done = run("assert sys.stdout is None\nbusiness()", stdout=None, preexec_fn=lambda: __import__("os").close(1))
    assert b"business done" in done.stderr


def test_lines_never_go_into_a_file_of_the_business(tmp_path):
    # given the standard output is closed, and the next file that the function opens gets its number
    file = tmp_path / "data.txt"
    code = f"""
business()
sys.stdout.close()
os.close(1)
data = open({str(file)!r}, "w")
assert data.fileno() == 1
data.write("the data")
data.flush()
business()
data.close()
"""
    run(code)
    assert file.read_text() == "the data"


def test_a_reader_that_is_gone_fails_nothing():
    code = """
reader, writer = os.pipe()
os.dup2(writer, 1)
os.close(writer)
os.close(reader)
business()
"""
    done = run(code)
    assert b"business done" in done.stderr


FULL_PIPE = """
import fcntl
reader, writer = os.pipe()
fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 65536)
os.set_blocking(writer, False)
os.set_blocking(reader, False)
os.dup2(writer, 1)

def fill():
    try:
        while True:
            os.write(1, b"." * 1024)
    except BlockingIOError:
        pass

def drain():
    got = b""
    try:
        while True:
            got += os.read(reader, 65536)
    except BlockingIOError:
        return got
"""


def test_a_full_pipe_fails_nothing_and_holds_nobody_up():
    code = (
        FULL_PIPE
        + """
log_info("first", a=1)
drain()
fill()
started = time.monotonic()
for _ in range(100):
    log_info("lost", a=1)
took = time.monotonic() - started
drain()
log_info("last", a=1)
sys.stderr.write(json.dumps([took, drain().decode()]))
"""
    )
    took, written = json.loads(run(code).stderr)
    assert parsed(written.encode())["event"] == "last"
    # one wait is fair; one for each of 100 lines is five seconds of the business's time
    assert took < 1


@pytest.mark.parametrize("between", ["pass", "log_info('lost', text='y' * 9000)", "log_info('lost', a=1)"])
def test_a_line_that_was_cut_off_does_not_spoil_the_next(between):
    # given a pipe with room for a part of a line, which the system then takes
    code = (
        FULL_PIPE
        + f"""
log_info("first", a=1)
drain()
fill()
os.read(reader, 8192)
log_info("cut", text="x" * 20000)
{between}
drained = drain()
assert drained.count(b"xxxx") > 1000
log_info("next", a=1)
log_info("last", a=1)
sys.stderr.write((drained + drain()).decode())
"""
    )
    lines = run(code).stderr.splitlines(keepends=True)
    assert [parsed(line)["event"] for line in lines[-2:]] == ["next", "last"]


def test_the_output_may_be_another_one_later(capfd, tmp_path):
    forget()
    configure(environ={})
    log_info("first", a=1)
    before = sys.stdout
    with (tmp_path / "out").open("w") as file:
        sys.stdout = file
        try:
            log_info("second", a=1)
        finally:
            sys.stdout = before
    log_info("third", a=1)
    assert [parsed(line.encode())["event"] for line in capfd.readouterr().out.splitlines(keepends=True)] == [
        "first",
        "third",
    ]
    assert parsed((tmp_path / "out").read_bytes())["event"] == "second"


# --- the daemon, the SDK ---


@pytest.mark.parametrize("tracer", ["udp", "xray-sdk"])
@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1:9",
            "",
            "nonsense",
            "127.0.0.1",
            "127.0.0.1:99999",
            "tcp:127.0.0.1:9 udp:127.0.0.1:9",
            ":2000",
            "a..b:2000",
        ),
        *("[::1]:9", "127.0.0.1:9:9", "udp:", "\udcff:1"),
    ],
)
def test_no_daemon_and_no_sensible_address_fail_nothing(tracer, address):
    lines = configured(tracer=tracer, environ={**SAMPLED, "AWS_XRAY_DAEMON_ADDRESS": address})
    result = {"statusCode": 200}

    @log_step("Load")
    def load():
        with subsegment("Part", a=1):
            return result

    handler = observe(lambda _event, _context: load())
    for _ in range(3):
        assert handler({}, LambdaContext()) is result
    assert [line["outcome"] for line in lines.of("invocation")] == ["success"] * 3


def test_without_the_sdk_the_lean_tracer_is_used_and_that_is_said_once():
    code = """
sys.modules["aws_xray_sdk"] = sys.modules["aws_xray_sdk.core"] = None
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
server.settimeout(5)
configure(environ={**os.environ, "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:%d" % server.getsockname()[1]})
business()
assert b'"name":"Part"' in server.recv(70000) + server.recv(70000)
"""
    done = run(code, env=SAMPLED)
    lines = [parsed(line) for line in done.stdout.splitlines(keepends=True)]
    problems = [line for line in lines if line["event"] == "telemetry_problem"]
    assert [problem["reason"] for problem in problems] == ["tracer"]
    assert "aws_xray_sdk" in problems[0]["detail"]


@pytest.mark.parametrize(
    "header",
    [
        "Sampled=1",
        "Root=;Parent=;Sampled=1",
        "Root=x;Parent=y;Sampled=1",
        ";;==;",
        "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
        "é\udcff;Sampled=1",
        TRACE * 100,
    ],
)
@pytest.mark.parametrize("tracer", ["udp", "xray-sdk"])
def test_a_trace_header_that_makes_no_sense_fails_nothing(tracer, header):
    lines = configured(tracer=tracer, environ={"_X_AMZN_TRACE_ID": header, "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:9"})
    assert observe(lambda _event, _context: log_step("Load")(lambda: 7)())({}, LambdaContext()) == 7
    assert lines.of("invocation")[0]["outcome"] == "success"


# --- signals ---

STORM = """
raised = caught = 0

class Alarm({base}):
    pass

def on_alarm(*_):
    global raised
    raised += 1
    {body}
    raise Alarm

# once before, so that all is imported: importing is Python's own, and does not bear an exception at any moment
{work}
log_info("warm", a=1)
signal.signal(signal.SIGALRM, on_alarm)
end = time.monotonic() + 5  # on a slow machine fewer have to do
number = 0
while raised < 1000 and time.monotonic() < end:
    before = raised
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0002 + number % 13 * 0.00003)
        number += 1
        while raised == before:
            {work}
    except Alarm:
        caught += 1
signal.setitimer(signal.ITIMER_REAL, 0)
log_info("last", a=1)
sys.stderr.write(json.dumps([raised, caught]))
"""
WORK = {
    "a plain line": "log_info('tick', a=1, b='two')",
    "a line that is cleaned": "log_info('tick', a=[{'deep': (1, object())}], e='someone@example.com')",
    "an operation": "load(False)",
    "an invocation": "handler({}, Context())",
}


@pytest.mark.slow
@pytest.mark.parametrize("body", ["pass", "log_info('alarm', a=1)"], ids=["quiet", "logs"])
@pytest.mark.parametrize("base", ["Exception", "TimeoutError", "ValueError"])
@pytest.mark.parametrize("work", WORK)
def test_every_exception_of_a_signal_handler_reaches_the_business(work, base, body):
    # when a timeout strikes at any moment while telemetry works
    done = run(STORM.format(base=base, body=body, work=WORK[work]), timeout=10, env={"MANGAOBS_TRACER": "off"})
    raised, caught = json.loads(done.stderr)
    assert raised > 200
    assert caught == raised
    lines = done.stdout.splitlines(keepends=True)
    assert all(parsed(line) for line in lines)
    assert parsed(lines[-1])["event"] == "last"


@pytest.mark.slow
@pytest.mark.parametrize("work", WORK)
def test_a_signal_handler_that_logs_while_a_line_is_written_neither_stops_nor_spoils_it(work):
    code = f"""
alarms = 0
def on_alarm(*_):
    global alarms
    alarms += 1
    log_info("alarm", number=alarms)
    signal.setitimer(signal.ITIMER_REAL, 0.0001)  # the next one when this is over: on a slow machine they would pile up

signal.signal(signal.SIGALRM, on_alarm)
log_info("warm", a=1)
signal.setitimer(signal.ITIMER_REAL, 0.0001)
end = time.monotonic() + 2
while time.monotonic() < end:
    {WORK[work]}
signal.signal(signal.SIGALRM, signal.SIG_IGN)
log_info("last", a=1)
sys.stderr.write(str(alarms))
"""
    done = run(code, timeout=10, env={"MANGAOBS_TRACER": "off"})
    lines = [parsed(line) for line in done.stdout.splitlines(keepends=True)]
    numbers = [line["number"] for line in lines if line["event"] == "alarm"]
    # an alarm that strikes while another is logged may be written first
    assert sorted(numbers) == list(range(1, int(done.stderr) + 1))
    assert lines[-1]["event"] == "last"


# Python looks for signals after each call of a C function and at the beginning of each of its own: a profiler is
# called there, too, so an interruption can be tried at each of these places in turn.
EVERYWHERE = """
import gc
import mangaobs.runtime

class Alarm({base}):
    pass

def interrupted(act, strike, at):
    'Do `act`, and `strike` at its `at`th place; whether there was one.'
    left = at
    def profile(frame, event, arg):
        nonlocal left
        if event in ("c_return", "call") and "mangaobs" in frame.f_code.co_filename:
            if left == 0:
                left = -1
                sys.setprofile(None)
                strike()
            left -= 1
    sys.setprofile(profile)
    try:
        act()
    finally:
        sys.setprofile(None)
    return left < 0

def raises(*_):
    raise Alarm

signal.signal(signal.SIGALRM, raises)

def logs():
    log_info("strike", a=1)

def act():
    {work}

gc.disable()
act()
act()
lost, at = [], 0
while True:
    before = len(lost)
    try:
        struck = interrupted(act, {strike}, at)
        if not struck:
            break
        if {strike} is raises:
            lost.append(at)
    except Alarm:
        pass
    log_info("after", at=at)
    at += 1
sys.stderr.write(json.dumps([at, lost]))
"""


@pytest.mark.parametrize("base", ["Exception", "TimeoutError"])
@pytest.mark.parametrize("work", WORK)
def test_an_exception_of_a_signal_handler_reaches_the_business_from_wherever_it_strikes(work, base):
    done = run(
        EVERYWHERE.format(base=base, strike="raises", work=WORK[work]), timeout=8, env={"MANGAOBS_TRACER": "off"}
    )
    places, lost = json.loads(done.stderr)
    assert places > 5
    assert lost == []
    lines = [parsed(line) for line in done.stdout.splitlines(keepends=True)]
    assert [line["at"] for line in lines if line["event"] == "after"] == list(range(places))
    # and what was interrupted is over: no line afterwards belongs to it
    assert not any("request_id" in line for line in lines if line["event"] == "after")


@pytest.mark.parametrize("work", WORK)
def test_a_signal_handler_may_log_wherever_it_strikes(work):
    done = run(
        EVERYWHERE.format(base="Exception", strike="logs", work=WORK[work]), timeout=8, env={"MANGAOBS_TRACER": "off"}
    )
    places, _ = json.loads(done.stderr)
    lines = [parsed(line) for line in done.stdout.splitlines(keepends=True)]
    assert len([line for line in lines if line["event"] == "strike"]) == places


@pytest.mark.parametrize("base", ["Exception", "TimeoutError"])
def test_a_long_line_that_a_signal_interrupts_does_not_spoil_the_next(base):
    # given a reader that is slower than a line is long, and a handler that will wait no longer
    code = f"""
class Alarm({base}):
    pass
def on_alarm(*_):
    raise Alarm
signal.signal(signal.SIGALRM, on_alarm)
reader, writer = os.pipe()
os.dup2(writer, 1)
os.close(writer)
log_info("first", a=1)
got = []
def read():
    time.sleep(0.6)
    while data := os.read(reader, 65536):
        got.append(data)
threading.Thread(target=read, daemon=True).start()
signal.setitimer(signal.ITIMER_REAL, 0.2)
caught = False
try:
    log_info("cut", text="x" * 200000)
except Alarm:
    caught = True
log_info("next", a=1)
time.sleep(1)
sys.stderr.write(json.dumps([caught, b"".join(got).decode()]))
"""
    caught, written = json.loads(run(code, timeout=10).stderr)
    assert parsed(written.encode().splitlines(keepends=True)[-1])["event"] == "next"
    assert caught


def test_an_exception_that_a_signal_handlers_own_library_raises_reaches_the_business():
    # given a handler whose exception comes from a module that telemetry uses, too
    code = """
def on_alarm(*_):
    global raised
    raised += 1
    json.loads("no json")
signal.signal(signal.SIGALRM, on_alarm)
log_info("warm", a=1)
raised = caught = 0
for number in range(300):
    before = raised
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0003)
        while raised == before:
            log_info("tick", a=[{"deep": (1, 2)}])
    except ValueError:
        caught += 1
sys.stderr.write(str(caught))
"""
    assert run(code, timeout=10).stderr == b"300"


# --- fork ---


@pytest.mark.slow
def test_a_forked_child_can_log_while_a_thread_of_its_parent_does():
    # given all is loaded: a module that another thread is just importing stays locked in a child, in any Python
    code = """
stop = False
handler({}, Context())
def log():
    while not stop:
        log_info("parent", a=[1], text="x" * 500)
threads = [threading.Thread(target=log) for _ in range(3)]
for thread in threads: thread.start()
failed = 0
for number in range(60):
    child = os.fork()
    if not child:
        signal.alarm(5)
        log_info("child", number=number)
        handler({}, Context())
        os._exit(0)
    failed += os.waitpid(child, 0)[1] != 0
stop = True
for thread in threads: thread.join()
log_info("last", a=1)
assert failed == 0, failed
"""
    done = run(code, timeout=30)
    lines = [parsed(line) for line in done.stdout.splitlines(keepends=True)]
    assert [line["number"] for line in lines if line["event"] == "child"] == list(range(60))
    assert lines[-1]["event"] == "last"


def test_threads_do_not_mix_their_lines():
    code = """
def log(number):
    for _ in range(200):
        log_info("line", thread=number, text=str(number) * (number * 2000))
threads = [threading.Thread(target=log, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    lines = [parsed(line) for line in run(code).stdout.splitlines(keepends=True)]
    assert len(lines) == 1600
    assert all(set(line["text"]) <= {str(line["thread"])} for line in lines)


# --- the call itself ---


class Unsayable(type):
    @property
    def __name__(cls):
        raise RuntimeError("hostile")


class HostileError(Exception):
    """Asked for anything, it raises."""

    @property
    def response(self):
        raise RuntimeError("hostile")

    def __str__(self):
        raise RuntimeError("hostile")

    __repr__ = __eq__ = __bool__ = __str__
    __hash__ = None  # type: ignore[assignment]


class ExitingError(Exception):
    @property
    def response(self):
        raise SystemExit


class NamelessError(Exception, metaclass=Unsayable):
    pass


class OddResponseError(Exception):
    response = {"Error": {"Code": ["x"]}, "ResponseMetadata": {"HTTPStatusCode": "x", "RetryAttempts": None}}  # noqa: RUF012


FAILURES = {
    "Exception": lambda: ValueError("v"),
    "KeyboardInterrupt": KeyboardInterrupt,
    "SystemExit": lambda: SystemExit(3),
    "GeneratorExit": GeneratorExit,
    "CancelledError": asyncio.CancelledError,
    "StopIteration": lambda: StopIteration(1),
    "group": lambda: ExceptionGroup("g", [ValueError()]),
    "hostile": HostileError,
    "exiting": ExitingError,
    "nameless": NamelessError,
    "odd response": OddResponseError,
    "a mock of one": type("Mocked", (Exception,), {"response": MagicMock()}),
    "recursion": RecursionError,
    "memory": MemoryError,
}


@pytest.mark.parametrize("tracer", ["off", "udp", "xray-sdk"])
@pytest.mark.parametrize("name", FAILURES)
def test_what_a_handler_raises_is_raised_on_untouched(name, tracer):
    lines = configured(tracer=tracer, environ={**SAMPLED, "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:9"})
    failure = FAILURES[name]()
    cause = KeyError()

    @log_step("Load")
    def load():
        with subsegment("Part"), log_step("Inner"):
            raise failure from cause

    @observe
    @log_step("Whole")
    def handler(event, context):
        load()

    got = None
    try:
        handler({}, LambdaContext())
    except BaseException as error:  # noqa: BLE001 - all kinds are tried
        got = error
    assert got is failure, type(got)
    assert got.__cause__ is cause
    assert got.__context__ is cause or got.__context__ is None
    assert len(lines.of("invocation")) == 1
    assert lines.of("invocation")[0]["outcome"] == "error"


@pytest.mark.parametrize("name", FAILURES)
def test_an_exception_can_be_logged_whatever_it_is(lines, name):
    with_no_traceback = FAILURES[name]()
    try:
        log_error("failed", error=with_no_traceback, kept=1)
    except BaseException as error:  # noqa: BLE001 - hostile ones raise all there is
        raise AssertionError(f"{type(error).__name__} reached the caller") from None
    assert lines.only["kept"] == 1


class Anything:
    def __eq__(self, other):
        raise RuntimeError("hostile")

    __hash__ = None  # type: ignore[assignment]

    def __getattr__(self, name):
        raise RuntimeError("hostile")

    __bool__ = __len__ = __iter__ = __str__ = __repr__ = lambda _self: 1 / 0


RESULTS = {
    "None": lambda: None,
    "response": lambda: {"statusCode": 200, "body": "x"},
    "failure": lambda: {"statusCode": 503},
    "odd status": lambda: {"statusCode": "503"},
    "huge status": lambda: {"statusCode": 10**5000},
    "negative status": lambda: {"statusCode": -1},
    "hostile status": lambda: {"statusCode": Anything()},
    "hostile": Anything,
    "mock": MagicMock,
    "generator": lambda: (n for n in range(3)),
    "aws": lambda: {"ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0}, "Count": 3},
    "aws, odd": lambda: {"ResponseMetadata": 7, "Count": "x", "ConsumedCapacity": [7, {"CapacityUnits": "x"}]},
    "aws, odder": lambda: {
        "ResponseMetadata": None,
        "Responses": {"t": 7},
        "ConsumedCapacity": {"CapacityUnits": None},
    },
    "aws, oddest": lambda: {"ResponseMetadata": {}, "ConsumedCapacity": [{"TableName": []}], "Item": 7},
    "bedrock, odd": lambda: {"usage": {"inputTokens": "many"}, "ResponseMetadata": {"HTTPHeaders": []}},
    "bytes": lambda: bytes(1_000_000),
}


@pytest.mark.parametrize("name", RESULTS)
def test_what_a_handler_returns_is_passed_through_untouched(lines, name):
    from mangaobs.runtime import log_bedrock_invocation, log_dynamodb_operation, log_publish_operation

    result = RESULTS[name]()

    @log_bedrock_invocation("Converse", model="m")
    @log_publish_operation("Publish", destination="d")
    @log_dynamodb_operation("Query:Load")
    @log_step("Load", size=len, first=lambda r: r[0], count=lambda r: r["Count"])
    def load():
        return result

    @observe
    def handler(event, context):
        return load()

    assert handler({}, LambdaContext()) is result
    assert [line["status"] for line in lines.all if "status" in line] == ["success"] * 4
    assert len(lines.of("invocation")) == 1


def test_a_derived_field_that_raises_is_left_out_and_that_is_said(lines):
    @log_step("Load", good=lambda _: 1, bad=lambda _: 1 / 0, worse=lambda _: None.nothing, also=lambda _: 2)
    def load():
        return {}

    load()
    load()
    line = lines.of("step")[1]
    assert (line["good"], line["also"], line["status"]) == (1, 2, "success")
    assert "bad" not in line
    assert [problem["reason"] for problem in lines.of("telemetry_problem")][:1] == ["field"]
    assert len(lines.of("telemetry_problem")) <= 2


def test_what_a_derived_field_returns_may_be_anything(lines):
    @log_step("Load", one=lambda _: Anything(), two=lambda _: float("nan"), three=lambda _: (n for n in "ab"))
    def load():
        return 7

    assert load() == 7
    assert lines.only["two"] is None


class HostileContext:
    def __getattribute__(self, name):
        raise RuntimeError("hostile")

    __eq__ = __bool__ = __hash__ = None  # type: ignore[assignment]


def saying(value, request_id="r-1"):
    return type("Context", (), {"aws_request_id": request_id, "get_remaining_time_in_millis": lambda _: value})()


CONTEXTS = {
    "None": lambda: None,
    "object": object,
    "hostile": HostileContext,
    "mock": MagicMock,
    "dict": dict,
    **{f"remaining {value}": (lambda value=value: saying(value)) for value in ("x", None, -5, 0, 1e300, float("inf"))},
    **{f"remaining {value}": (lambda value=value: saying(value)) for value in (float("nan"), -1e300, True, 10**400)},
    "odd id": lambda: saying(1000, 7),
    "id with a surrogate": lambda: saying(1000, "\ud800"),
    "id with a quote": lambda: saying(1000, '"\n'),
    "long id": lambda: saying(1000, "x" * 100_000),
}


@pytest.mark.parametrize("margin", [0, 300])
@pytest.mark.parametrize("name", CONTEXTS)
def test_a_hostile_context_fails_nothing(name, margin):
    lines = configured(deadline_margin_ms=margin)
    result = object()
    handler = observe(lambda _event, _context: log_info("x", a=1) or result)
    assert handler({}, CONTEXTS[name]()) is result
    assert lines.of("invocation")[0]["outcome"] == "success"
    assert len(lines.of("x")) == 1


def test_after_a_hostile_context_the_deadline_of_the_next_is_still_noticed():
    lines = configured(deadline_margin_ms=50)
    handler = observe(lambda event, _context: time.sleep(event))
    for make in CONTEXTS.values():
        handler(0, make())
    time.sleep(0.05)

    started = time.monotonic()

    class Counting(LambdaContext):
        def get_remaining_time_in_millis(self):
            return 200 - (time.monotonic() - started) * 1000

    handler(0.35, Counting())
    assert len(lines.of("deadline_near")) >= 1


EVENTS = {
    "None": lambda: None,
    "hostile": Anything,
    "mock": MagicMock,
    "odd request context": lambda: {"requestContext": 7},
    "odd id": lambda: {"requestContext": {"requestId": Anything()}},
    "surrogate": lambda: {"requestContext": {"requestId": "\ud800"}},
    "quotes": lambda: {"requestContext": {"requestId": '","level":"FATAL'}},
    "long": lambda: {"requestContext": {"requestId": "x" * 100_000}},
    "list": lambda: [1],
    "bytes": lambda: b"x",
}
FINDERS = {
    "raises": lambda _event: 1 / 0,
    "KeyError": lambda event: event["session"]["id"],
    "hostile": lambda _event: Anything(),
    "None": lambda _event: None,
    "empty": lambda _event: "",
    "number": lambda _event: 7,
    "surrogate": lambda _event: "\ud800",
    "bytes": lambda _event: b"x",
    "dict": lambda event: {"a": event},
    "mock": lambda _event: MagicMock(),
    "generator": lambda _event: (n for n in "ab"),
}


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("finder", FINDERS)
@pytest.mark.parametrize("event", EVENTS)
def test_a_hostile_event_fails_nothing(event, finder, raw):
    lines = configured(session_key=b"key")

    @observe(session=FINDERS[finder], correlation=None if finder == "None" else FINDERS[finder], raw_session=raw)
    def handler(event, context):
        log_info("x", a=1)
        return event

    given_event = EVENTS[event]()
    assert handler(given_event, LambdaContext()) is given_event
    assert lines.of("invocation")[0]["outcome"] == "success"
    assert lines.of("x")[0]["level"] == "INFO"


@pytest.mark.parametrize(
    "key",
    ["text", lambda: "text", lambda: None, lambda: b"", lambda: 1 / 0, lambda: bytearray(b"k"), lambda: 7, 7],
    ids=["text", "gives text", "gives None", "gives nothing", "raises", "bytearray", "gives int", "int"],
)
def test_a_session_key_that_is_none_fails_nothing(key):
    lines = configured()
    from mangaobs.runtime import _log

    _log.assembled.settings.session_key = key  # as a provider gives it, or `configure` once took it

    @observe(session=lambda event: event["s"])
    def handler(event, context):
        bind(session="other")
        return 7

    assert handler({"s": "session-1"}, LambdaContext()) == 7
    assert "session-1" not in lines.text


def test_whatever_is_bound_or_summed_up_fails_nothing(lines):
    @observe
    def handler(event, context):
        bind(value=Anything(), session=Anything(), other=float("nan"))
        bind(event="x", level="y")
        summarize(value=Anything(), other=float("nan"), event="mine")
        log_info("x", a=1)
        return 7

    assert handler({}, LambdaContext()) == 7
    assert len(lines.of("x")) == 1
    assert lines.of("invocation")[0]["level"] == "INFO"


def test_a_writer_that_raises_fails_nothing():
    forget()

    def write(line):
        raise RuntimeError("hostile")

    configure(environ={}, write=write, tracer="off")
    assert observe(lambda _event, _context: log_info("x", a=1) or 7)({}, LambdaContext()) == 7


def test_telemetry_may_be_configured_while_it_is_used():
    configured()
    stop = threading.Event()
    problems = []

    def work():
        handler = observe(lambda _event, _context: log_step("Load")(lambda: log_debug("x", a=[1]) or 7)())
        while not stop.is_set():
            try:
                assert handler({}, LambdaContext()) == 7
            except BaseException as error:  # noqa: BLE001 - for the main thread to see
                problems.append(error)
                return

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(100):
        configure(
            environ={},
            write=lambda _line: None,
            debug_hold_bytes=number,
            level="DEBUG",
            tracer="off",
            deadline_margin_ms=0,
        )
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []


def test_a_line_is_one_call_of_the_system(capfd):
    # said by the sink itself: a line that came in two could be cut by another process's
    sink = StandardOutput()
    sink(b'{"a":1}\n')
    assert capfd.readouterr().out == '{"a":1}\n'


def test_signals_of_python_itself_are_as_they_were():
    before = {number: signal.getsignal(number) for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT)}
    configured(deadline_margin_ms=300)
    observe(lambda _event, _context: None)({}, LambdaContext())
    assert {number: signal.getsignal(number) for number in before} == before
