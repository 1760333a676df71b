"""Other people's evaluators on the same random policies: ministack's, and PMapper's in an environment of its own.

PMapper is AGPL: nothing of it is shipped, and the package never imports it; here it is a program that is asked.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from mangaobs.iam import Answer, Context

from ..proof.configurations import ROOT
from .strategies import ACTIONS, PRINCIPAL, RESOURCES, contexts, documents
from .test_random import ours, word

CASES = {
    "action": st.sampled_from(ACTIONS),
    "resource": st.sampled_from(RESOURCES),
    "identity": st.lists(documents(), min_size=1, max_size=2),
    "boundary": st.none() | st.lists(documents(), min_size=1, max_size=1),
}
PMAPPER = Path(os.environ.get("VENV", ROOT / ".venv")) / "pmapper" / "bin" / "python"


def variables(document) -> bool:
    return "${" in json.dumps(document)


@settings(max_examples=300)
@given(context=contexts(), **CASES)
def test_ministack_says_the_same(context, action, resource, identity, boundary):
    from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

    if variables([identity, boundary]):
        return  # it fills none in where Version is left out, nor the characters ${*} and defaults
    written = json.dumps([identity, boundary])
    if "aws:CurrentTime" in written or ("aws:SecureTransport" not in context and "aws:SecureTransport" in written):
        return  # it looks at its own clock, and at its own connection
    decision = ours(action, resource, Context(context, complete=True), identity, boundary, [])
    if decision.decision is Answer.DEPENDS:
        return
    asked = EvalContext(
        principal_arn=PRINCIPAL,
        principal_type="AssumedRole",
        principal_account="123456789012",
        action=action,
        resource_arn=resource,
        region="us-east-1",
        secure_transport=context.get("aws:SecureTransport", ["true"])[0].lower() == "true",
        source_ip=(context.get("aws:SourceIp") or [None])[0],
        service_context={key.lower(): values if len(values) > 1 else values[0] for key, values in context.items()},
    )
    limits = [] if boundary is None else [[parse_policy_document(one) for one in boundary]]
    theirs = evaluate(asked, [parse_policy_document(one) for one in identity], *limits)
    told = {"Allow": "ALLOW", "Deny": "EXPLICIT", "ImplicitDeny": "DENY"}[theirs.decision]
    assert word(decision) == told


def drawn(count: int):
    """Random cases, the same every time."""
    found = []

    @seed(20261127)
    @settings(max_examples=count, phases=[Phase.generate], database=None)
    @given(context=contexts(), **CASES)
    def draw(**case):
        found.append(case)

    draw()
    return found


@pytest.mark.slow
@pytest.mark.skipif(
    not PMAPPER.exists() and not os.environ.get("MANGAOBS_REQUIRE_ORACLES"),
    reason="PMapper has an environment of its own: make oracles",
)
def test_pmapper_says_the_same():
    cases = [one for one in drawn(400) if not variables([one["identity"], one["boundary"]])]
    program = str(Path(__file__).with_name("pmapper_answers.py"))
    done = subprocess.run([PMAPPER, program], input=json.dumps(cases), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert len(told) == len(cases) > 100
    compared = 0
    for case, theirs in zip(cases, told, strict=True):
        decision = ours(
            case["action"],
            case["resource"],
            Context(case["context"], complete=True),
            case["identity"],
            case["boundary"],
            [],
        )
        if decision.decision is Answer.DEPENDS or theirs is None:
            continue
        compared += 1
        assert (decision.decision is Answer.ALLOW) is theirs, case
    assert compared > 60
