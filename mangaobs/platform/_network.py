"""The VPC: private subnets without a way to the internet, and the endpoints that the functions in it really need.

A gateway endpoint's policy limits what passes through it; that nothing passes beside it is the table's own policy.
Source: Amazon VPC PrivateLink Guide, "Gateway endpoints", "Control access to VPC endpoints using endpoint policies".
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from awacs.aws import PolicyDocument, Statement
from troposphere import GetAZs, Ref, Select, Sub, ec2

from mangaobs.errors import RenderError
from mangaobs.platform._policy import allow, deny, document, everyone
from mangaobs.platform._stack import ACCOUNT, Stack, attribute

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mangaobs.platform._policy import Text

VPC, DYNAMODB_ENDPOINT, S3_ENDPOINT = "Vpc", "DynamoDbEndpoint", "S3Endpoint"
FUNCTIONS_GROUP, ENDPOINTS_GROUP, REDIS_GROUP, DAX_GROUP = (
    "FunctionSecurityGroup",
    "EndpointSecurityGroup",
    "RedisSecurityGroup",
    "DaxSecurityGroup",
)
REDIS_PORT, DAX_PORT = 6379, 9111
# The name of a service's endpoint, by the prefix of its actions. cognito-idp and email are not in every availability
# zone of a region.
ENDPOINT_OF: Final = {
    "bedrock": "bedrock-runtime",
    "cloudwatch": "monitoring",
    "cognito-idp": "cognito-idp",
    "events": "events",
    "kinesis": "kinesis-streams",
    "kms": "kms",
    "lambda": "lambda",
    "secretsmanager": "secretsmanager",
    "ses": "email",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
    "states": "states",
}
_GATEWAYS: Final = ("dynamodb", "s3")


def build(stack: Stack) -> None:
    """The VPC, its subnets and its security groups."""
    settings = stack.settings
    stack.add(ec2.VPC(VPC, CidrBlock=settings.vpc_cidr, EnableDnsHostnames=True, EnableDnsSupport=True))
    blocks = list(ipaddress.ip_network(settings.vpc_cidr).subnets(new_prefix=_prefix(settings.vpc_cidr)))
    stack.add(ec2.RouteTable("PrivateRoutes", VpcId=Ref(VPC)))
    for number in range(settings.availability_zones):
        id = _subnet(number)
        stack.add(
            ec2.Subnet(
                id,
                VpcId=Ref(VPC),
                CidrBlock=str(blocks[number]),
                AvailabilityZone=Select(number, GetAZs()),
                MapPublicIpOnLaunch=False,
            )
        )
        stack.add(ec2.SubnetRouteTableAssociation(f"{id}Routes", SubnetId=Ref(id), RouteTableId=Ref("PrivateRoutes")))
    _groups(stack)


def subnets(stack: Stack) -> list[Text]:
    """The private subnets."""
    return [Ref(_subnet(number)) for number in range(stack.settings.availability_zones)]


def build_endpoints(
    stack: Stack, services: Iterable[str], table_actions: Iterable[str], roles: Mapping[str, Text]
) -> None:
    """The endpoints.

    `services` are the prefixes of the actions that functions in the VPC call, `table_actions` what they do with the
    table, `roles` the ARNs of their roles.
    """
    ours = list(roles.values())
    # A gateway endpoint takes no principal but everyone; who it is stands in the conditions.
    stack.add(
        ec2.VPCEndpoint(
            DYNAMODB_ENDPOINT,
            VpcId=Ref(VPC),
            ServiceName=Sub("com.amazonaws.${AWS::Region}.dynamodb"),
            VpcEndpointType="Gateway",
            RouteTableIds=[Ref("PrivateRoutes")],
            PolicyDocument=document(
                allow(
                    "OurRolesToOurTable",
                    sorted(set(table_actions)),
                    [stack.table_arn(), stack.table_arn("/index/*"), stack.table_arn("/export/*")],
                    principal=everyone(),
                    conditions={"ArnEquals": {"aws:PrincipalArn": ours}},
                ),
                _tls("dynamodb"),
            ),
        )
    )
    stack.add(
        ec2.VPCEndpoint(
            S3_ENDPOINT,
            VpcId=Ref(VPC),
            ServiceName=Sub("com.amazonaws.${AWS::Region}.s3"),
            VpcEndpointType="Gateway",
            RouteTableIds=[Ref("PrivateRoutes")],
            PolicyDocument=_own_account("s3"),
        )
    )
    wanted = {prefix for prefix in services if prefix not in _GATEWAYS}
    unknown = sorted(wanted - set(ENDPOINT_OF))
    if unknown:
        raise RenderError(
            f"functions in the VPC call {', '.join(unknown)}, whose endpoint is not known here",
            right="[platform] endpoints names it",
        )
    for name in sorted({ENDPOINT_OF[prefix] for prefix in wanted} | set(stack.settings.endpoints)):
        prefix = next((one for one, endpoint in ENDPOINT_OF.items() if endpoint == name), name)
        stack.add(
            ec2.VPCEndpoint(
                f"{''.join(word.capitalize() for word in name.replace('.', '-').split('-'))}Endpoint",
                VpcId=Ref(VPC),
                ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{name}"),
                VpcEndpointType="Interface",
                PrivateDnsEnabled=True,
                SecurityGroupIds=[attribute(ENDPOINTS_GROUP, "GroupId")],
                SubnetIds=subnets(stack),
                PolicyDocument=_own_account(prefix),
            )
        )


def _own_account(prefix: str) -> PolicyDocument:
    """Callers of this account alone; for models, which belong to AWS, that is all that can be said."""
    conditions = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
    return document(
        allow("CallersOfTheAccount", [f"{prefix}:*"], ["*"], principal=everyone(), conditions=conditions), _tls(prefix)
    )


def _tls(prefix: str) -> Statement:
    return deny(
        "OnlyOverTls",
        [f"{prefix}:*"],
        ["*"],
        principal=everyone(),
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )


def _groups(stack: Stack) -> None:
    _group(stack, FUNCTIONS_GROUP, "Functions in the VPC")
    _group(stack, ENDPOINTS_GROUP, "Interface endpoints")
    _between(stack, FUNCTIONS_GROUP, ENDPOINTS_GROUP, 443, "Endpoints")
    # Gateway endpoints are addressed by public addresses, which only their routes lead to: there is no other way out.
    stack.add(
        ec2.SecurityGroupEgress(
            "FunctionsToGateways",
            GroupId=attribute(FUNCTIONS_GROUP, "GroupId"),
            Description="To the gateway endpoints of DynamoDB and S3",
            IpProtocol="tcp",
            FromPort=443,
            ToPort=443,
            CidrIp="0.0.0.0/0",
        )
    )
    if stack.settings.redis:
        _group(stack, REDIS_GROUP, "Redis")
        _between(stack, FUNCTIONS_GROUP, REDIS_GROUP, REDIS_PORT, "Redis")
    if stack.settings.dax:
        _group(stack, DAX_GROUP, "DAX")
        _between(stack, FUNCTIONS_GROUP, DAX_GROUP, DAX_PORT, "Dax")


def _group(stack: Stack, id: str, description: str) -> None:
    # Without a rule of its own a group lets everything out.
    nothing = ec2.SecurityGroupRule(
        IpProtocol="icmp", FromPort=252, ToPort=86, CidrIp="255.255.255.255/32", Description="Nothing but what follows"
    )
    stack.add(ec2.SecurityGroup(id, GroupDescription=description, VpcId=Ref(VPC), SecurityGroupEgress=[nothing]))


def _between(stack: Stack, source: str, target: str, port: int, name: str) -> None:
    here, there = attribute(source, "GroupId"), attribute(target, "GroupId")
    stack.add(
        ec2.SecurityGroupEgress(
            f"FunctionsTo{name}",
            GroupId=here,
            Description=f"To {name.lower()}",
            DestinationSecurityGroupId=there,
            IpProtocol="tcp",
            FromPort=port,
            ToPort=port,
        )
    )
    stack.add(
        ec2.SecurityGroupIngress(
            f"{name}FromFunctions",
            GroupId=there,
            Description="From the functions",
            SourceSecurityGroupId=here,
            IpProtocol="tcp",
            FromPort=port,
            ToPort=port,
        )
    )


def _subnet(number: int) -> str:
    return f"PrivateSubnet{chr(ord('A') + number)}"


def _prefix(cidr: str) -> int:
    return min(ipaddress.ip_network(cidr).prefixlen + 4, 28)
