"""The Lambda functions: code from `mangaobs bundle`, a role each, and what calls them.

Source: Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB", "… with Amazon SQS", "Configuring advanced
logging controls", "Use Lambda recursive loop detection".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from troposphere import GetAtt, Join, Ref, Sub, awslambda, secretsmanager, ssm

from mangaobs.errors import RenderError
from mangaobs.platform import _buckets, _caches, _identity, _keys, _logs, _messaging, _network, _roles, _table
from mangaobs.platform._stack import ACCOUNT, Stack, attribute

if TYPE_CHECKING:
    from collections.abc import Callable

    from mangaobs.platform._policy import Text
    from mangaobs.project.configuration import Function
    from mangaobs.project.functions import FunctionDeclaration

SESSION_SECRET, SWITCH = "SessionHashKey", "HotKeySwitch"
LEDGER_DAYS = "LEDGER_DAYS"
DATA_REQUESTS = "data-requests"  # the key of the state machine in mangaobs.toml
# Calls nothing but the issuer's public address, which a VPC without a way out does not reach.
_OUTSIDE: Final = frozenset({"authorizer"})


def configured(stack: Stack, folder: str) -> Function:
    """What mangaobs.toml says of the function in a folder of handlers/. Raises `RenderError` if it says nothing."""
    key = folder.replace("_", "-")
    found = stack.configuration.functions.get(key) or stack.configuration.functions.get(folder)
    if found is None:
        raise RenderError(
            f"handlers/{folder} is a function, and mangaobs.toml has no [functions.{key}]", right=f"[functions.{key}]"
        )
    return found


def check_variables(stack: Stack) -> None:
    """Raise `RenderError` if mangaobs.toml gives variables to a function that there is not."""
    from mangaobs.catalog import did_you_mean

    for key in stack.settings.environment:
        if key.replace("-", "_") not in stack.functions:
            known = sorted(stack.functions)
            raise RenderError(
                f"[platform.environment.{key}] is of no function", right=did_you_mean(key, known, ", ".join(known))
            )


def in_vpc(folder: str) -> bool:
    """Whether a function is in the VPC."""
    return folder not in _OUTSIDE


def function_id(folder: str) -> str:
    """The logical id of a function."""
    return f"{''.join(word.capitalize() for word in folder.split('_'))}FunctionResource"


def arn_of(stack: Stack, folder: str) -> Text:
    """A function's ARN by its name: what refers to it so does not wait for it."""
    return stack.arn("lambda", "function:", stack.value(configured(stack, folder).name))


def names(stack: Stack) -> _roles.Names:
    """What the variables of permissions stand for."""
    table = _table.the_table(stack)
    key = next(iter(stack.configuration.tables))
    arns: dict[str, Text] = {
        f"source {key}": stack.table_arn("/stream/*"),
        "source failed-writes": attribute(_messaging.FAILED_WRITES),
        "source dead-letters": attribute(_messaging.DEAD_LETTERS),
        "queue FAILED_WRITES_QUEUE_URL": attribute(_messaging.FAILED_WRITES),
        "topic HANDOFF_TOPIC_ARN": Ref(_messaging.HANDOFFS),
        "stream EVENT_STREAM": attribute(_messaging.EVENTS),
        "bus EVENT_BUS": attribute(_messaging.BUS),
        "bucket AUDIT_BUCKET": attribute(_buckets.AUDIT),
        "bucket BACKUP_BUCKET": attribute(_buckets.BACKUP),
        "bucket SUBJECT_EXPORT_BUCKET": attribute(_buckets.EXPORTS),
        "user_pool USER_POOL_ID": attribute(_identity.POOL),
        "sender CONFIRMATION_SENDER": stack.arn("ses", "identity/*"),
        "key FAILED_WRITES_KEY": _keys.arn(_keys.DATA),
        "parameter KILL_SWITCH_PARAMETER": stack.arn("ssm", "parameter", _switch_name(stack)),
    }
    if stack.settings.redis:
        arns["secret REDIS_SECRET"] = Ref(_caches.REDIS_SECRET)
    if (machine := machine_arn(stack, DATA_REQUESTS)) is not None:
        arns["machine DATA_REQUEST_MACHINE_ARN"] = machine
    if not table.stream:
        raise RenderError(f"the platform reads the stream of table {key}", right=f"[tables.{key}] stream = true")
    return _roles.Names(stack, arns)


def build_shared(stack: Stack) -> None:
    """The secret that keys the hashes of ids, and the switch of the hot-key responder."""
    stack.add(
        secretsmanager.Secret(
            SESSION_SECRET,
            Description="Keys the hashes of sessions and customers in logs, traces and events",
            GenerateSecretString=secretsmanager.GenerateSecretString(PasswordLength=64, ExcludePunctuation=True),
            KmsKeyId=_keys.arn(_keys.DATA),
        )
    )
    stack.add(
        ssm.Parameter(
            SWITCH,
            Name=_switch_name(stack),
            Type="String",
            Value="off",
            Description="The hot-key responder acts while this says on",
        )
    )


