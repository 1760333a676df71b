"""The whole permission matrix: every DynamoDB action, every role, twelve contexts; beside it reading the template.

Twelve contexts without leaving any out, whether they make a difference to an action or not: no question is skipped.
"""

import json
import time
from pathlib import Path

from mangaobs.iam import Account, actions, situations
from mangaobs.platform import render_platform
from mangaobs.render import to_json
from mangaobs.template import worlds

ROOT = Path(__file__).resolve().parent.parent
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/manga-assist-sessions"
ROUNDS = 5


def main():
    text = to_json(render_platform(ROOT))
    path = Path("platform.json")
    rows = []
    for _ in range(ROUNDS):
        start = time.process_time()
        account = Account(next(iter(worlds([path], texts={path: text}))).template)
        read = time.process_time()
        asked = 0
        chosen = list(situations().items())[:12]
        for _, situation in chosen:
            context = account.context(
                {**situation.context, "aws:SecureTransport": ["true"], "aws:ViaAWSService": ["false"]},
                absent=[*situation.absent, "aws:SourceVpce"],
            )
            resource = account.resource(TABLE)
            for action in actions("dynamodb"):
                for role in account.roles.values():
                    account.decide(role, action.name, resource, context)
                    asked += 1
        rows.append((time.process_time() - read, read - start, asked, len(account.roles)))
    rows.sort()
    took, read, asked, roles = rows[ROUNDS // 2]
    print(f"platform template: {len(json.loads(text)['Resources'])} resources, {len(text):,} bytes")
    print(f"{len(actions('dynamodb'))} actions, {roles} roles, 12 contexts: {asked:,} questions")
    print(f"matrix                {took:.2f} s of CPU (goal 2.0), {1e6 * took / asked:.0f} µs a question")
    print(f"reading the template  {read:.2f} s of CPU")


if __name__ == "__main__":
    main()
