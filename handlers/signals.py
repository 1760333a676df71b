"""What MangaAssist emits: metrics, log events and the access log.

The handlers emit through these objects; alarms, dashboards and queries read the same ones.
"""

from mangaobs.runtime import signals as runtime
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
ROUTING_FALLBACKS = _metric(
    "RoutingFallbacks", "Count", "Messages that went on without their routing flag, since Redis did not answer."
)
ERASURES = _metric("Erasures", "Count", "People whose data was erased.")
DATA_REQUEST_FAILURES = _metric(
    "DataRequestFailures", "Count", "Requests of people that every call failed at: somebody has to look."
)
DATA_REQUEST_AGE = _metric(
    "DataRequestAge", "Seconds", "Since a person asked for what is not done yet; the law gives a month."
)
TIME_TO_FIRST_TOKEN = _metric(
    "TimeToFirstToken", "Milliseconds", "From calling Bedrock to its first token, as the function sees it."
)
INPUT_TOKENS = _metric("InputTokens", "Count", "Tokens sent to the model.")
OUTPUT_TOKENS = _metric("OutputTokens", "Count", "Tokens that the model answered.")

TURN_COUNT = Field("turn_count", "number", "Turns that LoadTurns returned.", optional=True)
EFFECT = Field(
    "effect", "string", "What the customer saw: none, slow, degraded, limited, rejected or failed.", optional=True
)
REASON = runtime.REASON

DYNAMODB_OPERATION = runtime.DYNAMODB_OPERATION.with_fields(TURN_COUNT)
INVOCATION = runtime.INVOCATION.with_fields(EFFECT)
REQUEST_REJECTED = LogEvent("request_rejected", REASON, level="WARN", description="A request that was not carried out.")
WRITE_DEFERRED = LogEvent("write_deferred", REASON, level="WARN", description="A turn that went to the retry queue.")
WRITE_DROPPED = LogEvent("write_dropped", REASON, level="WARN", description="A turn that was given up.")
RETRY_FAILED = LogEvent("retry_failed", level="ERROR", description="A queued turn that could not be written yet.")
RECORD_FAILED = LogEvent("record_failed", level="ERROR", description="A record of the stream that could not be routed.")
SUMMARY_FAILED = LogEvent(
    "summary_failed", REASON, level="WARN", description="A summary that was not written; the next turn tries again."
)
RESPONDER_FAILED = LogEvent(
    "responder_failed", level="ERROR", description="A flag that could not be set, or a switch that could not be read."
)
AUDIT_FAILED = LogEvent("audit_failed", level="ERROR", description="A call that could not be audited, and was refused.")
HOT_KEY = LogEvent(
    "hot_key",
    Field("classification", "string", "legitimate, abuse or unknown."),
    Field("action", "string", "none, cache, limit or block."),
    Field("units", "number", "ConsumedThroughputUnits in the minute."),
    Field("dry_run", "boolean", "Whether the action was only noted."),
    level="WARN",
    description="What the responder made of a hot session.",
)
DATA_REQUEST_STEP = LogEvent(
    "data_request_step",
    Field("data_request", "string", "The id of the request, in which the person is a keyed hash."),
    Field("kind", "string", "erasure, access or portability."),
    Field(
        "step", "string", "start, closed, search-001 …, verified, confirmed, account, finish, failed, hold or release."
    ),
    Field("detail", "string", "What came of the step, in a word.", optional=True),
    Field("session_count", "number", "Sessions of the request so far."),
    runtime.ITEM_COUNT,
    Field("version_count", "number", "Versions of objects that were deleted so far."),
    description="A step of a person's request: the audit has the same as an object that nobody can change.",
)
ADMIN_ACTION = LogEvent(
    "admin_action",
    Field("action", "string", "read, export or delete."),
    Field("actor", "string", "A keyed hash of who did it."),
    runtime.ITEM_COUNT,
    runtime.STATUS,
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
        ROUTING_FALLBACKS,
        ERASURES,
        DATA_REQUEST_FAILURES,
        DATA_REQUEST_AGE,
        TIME_TO_FIRST_TOKEN,
        INPUT_TOKENS,
        OUTPUT_TOKENS,
    ),
    common=runtime.COMMON,
    events=runtime.events(
        DYNAMODB_OPERATION,
        INVOCATION,
        REQUEST_REJECTED,
        WRITE_DEFERRED,
        WRITE_DROPPED,
        RETRY_FAILED,
        RECORD_FAILED,
        SUMMARY_FAILED,
        AUDIT_FAILED,
        RESPONDER_FAILED,
        HOT_KEY,
        ADMIN_ACTION,
        DATA_REQUEST_STEP,
    ),
    access_log=ACCESS_LOG,
)
