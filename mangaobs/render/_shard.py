"""Several templates where one would pass CloudFormation's limits, each resource in its shard for ever.

The shard `shared-001` holds the topics and exports their ARNs; it is deployed first. `shard-001` and on hold the rest,
in any order; `composites-001` and on, deployed last, hold the composite alarms, whose children must exist.
CloudFormation cannot move a resource between stacks, so the assignment is kept in a file that is meant to be committed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from mangaobs.errors import Place, RenderError
from mangaobs.model.value import Attribute, Import
from mangaobs.render import _topics
from mangaobs.render._render import MAX_BYTES, MAX_PARAMETERS, MAX_RESOURCES, Template, assemble, make_pieces
from mangaobs.render._write import to_json, to_yaml, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mangaobs.model.observability import Observability
    from mangaobs.render._pieces import Piece, Stage

ASSIGNMENT = "assignment.json"
STAGES: tuple[Stage, ...] = ("shared", "shard", "composites")

_SHARD = re.compile(r"(shared|shard|composites)-[0-9]{3,6}")
# New resources fill a shard to this share, so that it can grow where it is.
_FULL = 0.8


class _Load(NamedTuple):
    """What a shard carries, or may carry; each parameter with the bytes that it takes where it is declared."""

    resources: int
    bytes: int
    parameters: frozenset[tuple[str, int]]

    def plus(self, other: _Load) -> _Load:
        return _Load(self.resources + other.resources, self.bytes + other.bytes, self.parameters | other.parameters)

    def all_bytes(self) -> int:
        return self.bytes + sum(size for _, size in self.parameters)

    def fits(self, share: float, max_bytes: int) -> bool:
        return (
            self.resources <= MAX_RESOURCES * share
            and self.all_bytes() <= max_bytes * share
            and len(self.parameters) <= MAX_PARAMETERS
        )


def render_shards(
    observability: Observability, assignment: Mapping[str, str], *, max_bytes: int = MAX_BYTES
) -> tuple[dict[str, Template], dict[str, str]]:
    """The templates by shard, in the order of deployment, and the assignment of every logical id to its shard.

    What `assignment` names stays where it was; what it does not gets room in the first shard that has some.
    """
    topics = {
        severity: Import(_topics.export_name(observability.naming, severity)) if isinstance(topic, Attribute) else topic
        for severity, topic in _topics.addresses(observability.routes).items()
    }
    context, pieces = make_pieces(observability, topics)
    trees = {piece.id: piece.tree(()) for piece in pieces}
    # The frame of a template: its contract, its description.
    bare = len(msgspec.json.encode(assemble(context, {}, {})))
    frame = _Load(0, bare + len('"Outputs":{},'), frozenset())
    declared = {
        name: len(msgspec.json.encode(assemble(context, {}, {name: parameter}))) - bare
        for name, parameter in context.values.parameters.items()
    }
    outputs = _topics.outputs(observability)
    loads = {piece.id: _load(piece, trees[piece.id], declared, outputs.get(piece.id)) for piece in pieces}
    homes = _assign(pieces, loads, frame, assignment, max_bytes)
    shards: dict[str, list[Piece]] = {}
    for piece in pieces:
        shards.setdefault(homes[piece.id], []).append(piece)
    templates: dict[str, Template] = {}
    for shard in sorted(shards, key=_turn):
        for piece in shards[shard]:
            # What it needs and has elsewhere, the order of deployment provides.
            if needs := sorted(need for need in piece.needs if homes[need] == shard):
                trees[piece.id]["DependsOn"] = needs
        names = frozenset().union(*(piece.parameters for piece in shards[shard]))
        templates[shard] = assemble(
            context,
            {piece.id: trees[piece.id] for piece in shards[shard]},
            {name: context.values.parameters[name] for name in names},
        )
        if here := {id: one for id, one in outputs.items() if homes[id] == shard}:
            templates[shard]["Outputs"] = here
    # What is not rendered this time keeps its place, too: it may come back.
    return templates, dict(sorted({**assignment, **homes}.items()))


def write_shards(
    observability: Observability,
    folder: Path,
    *,
    format: str = "json",
    compact: bool = False,
    max_bytes: int = MAX_BYTES,
) -> list[Path]:
    """Write the shards and their assignment into `folder`; the paths of the templates, in the order of deployment."""
    file = folder / ASSIGNMENT
    templates, assignment = render_shards(observability, read_assignment(file), max_bytes=max_bytes)
    written = {
        folder / f"{shard}.template.{format}": to_yaml(template)
        if format == "yaml"
        else to_json(template, compact=compact)
        for shard, template in templates.items()
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RenderError(f"{folder} cannot be made: {error.strerror}", right="a folder that can be written") from None
    # The assignment first: a template that was written without it could be assigned otherwise the next time.
    write_text(file, msgspec.json.format(msgspec.json.encode(assignment), indent=1).decode() + "\n")
    for path, content in written.items():
        write_text(path, content)
    for stale in folder.glob("*-*.template.*"):
        # Left over from a larger or another rendering; deployed, it would bring back what is gone.
        if stale not in written and _SHARD.fullmatch(stale.name.partition(".")[0]):
            stale.unlink()
    return list(written)


def read_assignment(file: Path) -> dict[str, str]:
    """The assignment of the last time, or an empty one."""
    try:
        assignment = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise RenderError(f"{file} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RenderError(
            f"is no assignment: {error}", right="restore the committed file", place=Place(str(file))
        ) from None
    for id, shard in assignment.items():
        if not _SHARD.fullmatch(shard):
            raise RenderError(
                f"{id} is assigned to {shard!r}",
                right="shared-, shard- or composites-001 and on",
                place=Place(str(file)),
            )
    return assignment


def _load(piece: Piece, tree: object, declared: Mapping[str, int], output: object) -> _Load:
    size = len(msgspec.json.encode(tree)) + len(piece.id) + 4
    if piece.needs:
        # As much as `DependsOn` may take.
        size += len('"DependsOn":[],') + sum(len(need) + 3 for need in piece.needs)
    if output is not None:
        size += len(msgspec.json.encode(output)) + len(piece.id) + 4
    return _Load(1, size, frozenset((name, declared[name]) for name in piece.parameters))


def _assign(
    pieces: list[Piece], loads: dict[str, _Load], frame: _Load, assignment: Mapping[str, str], max_bytes: int
) -> dict[str, str]:
    units: dict[str, list[Piece]] = {}
    for piece in pieces:
        units.setdefault(piece.group or piece.id, []).append(piece)
    homes: dict[str, str] = {}
    carried: dict[str, _Load] = {}
    new: list[list[Piece]] = []
    for unit in units.values():
        known = {piece.id: assignment[piece.id] for piece in unit if _is_at_home(piece, assignment)}
        if not known:
            new.append(unit)
            continue
        # What is new of a unit joins the first of the others; those stay apart where they were.
        first = min(known.values())
        for piece in unit:
            home = homes[piece.id] = known.get(piece.id, first)
            carried[home] = carried.get(home, frame).plus(loads[piece.id])
    _refuse_overgrown(carried, max_bytes)
    numbers = dict.fromkeys(STAGES, 1)
    for unit in new:
        load = _sum(unit, loads)
        if not frame.plus(load).fits(1, max_bytes):
            raise RenderError(
                f"{unit[0].id} alone makes a shard of {frame.plus(load).all_bytes():,} bytes",
                right=f"a shard takes {max_bytes:,}",
            )
        stage = unit[0].stage
        while True:
            home = f"{stage}-{numbers[stage]:03d}"
            if home not in carried or carried[home].plus(load).fits(_FULL, max_bytes):
                break
            numbers[stage] += 1
        homes |= dict.fromkeys((piece.id for piece in unit), home)
        carried[home] = carried.get(home, frame).plus(load)
    return homes


def _is_at_home(piece: Piece, assignment: Mapping[str, str]) -> bool:
    """Whether it has a shard, and one of its own lot: an alarm that becomes a composite is deployed after the rest."""
    return assignment.get(piece.id, "").startswith(f"{piece.stage}-")


def _turn(shard: str) -> tuple[int, str]:
    """The order of deployment."""
    return [shard.startswith(f"{stage}-") for stage in STAGES].index(True), shard


def _sum(unit: list[Piece], loads: dict[str, _Load]) -> _Load:
    total = _Load(0, 0, frozenset())
    for piece in unit:
        total = total.plus(loads[piece.id])
    return total


def _refuse_overgrown(carried: dict[str, _Load], max_bytes: int) -> None:
    for shard, load in carried.items():
        if not load.fits(1, max_bytes):
            raise RenderError(
                f"shard {shard} has grown to {load.resources} resources, {load.all_bytes():,} bytes and "
                f"{len(load.parameters)} parameters",
                right=f"at most {MAX_RESOURCES}, {max_bytes:,} and {MAX_PARAMETERS}: define less, or move resources by "
                "hand (delete them from the stack, then from the assignment)",
            )
