"""Where a command's result goes: standard output, or the file that `-o` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mangaobs.errors import MangaobsError

if TYPE_CHECKING:
    from pathlib import Path


def put(written: str, output: Path | None) -> None:
    """Print, or replace the file in one step, so that a failure leaves what was there.

    A link is followed, and what is no file (`-o /dev/stdout`, a named pipe) is written to, never replaced.
    """
    if output is None:
        click.echo(written, nl=False)
        return
    if output.exists() and not output.is_file():
        try:
            with output.open("w", encoding="utf-8", newline="\n") as stream:
                stream.write(written)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise MangaobsError(f"{output} cannot be written: {error.strerror}") from None
        return
    if not output.parent.is_dir():
        raise MangaobsError(f"{output} cannot be written: {output.parent} is no folder", right="a folder that exists")
    from mangaobs.render import write_text

    write_text(output.resolve(), written)
