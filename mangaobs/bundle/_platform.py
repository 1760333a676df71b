"""Whether what is compiled runs on Lambda: its system, its processor, its C library."""

from __future__ import annotations

import platform
import re
import sys
from importlib.resources import files as resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Lambda's names of processors, by what else they are called.
_MACHINES: Final = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
MACHINES: Final = ("x86_64", "arm64")
RUNTIME: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"
# The versions of the C library that a shared library asks for stand in it as texts.
_GLIBC: Final = re.compile(rb"GLIBC_(\d+)\.(\d+)")
_COMPILED: Final = (".so", ".pyd", ".dylib")


def machine_here() -> str:
    """Lambda's name of this machine's processor, or the machine's own name of it."""
    return _MACHINES.get(platform.machine().lower(), platform.machine())


def mismatches(files: Mapping[str, Path], machine: str, runtime: str = RUNTIME) -> tuple[str, ...]:
    """What among `files` does not run on Lambda's `machine` and `runtime`, in sentences."""
    compiled = {name: file for name, file in files.items() if name.endswith(_COMPILED) or ".so." in name}
    if not compiled:
        return ()
    tops = ", ".join(sorted({name.partition("/")[0].partition(".")[0] for name in compiled}))
    here = f"{platform.system()} on {machine_here()}"
    if platform.system() != "Linux" or machine_here() != machine:
        return (f"compiled here, for {here}, and not for Lambda on {machine}: {tops}",)
    if not any(_GLIBC.search(file.read_bytes()) for file in compiled.values()) and platform.libc_ver()[0] != "glibc":
        return (f"compiled for another C library than Lambda's, which is glibc: {tops}",)
    system, has = _runtimes().get(runtime, ("", None))
    if has is None:
        return (f"{runtime} is no runtime of Lambda's that is known here; those are {', '.join(_runtimes())}",)
    asked: dict[str, tuple[int, int]] = {}
    for name, file in compiled.items():
        most = max(((int(one), int(two)) for one, two in _GLIBC.findall(file.read_bytes())), default=(0, 0))
        top = name.partition("/")[0].partition(".")[0]
        asked[top] = max(asked.get(top, most), most)
    return tuple(
        f"{top} asks for glibc {most[0]}.{most[1]}, and {runtime} has {has[0]}.{has[1]} ({system}): "
        "it cannot be loaded there"
        for top, most in sorted(asked.items())
        if most > has
    )


def _runtimes() -> dict[str, tuple[str, tuple[int, int]]]:
    text = resources("mangaobs.bundle").joinpath("data/runtimes.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")][1:]
    found = {}
    for runtime, system, glibc in rows:
        major, _, minor = glibc.partition(".")
        found[runtime] = system, (int(major), int(minor))
    return found