def build(stack: Stack, declaration: FunctionDeclaration, names: _roles.Names) -> list[str]:
    """One function with its log group and its role; gives the actions that it calls."""
    folder = declaration.name
    function = configured(stack, folder)
    id = function_id(folder)
    group = f"{id}LogGroup"
    _logs.add_group(stack, group, _group_name(stack, function))
    inside = in_vpc(folder)
    permissions = _available(stack, declaration)
    actions = _roles.function_role(stack, permissions, names, log_group=attribute(group), in_vpc=inside)
    options: dict[str, Any] = {}
    if inside:
        options["VpcConfig"] = awslambda.VPCConfig(
            SecurityGroupIds=[attribute(_network.FUNCTIONS_GROUP, "GroupId")], SubnetIds=_network.subnets(stack)
        )
    if function.reserved_concurrency is not None:
        options["ReservedConcurrentExecutions"] = function.reserved_concurrency
    if function.event_source == "dynamodb-stream":
        options["RecursiveLoop"] = "Terminate"
    stack.add(
        awslambda.Function(
            id,
            FunctionName=stack.value(function.name),
            Description=f"{folder} of {stack.configuration.application}",
            Runtime=stack.settings.runtime,
            Handler=f"handlers.{folder}.handler",
            Code=awslambda.Code(
                S3Bucket=stack.parameter(
                    "CodeBucket", "Bucket with the functions' archives, as mangaobs bundle makes them"
                ),
                S3Key=Join(
                    "",
                    [
                        stack.parameter(
                            "CodePrefix", "Prefix of the archives; a new one for each version", "functions/"
                        ),
                        f"{folder}.zip",
                    ],
                ),
            ),
            Role=attribute(_roles.role_id(folder)),
            MemorySize=function.memory,
            Timeout=function.timeout,
            TracingConfig=awslambda.TracingConfig(Mode="Active"),
            LoggingConfig=awslambda.LoggingConfig(
                LogFormat="JSON", ApplicationLogLevel="INFO", SystemLogLevel="INFO", LogGroup=Ref(group)
            ),
            KmsKeyArn=_keys.arn(_keys.DATA),
            DeadLetterConfig=awslambda.DeadLetterConfig(TargetArn=_messaging.dead_letters()),
            Environment=awslambda.Environment(Variables=_variables(stack, declaration)),
            **options,
        )
    )
    _sources(stack, folder, function)
    return actions


def machine_name(stack: Stack, key: str) -> str | None:
    """The name of a state machine, from its ARN in mangaobs.toml; None where that has none."""
    found = stack.configuration.state_machines.get(key)
    name = str(found.arn).rpartition(":")[2] if found is not None else ""
    return name if name and "}" not in name else None


def machine_arn(stack: Stack, key: str) -> Text | None:
    """The ARN of a state machine by its name: what it calls may refer to it."""
    name = machine_name(stack, key)
    return stack.arn("states", "stateMachine:", name) if name is not None else None


def _available(stack: Stack, declaration: FunctionDeclaration) -> FunctionDeclaration:
    """What a function may do of what there is: without Redis no secret, without a sender no mail."""
    settings = stack.settings
    kept = tuple(
        one
        for one in declaration.permissions
        if (settings.redis or one.resource.secret is None)
        and (settings.confirmation_sender is not None or one.resource.sender is None)
    )
    return declaration._replace(permissions=kept)


def _group_name(stack: Stack, function: Function) -> Text:
    return (
        stack.value(function.log_group)
        if function.log_group
        else Sub("/aws/lambda/${Name}", Name=stack.value(function.name))
    )


def _variables(stack: Stack, declaration: FunctionDeclaration) -> dict[str, Text]:
    """The variables of a function: those of its settings that the platform knows, and what mangaobs.toml adds."""
    known = _known(stack)
    given = {
        name: value
        for key in (declaration.name, declaration.name.replace("_", "-"))
        for name, value in stack.settings.environment.get(key, {}).items()
    }
    found: dict[str, Text] = {
        "MANGAOBS_TRACER": "udp",
        "MANGAOBS_DIMENSIONS": f"Environment={stack.configuration.environment}",
    }
    for variable in declaration.variables:
        if variable.name in given:
            continue
        if variable.name in known:
            found[variable.name] = known[variable.name]()
        elif variable.default is None:
            raise RenderError(
                f"the function {declaration.name} needs {variable.name}, which the platform does not know",
                right=f"[platform.environment.{declaration.name}] {variable.name} = …",
            )
    declared = {variable.name for variable in declaration.variables}
    wrong = sorted(
        name for name in given if name not in declared and not name.startswith(("MANGAOBS_", "AWS_", "POWERTOOLS_"))
    )
    if wrong:
        from mangaobs.catalog import did_you_mean

        raise RenderError(
            f"[platform.environment.{declaration.name}] has {wrong[0]}, which the function does not read",
            right=did_you_mean(wrong[0], declared, "a variable of docs/handlers.md"),
        )
    return {**found, **given}


