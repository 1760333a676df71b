"""Any template as IAM sees it: whose policies are whose, what only a deployment knows, and what no template says."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from mangaobs.errors import MangaobsError
from mangaobs.iam import Account
from mangaobs.template import read

TRUST = (
    '{Version: "2012-10-17", Statement: '
    '[{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]}'
)
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/chats"


def account(tmp_path: Path, resources: str, **more: str) -> Account:
    file = tmp_path / "template.yaml"
    head = "".join(f"{name}:\n{indent(dedent(value), '  ')}\n" for name, value in more.items())
    file.write_text(f"{head}Resources:\n{indent(dedent(resources).replace('TRUST', TRUST), '  ')}")
    return Account(read([file]))


def role(statements: str, more: str = "", id: str = "Role") -> str:
    policy = f'{{PolicyName: p, PolicyDocument: {{Version: "2012-10-17", Statement: {statements}}}}}'
    head = f"{id}:\n  Type: AWS::IAM::Role\n  Properties:\n    AssumeRolePolicyDocument: TRUST\n"
    return f"{head}    Policies: [{policy}]\n{indent(more, '    ')}\n"


def ask(account: Account, action: str, resource: str, role: str = "Role", absent=(), complete=True, **context: str):
    keys = {key.replace("__", ":"): [value] for key, value in context.items()}
    return account.decide(
        account.role(role), action, account.resource(resource), account.context(keys, absent=absent, complete=complete)
    )


def test_a_bucket_without_a_name_is_known_by_its_logical_id(tmp_path):
    # Given a role that may write into a bucket whose name CloudFormation makes up
    one = account(
        tmp_path,
        "Bucket: {Type: AWS::S3::Bucket}\nOther: {Type: AWS::S3::Bucket}\n"
        + role('[{Effect: Allow, Action: "s3:PutObject", Resource: !Sub "${Bucket.Arn}/in/*"}]'),
    )
    # Then it may write there, under that prefix, and in no other bucket of the template.
    assert ask(one, "s3:PutObject", "arn:aws:s3:::${Bucket}/in/1").decision == "ALLOW"
    assert ask(one, "s3:PutObject", "arn:aws:s3:::${Bucket}/out/1").decision == "DENY"
    assert ask(one, "s3:PutObject", "arn:aws:s3:::${Other}/in/1").decision == "DENY"
    # And of a bucket that goes by a name nobody knows whether it is that one.
    decision = ask(one, "s3:PutObject", "arn:aws:s3:::somewhere/in/1")
    assert (decision.decision, decision.unknown) == ("DEPENDS", ("the value of ${Bucket}",))


def test_policies_are_found_wherever_they_are_attached(tmp_path):
    document = '{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "dynamodb:ACTION", Resource: "*"}]}'
    one = account(
        tmp_path,
        role("[]", "RoleName: chat\nManagedPolicyArns: [!Ref Managed]")
        + "Inline:\n  Type: AWS::IAM::Policy\n  Properties: {PolicyName: a, Roles: [!Ref Role], PolicyDocument: "
        + document.replace("ACTION", "GetItem")
        + "}\nAlone:\n  Type: AWS::IAM::RolePolicy\n  Properties: {PolicyName: b, RoleName: chat, PolicyDocument: "
        + document.replace("ACTION", "PutItem")
        + "}\nManaged:\n  Type: AWS::IAM::ManagedPolicy\n  Properties: {PolicyDocument: "
        + document.replace("ACTION", "Query")
        + "}\nElse:\n  Type: AWS::IAM::Policy\n  Properties: {PolicyName: c, Roles: [other], PolicyDocument: "
        + document.replace("ACTION", "Scan")
        + "}\n",
    )
    for action, expected in (("GetItem", "ALLOW"), ("PutItem", "ALLOW"), ("Query", "ALLOW"), ("Scan", "DENY")):
        assert ask(one, f"dynamodb:{action}", TABLE).decision == expected
    # By its name and its ARN it is the same role.
    for name in ("Role", "chat", "arn:aws:iam::123456789012:role/chat"):
        assert one.role(name).id == "Role"


def test_what_a_managed_policy_says_is_known_or_it_depends_on_it(tmp_path):
    known = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    one = account(
        tmp_path,
        role("[]", f"ManagedPolicyArns: [{known}]")
        + role("[]", "ManagedPolicyArns: [arn:aws:iam::aws:policy/PowerUserAccess]", id="Power"),
    )
    assert ask(one, "logs:PutLogEvents", "*").decision == "ALLOW"
    assert ask(one, "dynamodb:GetItem", TABLE).decision == "DENY"
    decision = ask(one, "dynamodb:GetItem", TABLE, role="Power")
    assert decision.decision == "DEPENDS"
    assert decision.unknown == ("what the managed policy arn:aws:iam::aws:policy/PowerUserAccess says",)


def test_a_boundary_of_the_template_limits(tmp_path):
    one = account(
        tmp_path,
        role('[{Effect: Allow, Action: "*", Resource: "*"}]', "PermissionsBoundary: !Ref Most")
        + "Most:\n  Type: AWS::IAM::ManagedPolicy\n  Properties:\n    PolicyDocument: "
        '{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}\n',
    )
    assert ask(one, "s3:GetObject", "arn:aws:s3:::b/x").decision == "ALLOW"
    assert ask(one, "dynamodb:GetItem", TABLE).decision == "DENY"


def test_a_key_wants_its_own_policy_to_leave_it_to_the_account(tmp_path):
    key = '{Type: AWS::KMS::Key, Properties: {KeyPolicy: {Version: "2012-10-17", Statement: STATEMENT}}}'
    root = '[{Effect: Allow, Principal: {AWS: "arn:aws:iam::123456789012:root"}, Action: "kms:*", Resource: "*"}]'
    other = '[{Effect: Allow, Principal: {AWS: "arn:aws:iam::123456789012:role/x"}, Action: "kms:*", Resource: "*"}]'
    one = account(
        tmp_path,
        f"Open: {key.replace('STATEMENT', root)}\nClosed: {key.replace('STATEMENT', other)}\n"
        + role(
            '[{Effect: Allow, Action: "kms:Decrypt", Resource: [!GetAtt Open.Arn, !GetAtt Closed.Arn]}]',
            "RoleName: chat",
        ),
    )
    assert ask(one, "kms:Decrypt", "Open").decision == "ALLOW"
    assert ask(one, "kms:Decrypt", "Closed").decision == "DENY"


def test_a_bucket_policy_denies_without_tls(tmp_path):
    one = account(
        tmp_path,
        "Bucket: {Type: AWS::S3::Bucket}\n"
        "Policy:\n  Type: AWS::S3::BucketPolicy\n  Properties:\n    Bucket: !Ref Bucket\n    PolicyDocument: "
        '{Version: "2012-10-17", Statement: [{Effect: Deny, Principal: "*", Action: "s3:*", '
        'Resource: [!GetAtt Bucket.Arn, !Sub "${Bucket.Arn}/*"], Condition: {Bool: {aws:SecureTransport: "false"}}}]}\n'
        + role('[{Effect: Allow, Action: "s3:*", Resource: "*"}]'),
    )
    there = "arn:aws:s3:::${Bucket}/x"
    assert ask(one, "s3:GetObject", there, aws__SecureTransport="true").decision == "ALLOW"
    denied = ask(one, "s3:GetObject", there, aws__SecureTransport="false")
    assert (denied.decision, denied.explicit) == ("DENY", True)
    assert ask(one, "s3:GetObject", there, complete=False).unknown == ("aws:SecureTransport",)


ENDPOINT = """
Gate:
  Type: AWS::EC2::VPCEndpoint
  Properties:
    VpcId: vpc-1
    ServiceName: !Sub "com.amazonaws.${AWS::Region}.dynamodb"
    PolicyDocument:
      Version: "2012-10-17"
      Statement: [{Effect: Allow, Principal: "*", Action: "dynamodb:GetItem", Resource: "*"}]
