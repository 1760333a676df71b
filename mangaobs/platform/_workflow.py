"""The hand-off: a state machine that calls DynamoDB itself, and the function that writes what the agent reads.

What passes are ids and states, never a text.
Source: Step Functions Developer Guide, "Call DynamoDB APIs with Step Functions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Ref, Sub, events, pipes

from mangaobs.errors import RenderError
from mangaobs.platform import _functions, _keys, _machines, _messaging, _roles
from mangaobs.platform._policy import allow
from mangaobs.platform._stack import Stack, attribute, here

if TYPE_CHECKING:
    from mangaobs.platform._policy import Text

MACHINE, ROLE = "HandoffMachine", "HandoffMachineRole"
TASK = "handoff"


def build(stack: Stack) -> None:
    """The state machine, its role, and the pipe that starts it."""
    arn = _machines.add(
        stack,
        MACHINE,
        _name(stack),
        definition="handoff.asl.json",
        substitutions={
            "GetItem": _machines.task("dynamodb:getItem"),
            "UpdateItem": _machines.task("dynamodb:updateItem"),
            "Invoke": _machines.task("lambda:invoke"),
            "Table": stack.table_name,
            "Function": _functions.arn_of(stack, TASK),
        },
        statements=[
            allow(
                "UpdateSession",
                ["dynamodb:GetItem", "dynamodb:UpdateItem"],
                [stack.table_arn()],
                conditions={
                    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["SESSION#*"]},
                    "Null": {"dynamodb:LeadingKeys": "false"},
                },
            ),
            _machines.invoke(stack, "PrepareBrief", TASK),
            allow(
                "UseTheTablesKey",
                ["kms:Decrypt", "kms:GenerateDataKey"],
                [_keys.arn(_keys.DATA)],
                conditions={"StringEquals": {"kms:ViaService": Sub("dynamodb.${AWS::Region}.amazonaws.com")}},
            ),
        ],
    )
    _start(stack, arn)
    _schedule(stack)


def _start(stack: Stack, machine: Text) -> None:
    """What starts the machine: the agents' topic, since the bus has hashed ids alone, and its archive keeps them."""
    queue = attribute(_messaging.REQUESTS)
    _roles.add_role(
        stack,
        "HandoffPipeRole",
        trusted=_roles.trusted("pipes", here()),
        statements=[
            allow("ReadRequests", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [queue]),
            allow("StartHandoff", ["states:StartExecution"], [machine]),
            allow(
                "UseKeys",
                ["kms:Decrypt"],
                [_keys.arn(_keys.DATA)],
                conditions={"StringEquals": {"kms:ViaService": Sub("sqs.${AWS::Region}.amazonaws.com")}},
            ),
        ],
    )
    stack.add(
        pipes.Pipe(
            "HandoffPipe",
            Name=stack.named("handoff"),
            Description="A customer asked for a human agent",
            RoleArn=attribute("HandoffPipeRole"),
            Source=queue,
            SourceParameters=pipes.PipeSourceParameters(
                SqsQueueParameters=pipes.PipeSourceSqsQueueParameters(BatchSize=1)
            ),
            Target=Ref(MACHINE),
            TargetParameters=pipes.PipeTargetParameters(
                InputTemplate='{"session_id": "<$.body.session_id>", "handoff_id": "<$.body.handoff_id>"}',
                StepFunctionStateMachineParameters=pipes.PipeTargetStateMachineParameters(
                    InvocationType="FIRE_AND_FORGET"
                ),
            ),
        )
    )


def _name(stack: Stack) -> str:
    """The machine's name, from its ARN in mangaobs.toml."""
    name = _functions.machine_name(stack, TASK)
    if name is None:
        raise RenderError(
            f"the platform needs [state_machines.{TASK}] with an ARN that ends in a name",
            right='arn = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:NAME"',
        )
    return name


def _schedule(stack: Stack) -> None:
    """The rules that call functions by the clock."""
    for folder in stack.functions:
        function = _functions.configured(stack, folder)
        if function.event_source != "schedule":
            continue
        rule = next(
            (one for key, one in stack.configuration.rules.items() if key.startswith(folder.replace("_", "-"))), None
        )
        id = f"{_functions.function_id(folder)}Schedule"
        name = stack.value(rule.name) if rule is not None else stack.named(folder.replace("_", "-"))
        stack.add(
            events.Rule(
                id,
                Name=name,
                Description=f"Calls {folder} each minute",
                ScheduleExpression="rate(1 minute)",
                Targets=[
                    events.Target(
                        Id=folder,
                        Arn=attribute(_functions.function_id(folder)),
                        # A minute that was missed is past: the next one looks at it, too.
                        RetryPolicy=events.RetryPolicy(MaximumRetryAttempts=0, MaximumEventAgeInSeconds=60),
                        DeadLetterConfig=events.DeadLetterConfig(Arn=_messaging.dead_letters()),
                    )
                ],
            )
        )
        _functions.permit(stack, folder, "BySchedule", "events", attribute(id))
