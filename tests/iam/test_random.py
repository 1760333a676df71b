"""Random policies: our answer is the second evaluator's where all is known, and never says more than it proved."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mangaobs.iam import Answer, Context, Names, Policies, Principal, Request, Where, decide, statements, text

from . import naive
from .strategies import ACTIONS, KEYS, PRINCIPAL, RESOURCES, VALUES, contexts, documents

NAMES = Names()
WHO = Principal(text(PRINCIPAL, wild=False, variables=False), "123456789012")


def ready(several: list[dict[str, Any]]) -> tuple[Any, ...]:
    return tuple(one for document in several for one in statements(document, Where("policy"), NAMES))


def ours(action, resource, context, identity, boundary, resource_policy):
    policies = Policies(
        principal=WHO,
        identity=ready(identity),
        boundary=None if boundary is None else ready(boundary),
        resource=ready(resource_policy),
    )
    return decide(Request(action, text(resource, wild=False, variables=False), context), policies)


def word(decision) -> str:
    return "EXPLICIT" if decision.explicit else decision.decision.value


def naives(action, resource, context, identity, boundary, resource_policy) -> str:
    return naive.decide(
        action=action,
        resource=resource,
        context=context,
        identity=identity,
        boundary=boundary,
        resource_policy=resource_policy,
        principal=PRINCIPAL,
    )


CASES = {
    "action": st.sampled_from(ACTIONS),
    "resource": st.sampled_from(RESOURCES),
    "identity": st.lists(documents(), min_size=1, max_size=2),
    "boundary": st.none() | st.lists(documents(), min_size=1, max_size=1),
    "resource_policy": st.just([]) | st.lists(documents(principal=True), min_size=1, max_size=1),
}


@settings(max_examples=600)
@given(context=contexts(), **CASES)
def test_with_a_whole_context_it_is_what_the_second_evaluator_says(context, **case):
    decision = ours(context=Context(context, complete=True), **case)
    if decision.decision is Answer.DEPENDS:
        # Questions that AWS's pages leave open: a wildcard within an ARN's segment that meets a colon, an ARN that is
        # none.
        assert all("passes a colon" in one or "six parts" in one for one in decision.unknown)
        return
    assert word(decision) == naives(context=context, **case)


@settings(max_examples=300)
@given(data=st.data(), **CASES)
def test_what_is_proved_with_less_known_holds_whatever_the_rest_is(data, **case):
    # Given that some keys are not known, when something is proved, then it holds for every value of them.
    known = data.draw(contexts())
    hidden = data.draw(st.sets(st.sampled_from(KEYS), min_size=1, max_size=3))
    absent = [key for key in KEYS if key not in known and key not in hidden]
    partial = Context({key: values for key, values in known.items() if key not in hidden}, absent=absent)
    decision = ours(context=partial, **case)
    if decision.decision is Answer.DEPENDS:
        assert decision.unknown
        return
    for _ in range(4):
        rest = {key: data.draw(st.lists(st.sampled_from(VALUES[key]), max_size=1)) for key in sorted(hidden)}
        whole = {**{key: values for key, values in known.items() if key not in hidden}}
        whole |= {key: values for key, values in rest.items() if values}
        # A denial that is not proved to be explicit may be so after all.
        proved = {"ALLOW": {"ALLOW"}, "EXPLICIT": {"EXPLICIT"}, "DENY": {"DENY", "EXPLICIT"}}[word(decision)]
        assert naives(context=whole, **case) in proved
