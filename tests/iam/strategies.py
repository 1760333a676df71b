"""Random policies and requests, from a few names, so that they meet often."""

from __future__ import annotations

from hypothesis import strategies as st

ACTIONS = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:Query", "s3:GetObject"]
PATTERNS = [*ACTIONS, "dynamodb:*", "dynamodb:Get*", "*", "dynamodb:?can", "DYNAMODB:getitem", "s3:*Object"]
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table"
RESOURCES = [f"{TABLE}/chats", f"{TABLE}/chats/index/one", f"{TABLE}/chats-2", "arn:aws:s3:::bucket/alice/x", "*"]
RESOURCE_PATTERNS = [
    *RESOURCES[:4], f"{TABLE}/*", f"{TABLE}/chats/index/*", f"{TABLE}/chat?", "*", "arn:aws:s3:::bucket/*",
    "arn:aws:s3:::bucket/${aws:username}/*", "arn:aws:s3:::bucket/${aws:PrincipalTag/team, 'alice'}/x",
    "arn:aws:s3:::bucket/${*}/x",
]  # fmt: skip
TEXT_KEYS = ["dynamodb:LeadingKeys", "aws:username", "aws:PrincipalTag/team", "dynamodb:Select"]
TEXTS = ["SESSION#1", "SESSION#2", "session#1", "CUSTOMER#1", "alice", "*", ""]
TEXT_PATTERNS = [*TEXTS[:5], "SESSION#*", "*", "SESSION#?", "${aws:username}", "${*}", "x${aws:PrincipalTag/team}"]
ARNS = ["arn:aws:iam::123456789012:role/a", "arn:aws:iam::123456789012:role/b/c", "arn:aws:iam::210987654321:role/a"]
ARN_PATTERNS = [*ARNS, "arn:aws:iam::*:role/a", "arn:aws:iam::123456789012:*", "arn:*:role/*", "*"]
NUMBERS = ["1", "2", "2.0", "10", "x"]
DATES = ["2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z", "1767225600", "never"]
ADDRESSES = ["10.0.0.1", "10.0.1.1", "192.0.2.1", "2001:db8::1", "nowhere"]
NETWORKS = ["10.0.0.0/16", "10.0.0.1", "192.0.2.0/24", "2001:db8::/32", "nowhere"]
KINDS = {
    "String": (["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike",
                "StringNotLike"], TEXT_KEYS, TEXTS, TEXT_PATTERNS),
    "Arn": (["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"], ["aws:SourceArn"], ARNS, ARN_PATTERNS),
    "Numeric": ([f"Numeric{one}" for one in ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan",
                 "GreaterThanEquals")], ["s3:max-keys"], NUMBERS, NUMBERS),
    "Date": ([f"Date{one}" for one in ("Equals", "NotEquals", "LessThan", "GreaterThanEquals")],
             ["aws:CurrentTime"], DATES, DATES),
    "Bool": (["Bool"], ["aws:SecureTransport"], ["true", "false", "True"], ["true", "false"]),
    "Ip": (["IpAddress", "NotIpAddress"], ["aws:SourceIp"], ADDRESSES, NETWORKS),
}  # fmt: skip
KEYS = sorted({key for _, keys, _, _ in KINDS.values() for key in keys})
VALUES = {key: values for _, keys, values, _ in KINDS.values() for key in keys}
MULTIVALUED = {"dynamodb:LeadingKeys"}


def some_of(values, *, least=1, most=2):
    return st.lists(st.sampled_from(values), min_size=least, max_size=most, unique=True)


@st.composite
def tests(draw):
    operators, keys, _, patterns = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    key = draw(st.sampled_from(keys))
    if draw(st.integers(0, 5)) == 0:
        return "Null", key, [draw(st.sampled_from(["true", "false"]))]
    operator = draw(st.sampled_from(operators)) + draw(st.sampled_from(["", "", "IfExists"]))
    quantifiers = ["ForAllValues:", "ForAnyValue:"] if key in MULTIVALUED else ["", "", "ForAllValues:", "ForAnyValue:"]
    return draw(st.sampled_from(quantifiers)) + operator, key, draw(some_of(patterns))


@st.composite
def conditions(draw):
    block: dict[str, dict[str, list[str]]] = {}
    for operator, key, values in draw(st.lists(tests(), max_size=3)):
        block.setdefault(operator, {})[key] = values
    return block


@st.composite
def statements(draw, *, principal=False):
    statement = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    statement[draw(st.sampled_from(["Action", "Action", "Action", "NotAction"]))] = draw(some_of(PATTERNS))
    statement[draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]))] = draw(
        some_of(RESOURCE_PATTERNS)
    )
    if draw(st.booleans()):
        statement["Condition"] = draw(conditions())
    if principal:
        who = draw(st.sampled_from(["*", {"AWS": "*"}, {"AWS": [PRINCIPAL]}, {"AWS": [f"{PRINCIPAL}-2"]}]))
        statement[draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"]))] = who
    return statement


PRINCIPAL = "arn:aws:iam::123456789012:role/r"


def documents(*, principal=False):
    return st.builds(
        lambda version, body: {**({"Version": version} if version else {}), "Statement": body},
        st.sampled_from(["2012-10-17", "2012-10-17", "2012-10-17", None]),
        st.lists(statements(principal=principal), min_size=1, max_size=3),
    )


@st.composite
def contexts(draw):
    """A whole context: each key with values, or absent."""
    found: dict[str, list[str]] = {}
    for key in KEYS:
        most = 2 if key in MULTIVALUED else 1
        values = draw(some_of(VALUES[key], least=0, most=most))
        if values:
            found[key] = values
    return found
