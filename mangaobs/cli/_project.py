"""The options by which a command is told which project, and how it is set."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from mangaobs.model.observability import Observability

F = TypeVar("F", bound="Callable[..., Any]")


def project_options(function: F) -> F:
    """Add `--project`, `--env` and `--set`."""
    for option in (
        click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Override a key of mangaobs.toml."),
        click.option("--env", metavar="NAME", help="The environment: [env.NAME] over the base."),
        click.option(
            "--project",
            metavar="DIR",
            type=click.Path(path_type=Path),
            help="The folder with mangaobs.toml; else the nearest one upward, else MangaAssist's.",
        ),
    ):
        function = option(function)
    return function


def load(project: Path | None, env: str | None, sets: tuple[str, ...]) -> Observability:
    """The project that the options name."""
    from mangaobs.project.build import load_observability

    # What a definition prints is no part of the result.
    with contextlib.redirect_stdout(sys.stderr):
        return load_observability(project, env, sets)
