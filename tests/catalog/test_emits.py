"""What the catalog answers about metrics that people alarm on."""

import pytest

from mangaobs import catalog

EMITTED = [
    ("AWS/DynamoDB", "ReadThrottleEvents", ["TableName"]),
    ("AWS/DynamoDB", "WriteThrottleEvents", ["TableName", "GlobalSecondaryIndexName"]),
    ("AWS/DynamoDB", "ThrottledRequests", ["TableName", "Operation"]),
    ("AWS/DynamoDB", "SystemErrors", ["Operation", "TableName"]),
    ("AWS/DynamoDB", "UserErrors", []),
    ("AWS/DynamoDB", "SuccessfulRequestLatency", ["TableName", "Operation"]),
    ("AWS/DynamoDB", "AccountProvisionedReadCapacityUtilization", []),
    ("AWS/Lambda", "Errors", ["FunctionName"]),
    ("AWS/Lambda", "Errors", ["FunctionName", "Resource"]),
    ("AWS/Lambda", "Errors", []),
    ("AWS/Lambda", "IteratorAge", ["FunctionName"]),
    ("AWS/Lambda", "PolledEventCount", ["EventSourceMappingUUID"]),
    ("AWS/Lambda", "Url5xxCount", ["FunctionName"]),
    ("AWS/Lambda", "DurableExecutionFailed", ["FunctionName"]),
    ("AWS/ApiGateway", "5XXError", ["ApiName"]),
    ("AWS/ApiGateway", "5XXError", ["ApiName", "Stage"]),
    ("AWS/ApiGateway", "5xx", ["ApiId"]),
    ("AWS/ApiGateway", "Latency", ["ApiId", "Stage"]),
    ("AWS/ApiGateway", "ExecutionError", ["ApiId", "Route", "Stage"]),
    *(
        ("AWS/Bedrock", name, ["ModelId"])
        for name in (
            "Invocations",
            "InvocationLatency",
            "InvocationClientErrors",
            "InvocationServerErrors",
            "InvocationThrottles",
            "InputTokenCount",
            "OutputTokenCount",
            "TimeToFirstToken",
            "EstimatedTPMQuotaUsage",
        )
    ),
    ("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", ["StreamName"]),
    ("AWS/Firehose", "DeliveryToS3.DataFreshness", ["DeliveryStreamName"]),
    ("AWS/SNS", "NumberOfNotificationsFailed", ["TopicName"]),
    ("AWS/SNS", "SMSMonthToDateSpentUSD", []),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", ["QueueName"]),
    ("AWS/States", "ExecutionsFailed", ["StateMachineArn"]),
    ("AWS/States", "ExecutionsFailed", []),
    ("AWS/Events", "FailedInvocations", ["RuleName"]),
    ("AWS/Events", "FailedInvocations", ["EventBusName", "RuleName"]),
    ("AWS/ElastiCache", "EngineCPUUtilization", ["CacheClusterId", "CacheNodeId"]),
    ("AWS/ElastiCache", "ThrottledCmds", ["clusterId"]),
    ("AWS/DAX", "ThrottledRequestCount", ["ClusterId"]),
    ("AWS/Cognito", "SignInThrottles", ["UserPool", "UserPoolClient"]),
    ("AWS/Cognito", "CompromisedCredentialRisk", ["Operation", "RiskLevel", "UserPoolId"]),
    ("AWS/Logs", "AnomalyCount", ["LogAnomalyDetector", "LogAnomalyPriority"]),
    ("AWS/Logs", "EMFValidationErrors", ["LogGroupName"]),
    ("AWS/Scheduler", "TargetErrorCount", ["ScheduleGroup"]),
]

