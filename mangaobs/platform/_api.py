"""The API: routes to functions, the authorizer, access logs, tracing, throttling.

Source: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs", "Input to a Lambda authorizer", "Set
up a custom domain name".
"""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from troposphere import Ref, Sub, apigateway, iam

from mangaobs.errors import RenderError
from mangaobs.platform import _functions, _logs, _roles
from mangaobs.platform._policy import document
from mangaobs.platform._stack import Stack, attribute, here

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mangaobs.platform._policy import Text
    from mangaobs.project.configuration import Api
    from mangaobs.signals import AccessLog

API, STAGE, DEPLOYMENT, AUTHORIZER, DOMAIN = (
    "ChatApiResource",
    "ChatStage",
    "ChatDeployment",
    "ChatAuthorizer",
    "ChatDomain",
)
_WRITES_LOGS = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"


def build(stack: Stack, access_log: AccessLog) -> None:
    """The API. `access_log` is what a line of its log has."""
    api = _the_api(stack)
    stack.add(
        apigateway.RestApi(
            API,
            Name=stack.value(api.name) if api.name else stack.named("api"),
            Description="Messages of the chat, and its administration",
            EndpointConfiguration=apigateway.EndpointConfiguration(Types=["REGIONAL"]),
            DisableExecuteApiEndpoint=stack.settings.domain is not None,
        )
    )
    routes = _routes(stack)
    _authorizer(stack)
    methods = [_method(stack, method, path, folder) for (method, path), folder in routes.items()]
    _deploy(stack, api, methods, routes, access_log)
    if stack.settings.api_gateway_account:
        _account(stack)
    if stack.settings.domain is not None:
        _domain(stack)
    stack.output("ApiId", "Id of the API", Ref(API))


def _the_api(stack: Stack) -> Api:
    apis = stack.configuration.apis
    found = next(iter(apis.values()), None)
    if found is None or found.kind != "rest" or len(apis) != 1:
        raise RenderError("the platform makes one REST API", right='one [apis.…] section with kind = "rest"')
    return found


def _routes(stack: Stack) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for folder in stack.functions:
        for route in _functions.configured(stack, folder).routes:
            method, _, path = route.partition(" ")
            if (method, path) in found:
                raise RenderError(f"{route} is of {found[method, path]} and of {folder}", right="one function a route")
            found[method, path] = folder
    if not found:
        raise RenderError("no function has a route", right='[functions.message] routes = ["POST /messages"]')
    return found


def _authorizer(stack: Stack) -> None:
    arn = attribute(_functions.function_id("authorizer"))
    stack.add(
        apigateway.Authorizer(
            AUTHORIZER,
            Name="token",
            RestApiId=Ref(API),
            Type="TOKEN",
            IdentitySource="method.request.header.Authorization",
            # Only what looks like a token reaches the function.
            IdentityValidationExpression=r"^Bearer [-0-9A-Za-z_]+\.[-0-9A-Za-z_]+\.[-0-9A-Za-z_]+$",
            AuthorizerUri=_uri(arn),
            AuthorizerResultTtlInSeconds=300,
        )
    )
    source = stack.arn("execute-api", Ref(API), "/authorizers/", Ref(AUTHORIZER))
    _functions.permit(stack, "authorizer", "ByApi", "apigateway", source)


def _uri(arn: Text) -> Text:
    return Sub(
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function}/invocations",
        Function=arn,
    )


