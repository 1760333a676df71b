"""The template with plausible values in place of CloudFormation's functions, for tools that want to see plain JSON."""

from __future__ import annotations

import zlib


def plain(tree):  # noqa: C901 - one branch a function of CloudFormation's
    if isinstance(tree, list):
        return [plain(one) for one in tree]
    if not isinstance(tree, dict):
        return tree
    if len(tree) == 1:
        function, argument = next(iter(tree.items()))
        if function == "Fn::GetAtt":
            return _attribute(*argument)
        if function == "Ref":
            return REFS.get(argument) or (argument.lower() if argument.endswith("Bucket") else _arn(argument))
        if function == "Fn::Select":
            return plain(argument[1])[int(argument[0])]
        if function == "Fn::Split":
            return str(plain(argument[1])).split(argument[0])
        if function == "Fn::GetAZs":
            return ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"]
        if function == "Fn::Join":
            return argument[0].join(plain(argument[1]))
        if function == "Fn::Sub":
            text, names = (argument, {}) if isinstance(argument, str) else argument
            known = {**REFS, **{name: plain(one) for name, one in names.items()}}
            for name, value in known.items():
                text = text.replace(f"${{{name}}}", str(value))
            return text
    return {key: plain(one) for key, one in tree.items()}


REFS = {
    "AWS::AccountId": "123456789012",
    "AWS::Region": "us-east-1",
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "SessionsTable": "manga-assist-sessions",
    "CustomerIndex": "GSI1-customer-sessions",
    "ChatModel": "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "ChatFoundationModel": "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "TrailLogGroup": "/manga-assist/cloudtrail",
    "MessageFunction": "manga-assist-message",
    "HandoffFunction": "manga-assist-handoff",
    "RedisSecret": "arn:aws:secretsmanager:us-east-1:123456789012:secret:redis-a1b2c3",
    "HandoffTopicResource": "arn:aws:sns:us-east-1:123456789012:handoffs",
}


def _attribute(id, name):
    if name in ("GroupId", "RootResourceId", "PrimaryEndPoint.Address"):
        return f"sg-{zlib.crc32(id.encode()):08x}" if name == "GroupId" else id
    return _arn(id)


def _arn(id):
    if "Key" in id:
        return "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
    if "Queue" in id:
        return "arn:aws:sqs:us-east-1:123456789012:queue"
    if "Bucket" in id:
        return "arn:aws:s3:::bucket"
    if "EventStream" in id:
        return "arn:aws:kinesis:us-east-1:123456789012:stream/events"
    if "LogGroup" in id:
        return "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/f:*"
    if id == "CustomerPool":
        return "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_EXAMPLE01"
    if "Bus" in id:
        return "arn:aws:events:us-east-1:123456789012:event-bus/b"
    if id.endswith("Role"):
        return f"arn:aws:iam::123456789012:role/{id}"
    return id
