"""One role a function, made of what its `permissions.toml` declares; and the boundary of all roles.

Source: IAM User Guide, "Conditions with multiple context keys or values" (why `Null` stands beside `ForAllValues`);
Lambda Developer Guide, "Execution role"; Service Authorization Reference.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from awacs.aws import Statement
from troposphere import Join, Ref, Sub, iam

from mangaobs.errors import RenderError
from mangaobs.functions import BUCKET_ACTIONS
from mangaobs.platform import _keys
from mangaobs.platform._policy import allow, deny, document, service
from mangaobs.platform._stack import ACCOUNT, Stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mangaobs.functions import Permission
    from mangaobs.platform._policy import Text
    from mangaobs.project.functions import FunctionDeclaration

BOUNDARY = "RoleBoundary"
# Services whose encrypted resources want the key of whoever asks, by the prefix of the actions.
_ENCRYPTED = ("dynamodb", "kinesis", "lambda", "s3", "secretsmanager", "sns", "sqs", "ssm", "states")


def build_boundary(stack: Stack, used: Iterable[str]) -> None:
    """The boundary: the services that roles use, and never what would undo the guards. `used` are all their actions."""
    if stack.settings.permissions_boundary is not None:
        return
    guards = tomllib.loads(files("mangaobs.platform").joinpath("data/boundary.toml").read_text(encoding="utf-8"))
    services = sorted({action.partition(":")[0] for action in used})
    stack.add(
        iam.ManagedPolicy(
            BOUNDARY,
            Description="The most that any role of this stack may do",
            PolicyDocument=document(
                allow("ServicesInUse", [f"{name}:*" for name in services], ["*"]),
                *(deny(name, one["actions"], ["*"]) for name, one in guards.items()),
            ),
        )
    )


def boundary(stack: Stack) -> Text:
    """The ARN of the boundary."""
    given = stack.settings.permissions_boundary
    return stack.value(given) if given is not None else Ref(BOUNDARY)


def add_role(
    stack: Stack, id: str, *, trusted: Statement, statements: Sequence[Statement], policy: str = "permissions"
) -> None:
    """A role under the boundary, with one policy of its own."""
    policies = [iam.Policy(PolicyName=policy, PolicyDocument=document(*statements))] if statements else []
    stack.add(
        iam.Role(
            id,
            AssumeRolePolicyDocument=document(trusted),
            PermissionsBoundary=boundary(stack),
            **({"Policies": policies} if policies else {}),
        )
    )


def trusted(name: str, conditions: dict[str, Any] | None = None) -> Statement:
    """The trust in a service."""
    return allow("Assume", ["sts:AssumeRole"], [], principal=service(name), conditions=conditions)


def role_id(name: str) -> str:
    """The logical id of a function's role, by the function's folder."""
    return f"{''.join(word.capitalize() for word in name.split('_'))}Role"


class Names:
    """What the resources of permissions are in this stack: by the kind, and the variable or source that names it."""

    def __init__(self, stack: Stack, arns: dict[str, Text]) -> None:
        self._stack = stack
        self._arns = arns

    def of(self, permission: Permission, function: str) -> list[Text]:
        """The ARNs that a permission is for."""
        stack, resource = self._stack, permission.resource
        if resource.any:
            return ["*"]
        if resource.source is not None:
            return [self.source(resource.source, function)]
        if resource.table is not None:
            if resource.index is not None:
                index = next(iter(next(iter(stack.configuration.tables.values())).indexes.values()))
                return [stack.table_arn("/index/", stack.value(index.name))]
            return [stack.table_arn(f"/export/{resource.export}" if resource.export is not None else "")]
        if resource.model is not None:
            return self._models()
        if resource.insight_rules is not None:
            # Contributor Insights names its rules so. Source: DynamoDB Developer Guide, "How it works".
            rules = stack.arn("cloudwatch", "insight-rule/DynamoDBContributorInsights-*-", stack.table_name, "-*")
            return [rules]
        for kind in ("queue", "topic", "stream", "bus", "key", "secret", "parameter", "user_pool", "sender", "machine"):
            variable = getattr(resource, kind)
            if variable is not None:
                return [self._arn(f"{kind} {variable}", function)]
        if resource.bucket is not None:
            arn = self._arn(f"bucket {resource.bucket}", function)
            return [arn] if of_bucket(permission) else [Join("", [arn, "/", resource.prefix or "*"])]
        raise RenderError(f"{function} has a permission on nothing", right="a resource that permissions.toml knows")

    def sender(self) -> Text:
        """The address that confirmations come from."""
        given = self._stack.settings.confirmation_sender
        return self._stack.value(given) if given is not None else ""

    def source(self, name: str, function: str) -> Text:
        """The ARN of a source of events, or of the dead letters, by its key in mangaobs.toml."""
        return self._arn(f"source {name}", function)

    def _arn(self, key: str, function: str) -> Text:
        if key not in self._arns:
            raise RenderError(
                f"the permissions of {function} are for {key!r}, which the platform has not",
                right=", ".join(sorted(self._arns)),
            )
        return self._arns[key]

    def _models(self) -> list[Text]:
        model = self._stack.value(next(iter(self._stack.configuration.models.values())).id)
        return [
            self._stack.arn("bedrock", "foundation-model/", model, account=False),
            self._stack.arn("bedrock", "inference-profile/", model),
        ]


def of_bucket(permission: Permission) -> bool:
    """Whether a permission is for a bucket itself, not for objects."""
    return bool(BUCKET_ACTIONS & set(permission.actions))


def function_role(
    stack: Stack, function: FunctionDeclaration, names: Names, *, log_group: Text, in_vpc: bool
) -> list[str]:
    """The role of a function; gives the actions that it may call by itself."""
    statements = [
        statement for one in function.permissions for statement in _permitted(stack, one, function.name, names)
    ]
    own = sorted({action for one in function.permissions for action in one.actions})
    # What fails for good, asynchronously, is sent to the dead letters with the function's role.
    dead_letters = names.source("dead-letters", function.name)
    if not any(one.sid == "DeadLetters" for one in function.permissions):
        statements.append(allow("DeadLetters", ["sqs:SendMessage"], [dead_letters]))
    statements += [
        allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [log_group]),
        allow("WriteTraces", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
        *_key_use(own),
        *(_interfaces(stack, function.name) if in_vpc else []),
    ]
    add_role(stack, role_id(function.name), trusted=trusted("lambda"), statements=statements)
    return own


def _permitted(stack: Stack, permission: Permission, function: str, names: Names) -> list[Statement]:
    conditions: dict[str, dict[str, Any]] = {}
    for key, values in (("LeadingKeys", permission.leading_keys), ("Attributes", permission.attributes)):
        if values:
            operator = "ForAllValues:StringLike" if key == "LeadingKeys" else "ForAllValues:StringEquals"
            conditions.setdefault(operator, {})[f"dynamodb:{key}"] = list(values)
            # ForAllValues holds where the key is absent: without this an Allow would be open to that.
            conditions.setdefault("Null", {})[f"dynamodb:{key}"] = "false"
    if permission.attributes:
        conditions["StringEqualsIfExists"] = {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    if permission.resource.prefix is not None and of_bucket(permission):
        conditions["StringLike"] = {"s3:prefix": permission.resource.prefix}
    if permission.resource.sender is not None:
        # Whatever identity it is verified by: its own, or its domain's.
        conditions["StringEquals"] = {"ses:FromAddress": names.sender()}
    resources = names.of(permission, function)
    statements = [allow(permission.sid, permission.actions, resources, conditions=conditions)]
    if permission.resource.model is not None:
        statements.append(_routed(stack, permission))
    return statements


def _routed(stack: Stack, permission: Permission) -> Statement:
    """The models that an inference profile routes to, in whatever region, through that profile alone.

    Source: Bedrock User Guide, "Prerequisites for inference profiles".
    """
    model = next(iter(stack.configuration.models.values()))
    profile = stack.arn("bedrock", "inference-profile/", stack.value(model.id))
    foundation = stack.parameter(
        "ChatFoundationModel",
        "The foundation model behind the model's id, where that is an inference profile: the id without us., eu. …",
        _foundation(str(model.id)),
    )
    return allow(
        f"{permission.sid}Routed",
        permission.actions,
        [Sub("arn:${AWS::Partition}:bedrock:*::foundation-model/${ChatFoundationModel}")] if foundation else [],
        conditions={"ArnEquals": {"bedrock:InferenceProfileArn": profile}},
    )


def _foundation(model: str) -> str:
    first, _, rest = model.partition(".")
    return rest if first in ("us", "eu", "apac", "jp", "au", "global", "us-gov") else model


def _key_use(actions: Iterable[str]) -> list[Statement]:
    """The key of data, through the services that the role uses."""
    # Lambda decrypts the environment, and sends what failed to the dead letters, with the function's role.
    prefixes = {action.partition(":")[0] for action in actions} | {"lambda", "sqs"}
    through = [Sub(f"{prefix}.${{AWS::Region}}.amazonaws.com") for prefix in _ENCRYPTED if prefix in prefixes]
    used = {"StringEquals": {"kms:ViaService": through, "kms:CallerAccount": ACCOUNT}}
    keys = [_keys.arn(_keys.DATA), *([_keys.arn(_keys.AUDIT)] if "s3" in prefixes else [])]
    return [allow("UseKeys", ["kms:Decrypt", "kms:GenerateDataKey"], keys, conditions=used)]


def _interfaces(stack: Stack, function: str) -> list[Statement]:
    """Network interfaces, which Lambda makes with the function's role; its code may not.

    Source: Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC".
    """
    actions = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    ]
    configured = stack.configuration.functions[function.replace("_", "-")]
    own = stack.arn("lambda", "function:", stack.value(configured.name))
    return [
        allow("NetworkInterfaces", actions, ["*"]),
        deny(
            "NoNetworkInterfacesFromCode", actions, ["*"], conditions={"ArnEquals": {"lambda:SourceFunctionArn": own}}
        ),
    ]
