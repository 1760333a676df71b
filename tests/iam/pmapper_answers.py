"""Run by PMapper's own Python: reads cases as JSON, writes what it says of each (true: allowed; null: no answer)."""

from __future__ import annotations

import collections
import collections.abc
import json
import sys

# PMapper 1.1.5 is of 2022, and takes names that Python 3.10 moved.
for name in ("Mapping", "MutableMapping", "Sequence", "Iterable", "Callable"):
    if not hasattr(collections, name):
        setattr(collections, name, getattr(collections.abc, name))

from principalmapper.common import Node, Policy  # noqa: E402
from principalmapper.querying.local_policy_simulation import (  # noqa: E402
    has_matching_statement,
)
from principalmapper.util.case_insensitive_dict import CaseInsensitiveDict  # noqa: E402


def answer(case):
    arn = "arn:aws:iam::123456789012:role/r"

    def policies(several):
        return [Policy(f"{arn}/p{number}", f"p{number}", one) for number, one in enumerate(several)]

    node = Node(arn, "AIDA", policies(case["identity"]), None, {"Version": "2012-10-17", "Statement": []}, [], 0, False,
                False, None, False, {})  # fmt: skip
    keys = CaseInsensitiveDict(
        {key: values if len(values) > 1 else values[0] for key, values in case["context"].items()}
    )
    try:

        def said(effect, several):
            held = Node(arn, "AIDA", policies(several), None, node.trust_policy, [], 0, False, False, None, False, {})
            return has_matching_statement(held, effect, case["action"], case["resource"], keys)

        boundary = case["boundary"]
        if said("Deny", case["identity"]) or (boundary is not None and said("Deny", boundary)):
            return False
        return said("Allow", case["identity"]) and (boundary is None or said("Allow", boundary))
    except Exception:  # noqa: BLE001 - whatever it stumbles over
        return None


if __name__ == "__main__":
    print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