def _method(stack: Stack, method: str, path: str, folder: str) -> str:
    parent: Text = attribute(API, "RootResourceId")
    steps: list[str] = []
    for step in path.strip("/").split("/"):
        steps.append(step)
        id = "Path" + "".join(_word(one) for one in steps)
        if not stack.has(id):
            stack.add(apigateway.Resource(id, RestApiId=Ref(API), ParentId=parent, PathPart=step))
        parent = Ref(id)
    id = f"{method.capitalize()}{''.join(_word(one) for one in steps)}"
    stack.add(
        apigateway.Method(
            id,
            RestApiId=Ref(API),
            ResourceId=parent,
            HttpMethod=method,
            AuthorizationType="CUSTOM",
            AuthorizerId=Ref(AUTHORIZER),
            Integration=apigateway.Integration(
                Type="AWS_PROXY",
                IntegrationHttpMethod="POST",
                Uri=_uri(attribute(_functions.function_id(folder))),
            ),
        )
    )
    any_value = "/".join("*" if step.startswith("{") else step for step in steps)
    source = stack.arn("execute-api", Ref(API), f"/*/{method}/{any_value}")
    _functions.permit(stack, folder, f"By{id}", "apigateway", source)
    return id


def _word(step: str) -> str:
    inner = step.strip("{}")
    return "".join(part.capitalize() for part in inner.replace("-", "_").replace(".", "_").split("_"))


def _deploy(
    stack: Stack,
    api: Api,
    methods: list[str],
    routes: Mapping[tuple[str, str], str],
    access_log: AccessLog,
) -> None:
    # A deployment is a copy of the API: with other routes it has to be another one.
    told = zlib.crc32(json.dumps(sorted((*key, folder) for key, folder in routes.items())).encode())
    deployment = f"{DEPLOYMENT}{told:08x}"
    stack.add(apigateway.Deployment(deployment, RestApiId=Ref(API), DependsOn=sorted(methods)))
    if api.access_log_group is None:
        raise RenderError("the API has no access log", right="[apis.…] access_log_group")
    _logs.add_group(stack, "AccessLogGroupResource", stack.value(api.access_log_group), masked=False)
    settings = stack.settings
    stack.add(
        apigateway.Stage(
            STAGE,
            RestApiId=Ref(API),
            DeploymentId=Ref(deployment),
            StageName=stack.value(api.stage) if api.stage else "live",
            TracingEnabled=True,
            AccessLogSetting=apigateway.AccessLogSetting(
                DestinationArn=_logs.without_star(attribute("AccessLogGroupResource")),
                Format=access_log.format(),
            ),
            MethodSettings=[
                apigateway.MethodSetting(
                    ResourcePath="/*",
                    HttpMethod="*",
                    # Never the data of requests: that is what customers say.
                    LoggingLevel="ERROR",
                    DataTraceEnabled=False,
                    MetricsEnabled=True,
                    ThrottlingRateLimit=settings.requests_per_second,
                    ThrottlingBurstLimit=settings.burst,
                )
            ],
            **({"DependsOn": ["ApiAccount"]} if settings.api_gateway_account else {}),
        )
    )


def _account(stack: Stack) -> None:
    stack.add(
        iam.Role(
            "ApiLogRole",
            AssumeRolePolicyDocument=document(_roles.trusted("apigateway", here())),
            ManagedPolicyArns=[Sub(f"arn:${{AWS::Partition}}:iam::aws:policy/{_WRITES_LOGS}")],
            PermissionsBoundary=_roles.boundary(stack),
        )
    )
    account: Any = apigateway.Account("ApiAccount", CloudWatchRoleArn=attribute("ApiLogRole"))
    account.DeletionPolicy = "Retain"  # other APIs of the account write with it, too
    account.UpdateReplacePolicy = "Retain"
    stack.add(account)


def _domain(stack: Stack) -> None:
    domain = stack.settings.domain
    if domain is None:
        return
    stack.add(
        apigateway.DomainName(
            DOMAIN,
            DomainName=stack.value(domain.name),
            RegionalCertificateArn=stack.value(domain.certificate),
            EndpointConfiguration=apigateway.EndpointConfiguration(Types=["REGIONAL"]),
            SecurityPolicy="TLS_1_2",
        )
    )
    stack.add(apigateway.BasePathMapping("ChatBasePath", DomainName=Ref(DOMAIN), RestApiId=Ref(API), Stage=Ref(STAGE)))
    stack.output("ApiAddress", "Address that the domain's record points to", attribute(DOMAIN, "RegionalDomainName"))
