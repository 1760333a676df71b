"""What the runtime emits by itself, declared: the fields of every line, its events and those of its operations.

A project's signals take these up and add their own:

    DYNAMODB_OPERATION = runtime.DYNAMODB_OPERATION.with_fields(TURN_COUNT)
    SIGNALS = Signals(common=runtime.COMMON, events=runtime.events(DYNAMODB_OPERATION, HOT_KEY))
"""

from mangaobs.signals import Field, LogEvent

# On every line, whatever the event.
TIMESTAMP = Field("timestamp", "string", "RFC 3339 in UTC, with milliseconds.")
LEVEL = Field("level", "string", "TRACE, DEBUG, INFO, WARN, ERROR or FATAL.")
EVENT = Field("event", "string", "The kind of line.")
FUNCTION = Field("function", "string", "The function's name.")
FUNCTION_VERSION = Field("function_version", "string", "The function's version.", optional=True)
REQUEST_ID = Field("request_id", "string", "Lambda's id of the invocation.", optional=True)
CORRELATION_ID = Field("correlation_id", "string", "API Gateway's request id, carried through.", optional=True)
TRACE_ID = Field("trace_id", "string", "X-Ray's id of the trace.", optional=True)
SESSION = Field("session", "string", "A keyed hash of the session id, never the id.", optional=True)
COLD_START = Field("cold_start", "boolean", "Whether this is the first invocation of its environment.", optional=True)
MESSAGE = Field("message", "string", "Free text; what looks secret or personal in it is replaced.", optional=True)
TRUNCATED = Field("truncated", "boolean", "True if the line was too long and something was left out.", optional=True)

# On a line about a failure, of whatever kind.
ERROR_TYPE = Field("error_type", "string", "The AWS error code, or else the exception's class.", optional=True)
HTTP_STATUS = Field("http_status", "number", "The HTTP status of the answer.", optional=True)
RETRIES = Field("retries", "number", "How often the SDK tried again.", optional=True)
STACK = Field("stack", "string", "Where the exception came through, the innermost place last.", optional=True)
# On a line that comes from Python's own logging.
LOGGER = Field("logger", "string", "The logger's name.", optional=True)

COMMON = (
    TIMESTAMP,
    LEVEL,
    EVENT,
    FUNCTION,
    FUNCTION_VERSION,
    REQUEST_ID,
    CORRELATION_ID,
    TRACE_ID,
    SESSION,
    COLD_START,
    MESSAGE,
    TRUNCATED,
    ERROR_TYPE,
    HTTP_STATUS,
    RETRIES,
    STACK,
    LOGGER,
)

# What the timed operations share.
OPERATION = Field("operation", "string", "The call and its purpose, such as Query:LoadTurns.")
DURATION_MS = Field("duration_ms", "number", "Milliseconds that it took, retries included.")
STATUS = Field("status", "string", "success, error, or canceled if it was stopped from outside.")
TIMED = (OPERATION, DURATION_MS, STATUS)

TABLE = Field("table", "string", "The table.", optional=True)
CONSUMED_CAPACITY = Field("consumed_capacity", "number", "Capacity units that it consumed.", optional=True)
ITEM_COUNT = Field("item_count", "number", "Items read or written.", optional=True)
MODEL = Field("model", "string", "The Bedrock model id.")
FIRST_TOKEN_MS = Field("first_token_ms", "number", "Milliseconds to the first token.", optional=True)
TOKENS_IN = Field("input_tokens", "number", "Tokens sent.", optional=True)
TOKENS_OUT = Field("output_tokens", "number", "Tokens answered.", optional=True)
DESTINATION = Field("destination", "string", "The topic, stream, bus or queue.")
OUTCOME = Field("outcome", "string", "success or error.")
REMAINING_MS = Field("remaining_ms", "number", "Milliseconds left of the timeout.", optional=True)
REASON = Field("reason", "string", "Why, as a code.")
DETAIL = Field("detail", "string", "More of it.", optional=True)

DYNAMODB_OPERATION = LogEvent(
    "dynamodb_operation", *TIMED, TABLE, CONSUMED_CAPACITY, ITEM_COUNT, description="A DynamoDB call."
)
BEDROCK_INVOCATION = LogEvent(
    "bedrock_invocation", *TIMED, MODEL, FIRST_TOKEN_MS, TOKENS_IN, TOKENS_OUT, description="A model invocation."
)
REDIS_OPERATION = LogEvent("redis_operation", *TIMED, description="A Redis call.")
PUBLISH_OPERATION = LogEvent(
    "publish_operation", *TIMED, DESTINATION, description="Something handed to SNS, Kinesis, EventBridge or SQS."
)
STEP = LogEvent("step", *TIMED, description="A named step of a handler.")
INVOCATION = LogEvent(
    "invocation",
    DURATION_MS,
    OUTCOME,
    REMAINING_MS,
    description="The summary line that ends an invocation.",
)
DEADLINE_NEAR = LogEvent(
    "deadline_near",
    REMAINING_MS,
    Field("open_operation", "string", "What it was waiting for.", optional=True),
    level="WARN",
    description="The timeout is about to end this invocation.",
)
METRICS = LogEvent("metrics", description="Metrics in the embedded metric format; its fields are the metrics' names.")
LOG = LogEvent("log", description="A line of no declared kind, from Python's own logging for one.")
TELEMETRY_PROBLEM = LogEvent(
    "telemetry_problem", REASON, DETAIL, level="WARN", description="Telemetry is not what was asked for; said once."
)

EVENTS = (
    DYNAMODB_OPERATION,
    BEDROCK_INVOCATION,
    REDIS_OPERATION,
    PUBLISH_OPERATION,
    STEP,
    INVOCATION,
    DEADLINE_NEAR,
    METRICS,
    LOG,
    TELEMETRY_PROBLEM,
)


def events(*own: LogEvent) -> tuple[LogEvent, ...]:
    """`EVENTS` and a project's own, which take the place of those of the same name."""
    names = {event.name for event in own}
    return (*(event for event in EVENTS if event.name not in names), *own)
