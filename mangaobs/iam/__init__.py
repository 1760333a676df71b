"""What IAM's policies allow, proved offline over any CloudFormation template.

ALLOW and DENY are proved; DEPENDS says on what it depends: how AWS fills a request's context, or what only a deployment
knows.
"""

from mangaobs.iam._account import Account, Role
from mangaobs.iam._actions import Action, actions, is_carried, known
from mangaobs.iam._context import Context
from mangaobs.iam._decide import Answer, Decision, Policies, Request, decide
from mangaobs.iam._matrix import (
    Cell,
    Difference,
    Expectations,
    Situation,
    differences,
    matrix,
    read_expectations,
    situations,
)
from mangaobs.iam._names import Names
from mangaobs.iam._policy import Principal, Statement, Where, statements
from mangaobs.iam._text import text

__all__ = [
    "Account",
    "Action",
    "Answer",
    "Cell",
    "Context",
    "Decision",
    "Difference",
    "Expectations",
    "Names",
    "Policies",
    "Principal",
    "Request",
    "Role",
    "Situation",
    "Statement",
    "Where",
    "actions",
    "decide",
    "differences",
    "is_carried",
    "known",
    "matrix",
    "read_expectations",
    "situations",
    "statements",
    "text",
]
