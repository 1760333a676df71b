"""The command line: one file a command, loaded when it is called."""

from __future__ import annotations

import sys

# Name → (module under this package, what `mangaobs --help` says of it).
COMMANDS = {
    "render": ("render", "Render the project as a CloudFormation template."),
    "match": ("match", "Say which log events a filter pattern matches, and why."),
    "replay": ("replay", "Say what would have paged whom, when, and why."),
    "lint": ("lint", "Prove that a template's observability can work; find what is dead or missing."),
    "rules": ("rules", "Say what the linter looks for, and why."),
    "iam": ("iam", "Prove what IAM's policies allow, and what they deny."),
    "bundle": ("bundle", "Make the functions' archives for Lambda."),
    "drill": ("drill", "Rehearse an erasure and a restore on an account."),
    "query": ("query", "List, check, format and run Logs Insights queries."),
}


def main() -> None:
    """Run `mangaobs` with the process's arguments and exit with its code."""
    try:
        from mangaobs.cli._findings import quick

        code = quick(sys.argv[1:])
        if code is not None:
            sys.exit(code)
        try:
            import click  # noqa: F401 - asked for here, so that its absence gets a sentence
        except ImportError:
            sys.stderr.write("error: the command line is not installed\nright: pip install 'mangaobs[cli]'\n")
            sys.exit(2)
        from mangaobs.cli._run import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before `run` could look after it
        code = 130
    sys.exit(code)
