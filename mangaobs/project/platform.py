"""`[platform]`: what `mangaobs render platform` makes beside what the other sections name."""

from typing import Annotated

import msgspec
from msgspec import Meta

from mangaobs.project._name import Name
from mangaobs.project._section import Section

_Cidr = Annotated[
    str,
    Meta(
        pattern=r"^(\d{1,3}\.){3}\d{1,3}/(1[6-9]|2[0-4])$",
        extra={"right": 'a block from /16 to /24, for example "10.40.0.0/16"'},
    ),
]
_Node = Annotated[str, Meta(pattern=r"^[a-z]+\.[a-z0-9]+\.[a-z0-9]+$", extra={"right": "for example cache.t4g.small"})]
_Variable = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]*$", extra={"right": "the variable's name in capitals"})]
_Days = Annotated[int, Meta(ge=1, le=3650)]


class Domain(Section, frozen=True):
    """The API's own domain, where TLS 1.2 is the least: API Gateway's own address takes no such setting.

    ```toml
    [platform.domain]
    name = "chat.example.com"
    certificate = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d"
    ```
    """

    name: Annotated[Name, Meta(description="The domain's name")]
    certificate: Annotated[Name, Meta(description="ARN of its certificate in ACM, of this region")]


class Platform(Section, frozen=True):
    """The secured platform: `mangaobs render platform`.

    ```toml
    [platform]
    vpc_cidr = "10.40.0.0/16"
    availability_zones = 2
    redis = true
    dax = false
    bedrock_logging = false

    [platform.environment.message]
    CONTEXT_TURNS = "10"
    ```
    """

    vpc_cidr: Annotated[_Cidr, Meta(description="Address block of the VPC")] = "10.40.0.0/16"
    availability_zones: Annotated[int, Meta(description="Availability zones, a private subnet in each", ge=2, le=4)] = 2
    runtime: Annotated[
        str,
        Meta(
            description="Lambda's runtime, which has to be the Python that `mangaobs bundle` ran on",
            pattern=r"^python3\.\d+$",
            extra={"right": "for example python3.12"},
        ),
    ] = "python3.12"
    endpoints: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[a-z0-9.-]+$")], ...],
        Meta(description="Interface endpoints beside those that the functions' permissions need, for example `xray`"),
    ] = ()
    redis: Annotated[bool, Meta(description="Redis for routing flags")] = True
    redis_group: Annotated[
        str,
        Meta(
            description="Id of the replication group; its first node is this and `-001`",
            pattern=r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$",
            extra={"right": "at most 40 lower-case letters, digits and hyphens, a letter first"},
        ),
    ] = "manga-assist-redis"
    redis_node_type: Annotated[_Node, Meta(description="Node type of Redis")] = "cache.t4g.small"
    dax: Annotated[
        bool,
        Meta(
            description="A DAX cluster. It knows no leading keys, hides reads from CloudTrail and Contributor "
            "Insights, and its query cache is stale: never read turns through it"
        ),
    ] = False
    dax_node_type: Annotated[_Node, Meta(description="Node type of DAX")] = "dax.t3.small"
    bedrock_logging: Annotated[
        bool,
        Meta(
            description="Log Bedrock's invocations to S3: whole prompts and answers, for the whole account and region"
        ),
    ] = False
    api_gateway_account: Annotated[
        bool,
        Meta(
            description="Set the role by which API Gateway writes logs; one stack per account and region may, and the "
            "others leave it"
        ),
    ] = True
    requests_per_second: Annotated[int, Meta(description="Steady rate at which the API is throttled", ge=1)] = 50
    burst: Annotated[int, Meta(description="Requests at once before the API throttles", ge=1)] = 100
    confirmation_sender: Annotated[
        Name | None,
        Meta(
            description="Address, verified in SES, by which people are told that their data was erased; without it "
            "nobody is told"
        ),
    ] = None
    permissions_boundary: Annotated[
        Name | None, Meta(description="ARN of a permissions boundary for every role; without it the stack makes one")
    ] = None
    break_glass: Annotated[
        Name | None,
        Meta(description="ARN of a role that may use the table from outside the VPC, for emergencies; wildcards count"),
    ] = None
    pitr_days: Annotated[
        int,
        Meta(
            description="Days that point-in-time recovery reaches back; what was erased can be restored as long",
            ge=1,
            le=35,
        ),
    ] = 14
    backup_days: Annotated[_Days, Meta(description="Days that backups and exports are kept")] = 30
    analytics_days: Annotated[_Days, Meta(description="Days that analytics events are kept")] = 400
    audit_days: Annotated[
        _Days,
        Meta(
            description="Days that nobody can delete an audit record, and that it is known who was erased: longer than "
            "a backup may have them, which is `pitr_days`, `backup_days` and 3, and 36 at least"
        ),
    ] = 400
    trail_days: Annotated[_Days, Meta(description="Days that nobody can delete CloudTrail's files")] = 400
    domain: Annotated[Domain | None, Meta(description="The API's own domain")] = None
    environment: Annotated[
        dict[str, dict[_Variable, str]],
        Meta(description="Variables of functions beside those that the platform sets, by the function's key"),
    ] = msgspec.field(default_factory=dict)