NEVER_EMITTED = [
    ("AWS/DynamoDB", "ThrottledRequests", ["TableName"]),
    ("AWS/DynamoDB", "SystemErrors", ["TableName"]),
    ("AWS/DynamoDB", "SuccessfulRequestLatency", ["TableName"]),
    ("AWS/DynamoDB", "UserErrors", ["TableName"]),
    ("AWS/DynamoDB", "ReadThrottleEvents", []),
    ("AWS/DynamoDB", "ReadThrottleEvents", ["GlobalSecondaryIndexName"]),
    ("AWS/DynamoDB", "GetRecords.IteratorAgeMilliseconds", ["TableName"]),
    ("AWS/Lambda", "Errors", ["Function"]),
    ("AWS/Lambda", "errors", ["FunctionName"]),
    ("AWS/Lambda", "PolledEventCount", ["FunctionName"]),
    ("AWS/ApiGateway", "5XXError", ["ApiId"]),
    ("AWS/ApiGateway", "5XXError", ["ApiId", "Stage"]),
    ("AWS/ApiGateway", "5XXError", ["Stage"]),
    ("AWS/ApiGateway", "5xx", ["ApiName"]),
    ("AWS/Bedrock", "Invocations", ["ModelName"]),
    ("AWS/Kinesis", "GetRecords.IteratorAge", ["StreamName"]),
    ("AWS/Kinesis", "IteratorAgeMilliseconds", ["StreamName"]),
    ("AWS/SNS", "SMSMonthToDateSpentUSD", ["TopicName"]),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", []),
    ("AWS/SQS", "NumberOfMessagesSent", ["QueueUrl"]),
    ("AWS/States", "ExecutionsFailedCount", ["StateMachineArn"]),
    ("AWS/Events", "FailedInvocations", ["EventBusName"]),
    ("AWS/ElastiCache", "ThrottledCmds", ["CacheClusterId"]),
    ("AWS/Cognito", "SignInThrottles", ["UserPoolId"]),
    ("AWS/Cognito", "CompromisedCredentialsRisk", ["Operation", "RiskLevel", "UserPoolId"]),
    ("AWS/S3", "5xxErrors", ["BucketName"]),
    ("AWS/Logs", "AnomalyCount", ["LogAnomalyPriority"]),
    ("LambdaInsights", "memory_utilization", ["FunctionName"]),
]

CANNOT_TELL = [
    ("AWS/Bedrock", "Invocations", [], "shown in the console, not documented"),
    ("AWS/DAX", "CPUUtilization", ["Account"], "the sources disagree"),
    ("AWS/Lambda", "ProvisionedConcurrencyUtilization", ["FunctionName"], "two AWS pages disagree"),
    ("AWS/ElastiCache", "DatabaseCapacityUsagePercentage", ["CacheClusterId"], "one page leaves it out"),
    ("AWS/SNS", "NumberOfMessagesPublished", ["Platform"], "dimensions listed for all metrics together"),
    ("AWS/X-Ray", "ResponseTime", ["GroupName", "ServiceName", "ServiceType"], "unverified"),
    ("AWS/X-Ray", "TracesReceived", [], "the list of this namespace is not complete"),
    ("AWS/CloudTrail", "TotalStorageBytes", [], "sets unknown"),
    ("AWS/EC2", "CPUUtilization", ["InstanceId"], "namespace not in the catalog"),
    ("MangaAssist", "Orders", [], "somebody's own namespace"),
]


@pytest.mark.parametrize(("namespace", "name", "dimensions"), EMITTED)
def test_emitted(namespace, name, dimensions):
    assert catalog.emits(namespace, name, dimensions) is True


@pytest.mark.parametrize(("namespace", "name", "dimensions"), NEVER_EMITTED)
def test_never_emitted(namespace, name, dimensions):
    assert catalog.emits(namespace, name, dimensions) is False


@pytest.mark.parametrize(("namespace", "name", "dimensions", "why"), CANNOT_TELL)
def test_cannot_tell(namespace, name, dimensions, why):
    assert catalog.emits(namespace, name, dimensions) is None, why


def test_order_and_repetition_of_dimensions_do_not_matter():
    assert catalog.emits("AWS/DynamoDB", "SystemErrors", ("TableName", "Operation", "TableName"))
    assert catalog.emits("AWS/DynamoDB", "SystemErrors", {"Operation": "Query", "TableName": "orders"})
    assert catalog.emits("AWS/DynamoDB", "SystemErrors", iter(["TableName", "Operation"]))


def test_inferred_sets_refute_only_foreign_dimensions():
    facts = catalog.find("AWS/Lambda", "vCPUAvailable")
    assert facts is not None
    assert facts.confidence == "inferred"
    assert catalog.emits("AWS/Lambda", "vCPUAvailable", ["CapacityProviderName"]) is None
    assert catalog.emits("AWS/Lambda", "vCPUAvailable", ["TableName"]) is False
