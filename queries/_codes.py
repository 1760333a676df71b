"""Error codes that stand in more than one query or rule."""

# By which AWS services say that a caller was throttled; DynamoDB's own three first. An insight rule compares with ten.
THROTTLING = (
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "ThrottledException",
    "Throttling",
    "RequestThrottled",
    "TooManyRequestsException",
)
