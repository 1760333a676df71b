"""What MangaAssist emits: metrics, log events and the access log.

The handlers emit through these objects; alarms, dashboards and queries read the same ones.
"""

from mangaobs.signals import AccessLog, Field, LogEvent, MetricSignal, Signals

NAMESPACE = "MangaAssist"
# Several environments of one account share the namespace, so every metric says whose it is.
ENVIRONMENT = ("Environment",)


def _metric(name: str, unit: str, description: str) -> MetricSignal:
    return MetricSignal(NAMESPACE, name, unit, ENVIRONMENT, description)


HOT_KEYS = _metric("HotKeys", "Count", "Sessions that the hot-key responder found hot in the last minute.")
BLOCKED_SESSIONS = _metric("BlockedSessions", "Count", "Sessions that the hot-key responder blocked.")
RATE_LIMITED = _metric("RateLimitedRequests", "Count", "Messages answered with 429.")
FALLBACK_ANSWERS = _metric("FallbackAnswers", "Count", "Messages answered without the model, since Bedrock failed.")
DEFERRED_WRITES = _metric("DeferredWrites", "Count", "Turns that could not be written and went to the retry queue.")
DROPPED_WRITES = _metric("DroppedWrites", "Count", "Turns given up: erased, or older than what is stored.")
TIME_TO_FIRST_TOKEN = _metric(
    "TimeToFirstToken", "Milliseconds", "From calling Bedrock to its first token, as the function sees it."
)
INPUT_TOKENS = _metric("InputTokens", "Count", "Tokens sent to the model.")
OUTPUT_TOKENS = _metric("OutputTokens", "Count", "Tokens that the model answered.")

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
MESSAGE = Field("message", "string", "Free text, redacted.", optional=True, personal=True)

# What the timed operations share.
OPERATION = Field("operation", "string", "The call and its purpose, such as Query:LoadTurns.")
DURATION_MS = Field("duration_ms", "number", "Milliseconds that it took, retries included.")
STATUS = Field("status", "string", "success or error.")
ERROR_TYPE = Field("error_type", "string", "The AWS error code, or else the exception's class.", optional=True)
HTTP_STATUS = Field("http_status", "number", "The HTTP status of the answer.", optional=True)
RETRIES = Field("retries", "number", "How often the SDK tried again.", optional=True)
_TIMED = (OPERATION, DURATION_MS, STATUS, ERROR_TYPE, HTTP_STATUS, RETRIES)

TABLE = Field("table", "string", "The table.")
CONSUMED_CAPACITY = Field("consumed_capacity", "number", "Capacity units that it consumed.", optional=True)
ITEM_COUNT = Field("item_count", "number", "Items read or written.", optional=True)
TURN_COUNT = Field("turn_count", "number", "Turns that LoadTurns returned.", optional=True)
MODEL = Field("model", "string", "The Bedrock model id.")
FIRST_TOKEN_MS = Field("first_token_ms", "number", "Milliseconds to the first token.", optional=True)
TOKENS_IN = Field("input_tokens", "number", "Tokens sent.", optional=True)
TOKENS_OUT = Field("output_tokens", "number", "Tokens answered.", optional=True)
OUTCOME = Field("outcome", "string", "success or error.")
EFFECT = Field(
    "effect", "string", "What the customer saw: none, slow, degraded, limited, rejected or failed.", optional=True
)
REMAINING_MS = Field("remaining_ms", "number", "Milliseconds left of the timeout at the end.")
REASON = Field("reason", "string", "Why, as a code.")

DYNAMODB_OPERATION = LogEvent(
    "dynamodb_operation", *_TIMED, TABLE, CONSUMED_CAPACITY, ITEM_COUNT, TURN_COUNT, description="A DynamoDB call."
)
BEDROCK_INVOCATION = LogEvent(
    "bedrock_invocation", *_TIMED, MODEL, FIRST_TOKEN_MS, TOKENS_IN, TOKENS_OUT, description="A model invocation."
)
REDIS_OPERATION = LogEvent("redis_operation", *_TIMED, description="A Redis call.")
PUBLISH_OPERATION = LogEvent(
    "publish_operation",
    *_TIMED,
    Field("destination", "string", "The topic, stream, bus or queue."),
    description="Something handed to SNS, Kinesis, EventBridge or SQS.",
)
STEP = LogEvent("step", *_TIMED, description="A named step of a handler.")
INVOCATION = LogEvent(
    "invocation",
    DURATION_MS,
    OUTCOME,
    REMAINING_MS,
    ERROR_TYPE,
    HTTP_STATUS,
    EFFECT,
    description="The summary line that ends an invocation.",
)
DEADLINE_NEAR = LogEvent(
    "deadline_near",
    REMAINING_MS,
    Field("open_operation", "string", "What it was waiting for.", optional=True),
    level="WARN",
    description="The timeout is about to end this invocation.",
)
REQUEST_REJECTED = LogEvent(
    "request_rejected", REASON, HTTP_STATUS, level="WARN", description="A request that was not carried out."
)
WRITE_DEFERRED = LogEvent("write_deferred", REASON, level="WARN", description="A turn that went to the retry queue.")
WRITE_DROPPED = LogEvent("write_dropped", REASON, level="WARN", description="A turn that was given up.")
HOT_KEY = LogEvent(
    "hot_key",
    Field("classification", "string", "legitimate, abuse or unknown."),
    Field("action", "string", "none, cache, limit or block."),
    Field("units", "number", "ConsumedThroughputUnits in the minute."),
    Field("dry_run", "boolean", "Whether the action was only noted."),
    level="WARN",
    description="What the responder made of a hot session.",
)
ADMIN_ACTION = LogEvent(
    "admin_action",
    Field("action", "string", "read, export or delete."),
    Field("actor", "string", "A keyed hash of who did it."),
    ITEM_COUNT,
    STATUS,
    description="A call of the admin function.",
)

ACCESS_LOG = AccessLog(
    {
        Field("request_id", "string", "API Gateway's id of the request."): "$context.requestId",
        Field("trace_id", "string", "X-Ray's id of the trace."): "$context.xrayTraceId",
        Field("client_ip", "string", "The client's address.", personal=True): "$context.identity.sourceIp",
        Field("method", "string", "The HTTP method."): "$context.httpMethod",
        Field("resource", "string", "The resource's path, without its values."): "$context.resourcePath",
        Field("status", "number", "The HTTP status."): "$context.status",
        Field("latency_ms", "number", "Milliseconds to the answer."): "$context.responseLatency",
        Field("integration_latency_ms", "number", "Milliseconds in the function."): "$context.integrationLatency",
        Field("response_bytes", "number", "Length of the answer."): "$context.responseLength",
        Field("error", "string", "API Gateway's error type."): "$context.error.responseType",
    }
)

SIGNALS = Signals(
    metrics=(
        HOT_KEYS,
        BLOCKED_SESSIONS,
        RATE_LIMITED,
        FALLBACK_ANSWERS,
        DEFERRED_WRITES,
        DROPPED_WRITES,
        TIME_TO_FIRST_TOKEN,
        INPUT_TOKENS,
        OUTPUT_TOKENS,
    ),
    common=(
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
    ),
    events=(
        DYNAMODB_OPERATION,
        BEDROCK_INVOCATION,
        REDIS_OPERATION,
        PUBLISH_OPERATION,
        STEP,
        INVOCATION,
        DEADLINE_NEAR,
        REQUEST_REJECTED,
        WRITE_DEFERRED,
        WRITE_DROPPED,
        HOT_KEY,
        ADMIN_ACTION,
    ),
    access_log=ACCESS_LOG,
)