def _known(stack: Stack) -> dict[str, Callable[[], Text]]:
    model = next(iter(stack.configuration.models.values()), None)
    index = next(iter(_table.the_table(stack).indexes.values()), None)
    known: dict[str, Callable[[], Text]] = {
        "SESSION_TABLE": lambda: stack.table_name,
        "SESSION_TABLE_ARN": stack.table_arn,
        "FAILED_WRITES_QUEUE_URL": lambda: Ref(_messaging.FAILED_WRITES),
        "FAILED_WRITES_KEY": lambda: _keys.arn(_keys.DATA),
        "MANGAOBS_SESSION_KEY": lambda: Sub(f"{{{{resolve:secretsmanager:${{{SESSION_SECRET}}}}}}}"),
        "EVENT_STREAM": lambda: Ref(_messaging.EVENTS),
        "EVENT_BUS": lambda: Ref(_messaging.BUS),
        "HANDOFF_TOPIC_ARN": lambda: Ref(_messaging.HANDOFFS),
        "AUDIT_BUCKET": lambda: Ref(_buckets.AUDIT),
        "BACKUP_BUCKET": lambda: Ref(_buckets.BACKUP),
        "KILL_SWITCH_PARAMETER": lambda: Ref(SWITCH),
        "ISSUER": lambda: Sub("https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${CustomerPool}"),
        "CLIENT_IDS": lambda: Ref("CustomerPoolClient"),
    }
    known |= {
        "SUBJECT_EXPORT_BUCKET": lambda: Ref(_buckets.EXPORTS),
        "USER_POOL_ID": lambda: Ref(_identity.POOL),
        LEDGER_DAYS: lambda: str(stack.settings.audit_days),
    }
    sender, machine = stack.settings.confirmation_sender, machine_arn(stack, DATA_REQUESTS)
    if sender is not None:
        known["CONFIRMATION_SENDER"] = lambda: stack.value(sender)
    if machine is not None:
        known["DATA_REQUEST_MACHINE_ARN"] = lambda: machine
    if model is not None:
        known["MODEL_ID"] = known["SUMMARY_MODEL_ID"] = lambda: stack.value(model.id)
    if index is not None:
        known["CUSTOMER_INDEX"] = lambda: stack.value(index.name)
    if stack.settings.redis:
        known["REDIS_HOST"] = lambda: GetAtt(_caches.REDIS, "PrimaryEndPoint.Address")
        known["REDIS_USERNAME"] = lambda: _caches.REDIS_USER
        known["REDIS_SECRET"] = lambda: Ref(_caches.REDIS_SECRET)
    return known


def _switch_name(stack: Stack) -> str:
    return f"/{stack.configuration.application}/{stack.configuration.environment}/hot-key/switch"


def _sources(stack: Stack, folder: str, function: Function) -> None:
    if function.event_source == "dynamodb-stream":
        _stream_source(stack, folder)
    elif function.event_source == "sqs":
        _queue_source(stack, folder)


def _stream_source(stack: Stack, folder: str) -> None:
    filters = json.loads((stack.root / "handlers" / folder / "filter.json").read_text(encoding="utf-8"))["Filters"]
    stack.add(
        awslambda.EventSourceMapping(
            f"{function_id(folder)}Source",
            FunctionName=Ref(function_id(folder)),
            EventSourceArn=attribute(_table.TABLE, "StreamArn"),
            StartingPosition="LATEST",
            BatchSize=100,
            MaximumBatchingWindowInSeconds=1,
            ParallelizationFactor=2,
            # Finite: with Lambda's defaults one record that nobody can read blocks its shard for a day.
            BisectBatchOnFunctionError=True,
            MaximumRetryAttempts=5,
            MaximumRecordAgeInSeconds=21_600,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            DestinationConfig=awslambda.DestinationConfig(
                OnFailure=awslambda.OnFailure(Destination=_messaging.dead_letters())
            ),
            FilterCriteria=awslambda.FilterCriteria(
                Filters=[awslambda.Filter(Pattern=json.dumps(one["Pattern"], separators=(",", ":"))) for one in filters]
            ),
        )
    )


def _queue_source(stack: Stack, folder: str) -> None:
    stack.add(
        awslambda.EventSourceMapping(
            f"{function_id(folder)}Source",
            FunctionName=Ref(function_id(folder)),
            EventSourceArn=attribute(_messaging.FAILED_WRITES),
            BatchSize=10,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            ScalingConfig=awslambda.ScalingConfig(MaximumConcurrency=5),
        )
    )


def permit(stack: Stack, folder: str, name: str, principal: str, source: Text) -> None:
    """Let a service call a function, for one source of this account."""
    stack.add(
        awslambda.Permission(
            f"{function_id(folder)}{name}",
            FunctionName=Ref(function_id(folder)),
            Action="lambda:InvokeFunction",
            Principal=f"{principal}.amazonaws.com",
            SourceAccount=ACCOUNT,
            SourceArn=source,
        )
    )
