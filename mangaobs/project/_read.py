"""Reads a project's configuration: the file, the chosen environment over it, then each `--set`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mangaobs.errors import ConfigurationError, MangaobsError, Place, together
from mangaobs.project._combinations import combination_faults
from mangaobs.project._name import Fault, Name, to_name
from mangaobs.project._toml import parse, read_text
from mangaobs.project.configuration import Configuration

if TYPE_CHECKING:
    from pathlib import Path as File

    from mangaobs.project._positions import Path, Positions

FILE_NAME = "mangaobs.toml"

Table = dict[str, Any]
_REFERENCE = ("parameter", "import", "ssm")
# Up to the first = that is not inside quotes, and all that follows.
_SET = r"""((?:[^="']|"(?:[^"\\]|\\.)*"|'[^']*')*)=([\s\S]*)"""


def read_configuration(
    project: File,
    *,
    env: str | None = None,
    sets: Sequence[str] = (),
    thresholds: type | None = None,
) -> Configuration:
    """The configuration of `project` (its folder, or the file itself) for environment `env`.

    `sets` are `key.path=value` arguments, applied last and in order. `thresholds` is the type of `[alarms]`; without
    one that section must be absent. Raises `ConfigurationError`, or `ManyErrors` with every fault found, those in
    the tables of environments that are not chosen among them.
    """
    file = project if project.suffix == ".toml" else project / FILE_NAME
    text = read_text(file)
    document = parse(text, file)
    environments = document.pop("env", {})
    sources = _Sources(file, text, document, environments)
    sources.choose(env)
    for argument in sets:
        sources.layers.append(_Layer(parse_set(argument), argument=argument))
    configuration, faults = _convert(sources.merged(), thresholds)
    if faults and sources.take_as_text(faults):
        configuration, faults = _convert(sources.merged(), thresholds)
    errors = [sources.error(fault) for fault in faults]
    for other in environments:
        if other != env:
            alone = _Sources(file, text, document, environments)
            alone.choose(other)
            errors += alone.errors_of_environment(_convert(alone.merged(), thresholds)[1])
    if configuration is None or errors:
        unique: list[MangaobsError] = list({str(error): error for error in errors}.values())
        raise together(unique)
    return configuration


def merge(base: Table, over: Table, *, names: bool = True) -> Table:
    """`over` on top of `base`: tables are merged, anything else is replaced.

    A reference that names its source (`{ import = "…" }`) replaces what was there, or the two would be one reference
    with two sources; `names` says that references can occur.
    """
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(value, dict) and isinstance(below, dict) and not (names and _names_source(value)):
            merged[key] = merge(below, value, names=names and key not in {"tags", "alarms"})
        else:
            merged[key] = value
    return merged


def parse_set(argument: str) -> Table:
    """A `key.path=value` argument as the tables that it means; the value is TOML if it parses, else text."""
    import tomllib

    found = re.fullmatch(_SET, argument)
    path: Path = ()
    if found and "\n" not in found[1]:
        try:
            path = _only_path(tomllib.loads(f"{found[1]} = 0"))
        except ValueError:
            path = ()
    if not found or not path:
        problem = f"{found[1].strip()!r} is not a key path" if found else "has no ="
        raise ConfigurationError(
            problem, right="for example --set alarms.query_p99_ms=40", place=Place(f"--set {argument}")
        )
    value: Any = found[2]
    try:
        parsed = tomllib.loads(f"value = {value}")
    except (ValueError, RecursionError):
        parsed = {}
    return _nested(path, parsed["value"] if len(parsed) == 1 else value)


class _Layer(NamedTuple):
    """One source of values; `prefix` is where its tables stand in the file."""

    table: Table
    prefix: Path = ()
    argument: str = ""

    def has(self, path: Path) -> bool:
        at: Any = self.table
        for part in path:
            if isinstance(at, dict):
                if part not in at:
                    return False
            elif not (isinstance(at, list) and isinstance(part, int) and part < len(at)):
                return False
            at = at[part]
        return bool(path) or not (self.argument or self.prefix)


class _Sources:
    """The layers of a configuration, lowest first, and where in them a fault is."""

    def __init__(self, file: File, text: str, base: Table, environments: Any) -> None:  # noqa: ANN401
        self._file = file
        self._text = text
        self._environments = environments
        self._positions: Positions | None = None
        self.layers = [_Layer(base)]

    def choose(self, env: str | None) -> None:
        """Put the environment's table over the base."""
        known = self._environments
        if not isinstance(known, dict):
            raise self._error("env must be a table of environments", "for example [env.prod]", ("env",), value=True)
        for name, table in known.items():
            if not isinstance(table, dict):
                right = f"for example [env.{name}]"
                raise self._error(f"env.{name} must be a table", right, ("env", name), value=True)
        if env is None:
            return
        if env not in known:
            from mangaobs.project._explain import nearest

            right = nearest(env, known, listed="there are") or f"add [env.{env}] to it, or leave --env out"
            raise self._error(f"there is no environment {env!r}", right, ("env",) if known else ())
        prefix = ("env", env)
        self.layers += [_Layer({"environment": env}, prefix), _Layer(known[env], prefix)]

    def merged(self) -> Table:
        """All layers as one."""
        table = self.layers[0].table
        for layer in self.layers[1:]:
            table = merge(table, layer.table)
        return table

    def take_as_text(self, faults: list[Fault]) -> bool:
        """Where text is wanted, `--set account.id=123456789012` means text: whether that changed anything."""
        changed = False
        for place, layer in enumerate(self.layers):
            if layer.argument:
                path = _only_path(layer.table)
                if any(fault.path == path and fault.problem.startswith("must be text") for fault in faults):
                    found = re.fullmatch(_SET, layer.argument)
                    self.layers[place] = layer._replace(table=_nested(path, found[2] if found else ""))
                    changed = True
        return changed

    def error(self, fault: Fault) -> ConfigurationError:
        """What is wrong, at its place."""
        from mangaobs.project._explain import dotted

        layer, path = self._find(fault)
        subject = dotted(fault.path) or FILE_NAME
        if layer.argument:
            place = Place(f"--set {layer.argument}")
            return ConfigurationError(f"{subject} {fault.problem}", right=fault.right, place=place)
        exact = not fault.at_key and not fault.missing and path == fault.path
        return self._error(f"{subject} {fault.problem}", fault.right, (*layer.prefix, *path), value=exact)

    def errors_of_environment(self, faults: list[Fault]) -> list[ConfigurationError]:
        """The faults that stand in the environment's own tables; a key that is missing may come from elsewhere."""
        return [self.error(fault) for fault in faults if not fault.missing and self._find(fault)[0].prefix]

    def _find(self, fault: Fault) -> tuple[_Layer, Path]:
        """The layer that the faulty value comes from, and the longest part of its path that is written there."""
        order = self.layers if fault.missing else self.layers[::-1]
        path = fault.path
        while True:
            for layer in order:
                if layer.has(path):
                    return layer, path
            path = path[:-1]

    def _error(self, problem: str, right: str, path: Path, *, value: bool = False) -> ConfigurationError:
        from mangaobs.project._positions import Positions

        if self._positions is None:
            self._positions = Positions(self._text)
        while path and path not in self._positions:
            path = path[:-1]
        if not path:
            return ConfigurationError(problem, right=right, place=Place(str(self._file), 1, 1))
        spot = self._positions.value(path) if value else self._positions.key(path)
        place = Place(str(self._file), spot.line, spot.column)
        return ConfigurationError(problem, right=right, place=place, length=spot.length)


def _convert(table: Table, thresholds: type | None) -> tuple[Configuration | None, list[Fault]]:
    references: list[Name] = []

    def hook(type_: type, value: Any) -> Any:  # noqa: ANN401 - msgspec's own signature
        if type_ is not Name:
            raise NotImplementedError(f"a field of type {type_.__name__}")
        name = to_name(value)
        if name.written.__class__ is not str:
            references.append(name)
        return name

    faults: list[Fault] = []
    configuration: Configuration | None = None
    rest = {key: value for key, value in table.items() if key != "alarms"}
    try:
        configuration = msgspec.convert(rest, Configuration, dec_hook=hook)
    except msgspec.ValidationError as error:
        faults += _faults(rest, Configuration, (), error, hook)
    alarms, own_faults = _thresholds(table, thresholds, hook)
    faults += own_faults
    if configuration is not None:
        msgspec.structs.force_setattr(configuration, "alarms", alarms)
        faults += combination_faults(configuration)
        if references:
            from mangaobs.project._references import parameter_faults

            faults += parameter_faults(configuration)
    return configuration, faults


def _thresholds(table: Table, type_: type | None, hook: Any) -> tuple[Any, list[Fault]]:  # noqa: ANN401
    """`[alarms]` as the project types it."""
    if type_ is None:
        right = "declare a msgspec.Struct named Thresholds in the project's alarms/ folder"
        problem = "has no type: the project declares no Thresholds"
        return None, [Fault(("alarms",), problem, right, at_key=True)] if "alarms" in table else []
    own = table.get("alarms", {})
    try:
        alarms: Any = msgspec.convert(own, type_, dec_hook=hook)
    except msgspec.ValidationError as error:
        return None, [*_faults(own, type_, ("alarms",), error, hook), *_endless(own, ("alarms",))]
    return alarms, [*_unread(own, type_), *_endless(own, ("alarms",))]


def _unread(own: Table, thresholds: type) -> Iterator[Fault]:
    """Keys that a type which does not forbid unknown ones passes over: a threshold that does nothing."""
    known: tuple[str, ...] = getattr(thresholds, "__struct_encode_fields__", tuple(own))
    for key in own:
        if key not in known:
            from mangaobs.project._explain import nearest

            yield Fault(("alarms", key), "is not a key", nearest(key, known), at_key=True)


def _endless(value: Any, path: Path) -> Iterator[Fault]:  # noqa: ANN401
    """TOML knows nan and inf; no threshold can be one, and JSON cannot say it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _endless(item, (*path, key))
    elif isinstance(value, float) and value - value != 0:
        yield Fault(path, f"is {value}", "a finite number")


def _faults(data: Any, type_: type, path: Path, error: Exception, hook: Any) -> list[Fault]:  # noqa: ANN401
    from mangaobs.project import _explain

    return _explain.faults(data, type_, path, hook=hook) or [_explain.last_words(error, path)]


def _names_source(table: Table) -> bool:
    return any(isinstance(table.get(source), str) for source in _REFERENCE)


def _only_path(table: Any) -> Path:  # noqa: ANN401
    path: Path = ()
    while isinstance(table, dict) and len(table) == 1:
        key, table = next(iter(table.items()))
        path = (*path, key)
    return path


def _nested(path: Path, value: Any) -> Table:  # noqa: ANN401
    for part in reversed(path):
        value = {part: value}
    return value  # type: ignore[no-any-return]
