"""Which fields of an AWS call go into its subsegment. Data; `_aws` reads it.

For each service (by its endpoint prefix) and operation: names of request fields, names of response fields, and fields
that are counted or listed under another name. No field holds an item, a message or a key of one.

The choice is the AWS X-Ray SDK for Python's (2.15, its parameter whitelist), for the services that handlers use;
less ItemCollectionMetrics, which holds keys of items. `tests/runtime/aws/test_trace_trees.py` compares the two.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    # request fields, response fields, {request field: (how, name)}, {response field: (how, name)}
    Choice = tuple[tuple[str, ...], tuple[str, ...], dict[str, tuple[str, str]], dict[str, tuple[str, str]]]

COUNT, KEYS, SAME = "count", "keys", "same"


def _choice(
    request: str = "",
    response: str = "",
    request_as: dict[str, tuple[str, str]] | None = None,
    response_as: dict[str, tuple[str, str]] | None = None,
) -> Choice:
    return tuple(request.split()), tuple(response.split()), request_as or {}, response_as or {}


_READ = "AttributesToGet ConsistentRead IndexName Limit ProjectionExpression Select TableName"
_TABLES = {"RequestItems": (KEYS, "table_names")}
_BUCKET = {"Bucket": (SAME, "bucket_name")}
_OBJECT = _choice("Key", request_as=_BUCKET)
_VERSION = _choice("Key VersionId", request_as=_BUCKET)
_PREFIX = _choice("Prefix", request_as=_BUCKET)
_WHOLE_BUCKET = _choice(request_as=_BUCKET)

CHOICES: dict[str, dict[str, Choice]] = {
    "dynamodb": {
        "BatchGetItem": _choice("", "ConsumedCapacity", _TABLES),
        "BatchWriteItem": _choice("", "ConsumedCapacity", _TABLES),
        "CreateTable": _choice("GlobalSecondaryIndexes LocalSecondaryIndexes ProvisionedThroughput TableName"),
        "DeleteItem": _choice("TableName", "ConsumedCapacity"),
        "DeleteTable": _choice("TableName"),
        "DescribeTable": _choice("TableName"),
        "GetItem": _choice("ConsistentRead ProjectionExpression TableName", "ConsumedCapacity"),
        "ListTables": _choice("ExclusiveStartTableName Limit", response_as={"TableNames": (COUNT, "table_count")}),
        "PutItem": _choice("TableName", "ConsumedCapacity"),
        "Query": _choice(f"{_READ} ScanIndexForward", "ConsumedCapacity"),
        "Scan": _choice(f"{_READ} Segment TotalSegments", "ConsumedCapacity Count ScannedCount"),
        "UpdateItem": _choice("TableName", "ConsumedCapacity"),
        "UpdateTable": _choice("AttributeDefinitions GlobalSecondaryIndexUpdates ProvisionedThroughput TableName"),
    },
    "sns": {"Publish": _choice("TopicArn"), "PublishBatch": _choice("TopicArn")},
    "sqs": {
        "ChangeMessageVisibility": _choice("QueueUrl VisibilityTimeout"),
        "ChangeMessageVisibilityBatch": _choice("QueueUrl", "Failed"),
        "DeleteMessage": _choice("QueueUrl"),
        "DeleteMessageBatch": _choice("QueueUrl", "Failed"),
        "GetQueueAttributes": _choice("QueueUrl", "Attributes"),
        "GetQueueUrl": _choice("QueueName QueueOwnerAWSAccountId", "QueueUrl"),
        "ReceiveMessage": _choice(
            "AttributeNames MaxNumberOfMessages MessageAttributeNames QueueUrl VisibilityTimeout WaitTimeSeconds",
            response_as={"Messages": (COUNT, "message_count")},
        ),
        "SendMessage": _choice(
            "DelaySeconds QueueUrl", "MessageId", {"MessageAttributes": (KEYS, "message_attribute_names")}
        ),
        "SendMessageBatch": _choice(
            "QueueUrl",
            "",
            {"Entries": (COUNT, "message_count")},
            {"Failed": (COUNT, "failed_count"), "Successful": (COUNT, "successful_count")},
        ),
    },
    "lambda": {
        "Invoke": _choice("FunctionName InvocationType LogType Qualifier", "FunctionError StatusCode"),
        "InvokeAsync": _choice("FunctionName", "Status"),
    },
    "s3": {
        "AbortMultipartUpload": _OBJECT,
        "CompleteMultipartUpload": _OBJECT,
        "CopyObject": _choice("CopySource Bucket Key"),
        "DeleteObject": _OBJECT,
        "DeleteObjects": _WHOLE_BUCKET,
        "GetBucketLocation": _WHOLE_BUCKET,
        "GetObject": _VERSION,
        "GetObjectTagging": _VERSION,
        "HeadBucket": _WHOLE_BUCKET,
        "ListMultipartUploads": _PREFIX,
        "ListObjects": _PREFIX,
        "ListObjectsV2": _PREFIX,
        "ListParts": _OBJECT,
        "PutObject": _OBJECT,
        "PutObjectTagging": _VERSION,
        "UploadPart": _OBJECT,
    },
}
