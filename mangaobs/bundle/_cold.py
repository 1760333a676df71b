"""Imports a handler as Lambda does: in a process of its own, with nothing but the archive and what Lambda brings.

This file is that process's program, too, and imports only what Python itself brings.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from importlib import import_module
from importlib.machinery import PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from pathlib import Path
    from typing import Any

_SECONDS = 120


def imported(folder: Path, handler: str, provided: Mapping[str, str], needed: Sequence[str] = ()) -> dict[str, Any]:
    """What came of importing the module `handler` from the unpacked archive in `folder`.

    `provided` are top-level names that Lambda brings, with the folders that they are in; `needed` are modules that have
    to be there when the handler is called, which are imported after it. Gives `seconds` for the handler and
    `all_seconds` for everything, or the `error` of the handler, which may be `missing` a module; `failed` are needed
    modules with why they are not there.
    """
    asked = {"folder": str(folder), "handler": handler, "provided": dict(provided), "needed": list(needed)}
    try:
        done = subprocess.run(  # noqa: S603 - this very Python
            [sys.executable, "-I", "-S", "-B", __file__],
            input=json.dumps(asked).encode(),
            capture_output=True,
            check=False,
            timeout=_SECONDS,
            env=_environ(str(folder), handler),
        )
    except subprocess.TimeoutExpired:
        return {"error": f"is not imported after {_SECONDS} seconds", "missing": False, "failed": {}}
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
        return {"error": said[-1], "missing": False, "failed": {}}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _environ(folder: str, handler: str) -> dict[str, str]:
    """What Lambda sets, as far as code asks for it at import; no credentials."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return kept | {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": handler.rpartition(".")[2],
        "LAMBDA_TASK_ROOT": folder,
        "_HANDLER": f"{handler}.handler",
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
    }


class _Provided:
    """Finds what Lambda brings, and nothing else of the folders that it is in here."""

    def __init__(self, homes: Mapping[str, str]) -> None:
        self._homes = homes

    def find_spec(self, name: str, path: object = None, _: object = None) -> ModuleSpec | None:
        """The place of a top-level name."""
        return PathFinder.find_spec(name, [self._homes[name]]) if path is None and name in self._homes else None


def _work() -> None:
    asked = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what code prints is no part of the answer
    sys.path.insert(0, asked["folder"])
    sys.meta_path.append(_Provided(asked["provided"]))
    answer: dict[str, object] = {"failed": {}}
    began = time.perf_counter()
    try:
        module = import_module(asked["handler"])
        answer["seconds"] = time.perf_counter() - began
        answer["callable"] = callable(getattr(module, "handler", None))
    except BaseException as error:  # noqa: BLE001 - whatever the code raises, sys.exit() too
        answer |= {"error": _said(error), "missing": isinstance(error, ImportError)}
    answer["failed"] = {name: said for name in asked["needed"] if (said := _absence(name))}
    answer["all_seconds"] = time.perf_counter() - began
    out.write("\n" + json.dumps(answer))
    out.flush()


def _absence(name: str) -> str:
    try:
        import_module(name)
    except ImportError as error:
        return _said(error)
    except BaseException:  # noqa: BLE001 - it is there; what it needs of its surroundings is not
        return ""
    return ""


def _said(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


if __name__ == "__main__":
    _work()