"""


def test_what_passes_an_endpoint_needs_its_policy_too(tmp_path):
    one = account(tmp_path, ENDPOINT + role('[{Effect: Allow, Action: "dynamodb:*", Resource: "*"}]'))
    assert ask(one, "dynamodb:GetItem", TABLE, aws__SourceVpce="Gate").decision == "ALLOW"
    assert ask(one, "dynamodb:PutItem", TABLE, aws__SourceVpce="Gate").decision == "DENY"
    assert ask(one, "dynamodb:PutItem", TABLE).decision == "ALLOW"
    # Where nobody says which way it goes, what both allow is allowed, and the rest depends on the way.
    assert ask(one, "dynamodb:GetItem", TABLE, complete=False).decision == "ALLOW"
    assert ask(one, "dynamodb:PutItem", TABLE, complete=False).unknown == ("aws:SourceVpce",)
    # Of an endpoint that is none of the template's nobody knows the policy.
    assert ask(one, "dynamodb:GetItem", TABLE, aws__SourceVpce="vpce-1").unknown == ("the policy of endpoint vpce-1",)


def test_another_accounts_resource_needs_its_policy_which_no_template_says(tmp_path):
    one = account(tmp_path, role('[{Effect: Allow, Action: "dynamodb:GetItem", Resource: "*"}]'))
    there = TABLE.replace("123456789012", "210987654321")
    assert ask(one, "dynamodb:GetItem", there).unknown == ("the policies of the other account",)
    assert ask(one, "dynamodb:PutItem", there).decision == "DENY"


def test_a_role_that_a_condition_makes_may_not_be_there(tmp_path):
    one = account(
        tmp_path,
        role('[{Effect: Allow, Action: "*", Resource: "*"}]').replace(
            "  Type: AWS::IAM::Role", "  Type: AWS::IAM::Role\n  Condition: IsProd"
        ),
        Parameters="Stage: {Type: String}",
        Conditions="IsProd: !Equals [!Ref Stage, prod]",
    )
    assert ask(one, "dynamodb:GetItem", TABLE).decision == "DEPENDS"


def test_sam_makes_a_role_of_a_functions_policies(tmp_path):
    one = account(
        tmp_path,
        """
        Chat:
          Type: AWS::Serverless::Function
          Properties:
            Handler: a.b
            Policies:
              - Version: "2012-10-17"
                Statement: [{Effect: Allow, Action: "dynamodb:GetItem", Resource: "*"}]
              - DynamoDBCrudPolicy: {TableName: chats}
        """,
    )
    assert ask(one, "dynamodb:GetItem", TABLE, role="ChatRole").decision == "ALLOW"
    assert ask(one, "dynamodb:DeleteItem", TABLE, role="ChatRole").decision == "DEPENDS"


def test_keys_that_an_action_never_has_are_known_to_be_absent(tmp_path):
    # Scan has no leading keys (Service Authorization Reference), so that ForAllValues lets it through, proved.
    condition = '{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["SESSION#*"]}}'
    one = account(tmp_path, role(f'[{{Effect: Allow, Action: "dynamodb:*", Resource: "*", Condition: {condition}}}]'))
    assert ask(one, "dynamodb:Scan", TABLE, complete=False).decision == "ALLOW"
    assert ask(one, "dynamodb:Query", TABLE, complete=False).unknown == ("dynamodb:LeadingKeys",)


def test_a_role_that_is_not_there_is_named_with_those_that_are(tmp_path):
    one = account(tmp_path, role("[]"))
    with pytest.raises(MangaobsError, match="no role 'Rol'; did you mean Role"):
        one.role("Rol")


def test_a_role_is_assumed_by_whom_its_trust_lets(tmp_path):
    trust = '{Version: "2012-10-17", Statement: [{Effect: Allow, Principal: PRINCIPAL, Action: "sts:AssumeRole"}]}'
    target = "{id}: {{Type: AWS::IAM::Role, Properties: {{RoleName: {id}, AssumeRolePolicyDocument: {trust}}}}}\n"
    one = account(
        tmp_path,
        role('[{Effect: Allow, Action: "sts:*", Resource: "*"}]', "RoleName: who")
        + role("[]", "RoleName: other", id="Other")
        + target.format(id="Account", trust=trust.replace("PRINCIPAL", '{AWS: "arn:aws:iam::123456789012:root"}'))
        + target.format(id="Lambda", trust=trust.replace("PRINCIPAL", "{Service: lambda.amazonaws.com}"))
        + target.format(id="Named", trust=trust.replace("PRINCIPAL", "{AWS: !GetAtt Other.Arn}")),
    )
    # A role's own policies are not enough: the trust has to leave it to them, or to name the role.
    assert ask(one, "sts:AssumeRole", "Account").decision == "ALLOW"
    assert ask(one, "sts:AssumeRole", "Lambda").decision == "DENY"
    assert ask(one, "sts:AssumeRole", "Named").decision == "DENY"
    assert ask(one, "sts:AssumeRole", "Named", role="Other").decision == "ALLOW"
    assert ask(one, "sts:AssumeRole", "Account", role="Other").decision == "DENY"
    # Of a role that no template has, nobody knows the trust.
    there = "arn:aws:iam::123456789012:role/elsewhere"
    assert ask(one, "sts:AssumeRole", there).unknown == (f"the policy of {there}",)


def test_a_key_that_no_template_has_may_say_anything(tmp_path):
    one = account(tmp_path, role('[{Effect: Allow, Action: "kms:Decrypt", Resource: "*"}]'))
    key = "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
    assert ask(one, "kms:Decrypt", key).unknown == (f"the policy of {key}",)


def test_a_roles_path_is_part_of_its_arn(tmp_path):
    one = account(
        tmp_path,
        role("[]", "RoleName: chat\nPath: /team/") + "Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}\n"
        "Policy:\n  Type: AWS::SQS::QueuePolicy\n  Properties:\n    Queues: [!Ref Queue]\n    PolicyDocument: "
        '{Statement: [{Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}, Action: "sqs:*", Resource: "*"}]}\n',
    )
    assert one.role("arn:aws:iam::123456789012:role/team/chat").id == "Role"
    assert ask(one, "sqs:SendMessage", "Queue").decision == "ALLOW"
