"""Fields as the caller gives them: under plain names, and none under a name that is taken."""

from __future__ import annotations

from mangaobs.runtime._interruption import is_interruption

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_PLAIN = frozenset((str,))


def merged(fields: Mapping[str, object], more: Mapping[str, object]) -> dict[str, object]:
    """`fields`, which the caller passes as they are, and `more`."""
    try:
        names = {**fields, **more}
    except BaseException as error:
        # No mapping, or one that will not be read.
        if is_interruption(error):
            raise
        return {"value": fields, **more}
    if _PLAIN.issuperset(map(type, names)):
        return names
    from mangaobs.runtime._clean import plain_names

    return plain_names(names)  # type: ignore[arg-type] # names that are no texts, whatever the types say


def renamed(fields: Mapping[str, object], taken: Collection[str]) -> dict[str, object]:
    """`fields` with a `_` at the end of each name that is taken, until it is free."""
    free: dict[str, object] = {}
    for name, value in fields.items():
        other = name
        if name in taken:
            while other in taken or other in fields or other in free:
                other += "_"
        free[other] = value
    return free
