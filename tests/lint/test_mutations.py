"""Of our own clean template, broken at random, most mutants are found. `make bench` reports the share by kind."""

from __future__ import annotations

from .mutations import KINDS, shares

# Of these kinds every mutant is dead; of the others some still work (an operator the other way round, for example).
ALWAYS = {
    "wrong dimension", "one dimension more", "swapped namespace", "wrong unit", "no such statistic", "dropped field",
    "threshold below zero", "more points than periods", "no such period", "broken expression", "broken alarm rule",
    "width of a widget", "type of a widget", "topic without CloudWatch", "key without CloudWatch",
    "topic without subscription", "misspelt key of an event",
}  # fmt: skip


def test_mutants_of_every_kind_are_found(on_demand):
    found = shares(on_demand.template, 1)

    assert set(found) == set(KINDS)
    assert {kind: one for kind, one in found.items() if kind in ALWAYS and one[0] < one[1]} == {}
    assert sum(one for one, _ in found.values()) >= 0.85 * sum(count for _, count in found.values())
