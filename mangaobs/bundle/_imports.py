"""What a function imports, read from sources, without running them.

Of the project's code and of mangaobs a module counts where it is imported when another is loaded, or by a function of a
module that is used from the handler on: `_assembly.redis` brings Redis only to the functions that call it. Of another
package that is reached, what it imports counts if it cannot be loaded without, or if its distribution requires it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from mangaobs.bundle._modules import OURS
from mangaobs.errors import Place, ProjectError, together

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mangaobs.bundle._distributions import Distributions
    from mangaobs.bundle._modules import Module, Modules
    from mangaobs.bundle._sources import Imported, Uses


class Reached(NamedTuple):
    """What is reached.

    `ours` are the modules of the project and of mangaobs, `packages` the modules of others by their top-level names.
    `needed` are the names of modules that importing the code has to be able to import. `left_out` are installed
    distributions that a package may use and nothing requires, each with the packages that may; `unknown` are imports by
    a name that cannot be read off.
    """

    ours: dict[str, Module]
    packages: dict[str, list[Module]]
    needed: tuple[str, ...]
    left_out: dict[str, tuple[str, ...]]
    unknown: tuple[Place, ...]


class Finder:
    """Follows imports from one handler on.

    `brought` are top-level names that Lambda brings; `unasked` are those that mangaobs can do without, which go along
    if the project's own code imports them.
    """

    def __init__(
        self, modules: Modules, distributions: Distributions, brought: frozenset[str], unasked: frozenset[str]
    ) -> None:
        self._all = modules
        self._distributions = distributions
        self._unasked = unasked
        self._brought = brought
        self._passed_over = brought | sys.stdlib_module_names
        self._ours: dict[str, Module] = {}
        self._asked: set[tuple[str, str]] = set()
        self._called: set[tuple[str, str]] = set()
        self._edges: dict[str, set[str]] = {}  # what a module cannot go without, among ours
        self._missing: list[tuple[str, int, str]] = []  # a module of ours, the line, what is not there
        self._unknown: list[tuple[str, int]] = []
        self._others: dict[str, bool] = {}  # others' modules, and whether they are certainly loaded
        self._packages: dict[str, list[Module]] = {}
        self._named: dict[str, set[str]] = {}  # others' modules that a module of ours cannot go without
        self._behind: dict[str, set[str]] = {}

    def reach(self, module: str, name: str) -> Reached:
        """Everything that `module` and its `name` import.

        Raises `ProjectError` or `ManyErrors` with every import of something that is not there.
        """
        if self._all.find(module) is None:
            raise ProjectError(f"{module} is no module", right=f"{module.replace('.', '/')}/__init__.py")
        self._load(module, module, 0)
        self._ask(module, name)
        certain = self._certain(module)
        errors = [
            ProjectError(f"imports {what}, which is not there", right="install it, or correct its name", place=place)
            for home, line, what in self._missing
            if home in certain and (place := self._place(home, line))
        ]
        if errors:
            raise together(list({str(one): one for one in errors}.values()))
        needed = {*certain, *(named for home in certain for named in self._named.get(home, ()))}
        inside = {self._distributions.of(one[0]) for one in self._packages.values()}
        return Reached(
            dict(sorted(self._ours.items())),
            dict(sorted(self._packages.items())),
            tuple(sorted(needed)),
            {
                self._distributions.label(name): tuple(sorted(by))
                for name, by in sorted(self._behind.items())
                if name not in inside
            },
            tuple(self._place(home, line) for home, line in sorted(set(self._unknown))),
        )

    def _certain(self, start: str) -> set[str]:
        """The modules of ours that are imported without a way to go on if they cannot be."""
        found: set[str] = set()
        todo = [start]
        while todo:
            one = todo.pop()
            if one not in found and one in self._ours:
                found.add(one)
                todo += self._edges.get(one, ())
        return found

    def _place(self, module: str, line: int) -> Place:
        found = self._ours[module].file
        return Place(str(found) if found else module, line)

    # Ours

    def _is_ours(self, name: str) -> bool:
        return name.partition(".")[0] in OURS and self._all.find(name) is not None

    def _load(self, name: str, home: str, line: int, *, guarded: bool = False) -> None:
        """Load a module and the packages that it is in; `home` imports it, at `line`."""
        top = name.partition(".")[0]
        if top in self._passed_over:
            if top in self._brought and not guarded and self._all.find(name) is not None:
                self._named.setdefault(home, set()).add(name)
            return
        if top not in OURS:
            self._named_by(name, home, line, guarded=guarded)
            return
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            module = ".".join(parts[:end])
            found = self._all.find(module)
            if found is None:
                if not guarded:
                    self._missing.append((home, line, module))
                return
            if not guarded:
                self._edges.setdefault(home, set()).add(module)
                if end > 1:
                    self._edges.setdefault(module, set()).add(".".join(parts[: end - 1]))
            if module not in self._ours:
                self._ours[module] = found
                self._follow(module, self._all.source(found).loaded)

    def _follow(self, module: str, uses: Uses) -> None:
        """What some code of a module of ours uses."""
        for one in uses.imports:
            self._load(one.module, module, one.line, guarded=one.guarded)
            if one.name == "*":
                self._ask_all(one.module)
            elif one.name and (inner := self._module_in(one)):
                self._load(inner, module, one.line, guarded=one.guarded)
        for chain in uses.chains:
            self._use(module, chain, uses.imports)
        for name in uses.texts:
            self._load(name, module, 0)
            if name in self._ours:
                self._ask_all(name)
        for package in uses.below:
            for name in self._all.below(package):
                self._load(name, module, 0, guarded=True)
                if name in self._ours:
                    self._ask_all(name)
        self._unknown += [(module, line) for line in uses.unknown if module.startswith("handlers")]

    def _module_in(self, one: Imported) -> str:
        """The module that is taken from a package by its name; empty if it is something else."""
        name = f"{one.module}.{one.name}"
        passed_over = name.partition(".")[0] in self._passed_over
        return name if one.name != "*" and not passed_over and self._all.find(name) is not None else ""

    def _use(self, module: str, chain: tuple[str, ...], local: Iterable[Imported]) -> None:
        """A name is used, with attributes of it: a function of the module, or what an import bound here or in it."""
        base, *rest = chain
        self._call(module, base)
        for one in {*local, *self._all.source(self._ours[module]).loaded.imports}:
            if one.called == base and one.module.partition(".")[0] in OURS:
                self._use_bound(one, rest)

    def _use_bound(self, one: Imported, attributes: list[str]) -> None:
        target = one.stands_for
        if one.name:
            target = f"{one.module}.{one.name}"
            if not self._is_ours(target):
                self._ask(one.module, one.name)
                return
        rest = list(attributes)
        while rest and self._is_ours(f"{target}.{rest[0]}"):
            target = f"{target}.{rest.pop(0)}"
        if rest:
            self._ask(target, rest[0])
        else:
            self._ask_all(target)  # it is handed on: whatever it has may be used

    def _call(self, module: str, name: str) -> None:
        """A function of a module is used: what it uses counts, too."""
        functions = self._all.source(self._ours[module]).functions
        if name in functions and (module, name) not in self._called:
            self._called.add((module, name))
            self._follow(module, functions[name])

    def _ask(self, module: str, name: str) -> None:
        """A name of a module is used from outside: a function, or what the module has from elsewhere."""
        if module not in self._ours or (module, name) in self._asked:
            return
        self._asked.add((module, name))
        self._call(module, name)
        source = self._all.source(self._ours[module])
        for one in source.loaded.imports:
            if one.called == name and one.module.partition(".")[0] in OURS:
                self._use_bound(one, [])
            elif one.name == "*":
                self._ask(one.module, name)
        if name in source.faces:
            home, inner = source.faces[name]
            self._load(home, module, 0)
            self._ask(home, inner)
        elif "__getattr__" in source.functions and not source.faces:
            self._call(module, "__getattr__")

    def _ask_all(self, module: str) -> None:
        if module in self._ours:
            source = self._all.source(self._ours[module])
            names = {*source.functions, *source.faces, *(one.called for one in source.loaded.imports)}
            if source.faces:
                names.discard("__getattr__")  # its names are known one by one
            for name in sorted(names):
                self._ask(module, name)

    # Others'

    def _named_by(self, name: str, home: str, line: int, *, guarded: bool) -> None:
        """A module of ours imports one of another package."""
        ours = home.partition(".")[0]
        if ours == "mangaobs" and name.partition(".")[0] in self._unasked:
            return
        if self._all.find(name) is None:
            if not guarded:
                self._missing.append((home, line, name))
            return
        # The project's own code gets what is installed; mangaobs looks for what a function may have anyway (orjson).
        importer = "mangaobs" if ours == "mangaobs" and guarded else None
        if not guarded:
            self._named.setdefault(home, set()).add(name)
        self._load_others([(name, importer, "mangaobs", not guarded)])

    def _load_others(self, todo: list[tuple[str, str | None, str, bool]]) -> None:
        """Load modules of other packages, and what they import.

        Each with the distribution whose requirements decide, None for whatever is installed; with the package that
        imports it; and with whether it certainly does.
        """
        while todo:
            name, importer, by, certain = todo.pop()
            top = self._all.find(name.partition(".")[0])
            if top is None or top.name in self._passed_over or top.name in OURS:
                continue
            home = self._distributions.of(top)
            required = self._distributions.requires(importer) if importer else None
            if not certain and required is not None and home not in required and home != importer:
                if home is not None:
                    self._behind.setdefault(home, set()).add(by)
                continue
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                found = self._all.find(".".join(parts[:end]))
                if found is None:
                    break
                if self._others.get(found.name) in (True, certain):
                    continue
                if found.name not in self._others:
                    self._packages.setdefault(top.name, []).append(found)
                self._others[found.name] = certain
                todo += self._imports_of(found, self._distributions.of(found), certain=certain)

    def _imports_of(
        self, module: Module, home: str | None, *, certain: bool
    ) -> list[tuple[str, str | None, str, bool]]:
        if module.is_compiled:
            return [(name, home, module.top, False) for name in self._within(module, home)]
        found: list[tuple[str, str | None, str, bool]] = []
        source = self._all.source(module)
        for uses in source.everything():
            for one in uses.imports:
                sure = certain and one.loading and not one.guarded
                found.append((one.module, home, module.top, sure))
                if one.name and (inner := self._module_in(one)):
                    found.append((inner, home, module.top, sure))
            found += [(name, home, module.top, False) for name in uses.texts]
            if uses.unknown and home:
                # By a name that is known when it runs: it may be anything that is required.
                found += [(name, home, module.top, False) for name in self._required_tops(home)]
        found += [(face, home, module.top, False) for face, _ in source.faces.values()]
        return found

    def _required_tops(self, home: str) -> list[str]:
        required = self._distributions.requires(home) or ()
        return [top for name in sorted(required) for top in self._distributions.tops(name)]

    def _within(self, module: Module, home: str | None) -> list[str]:
        """What compiled code may import: of what its distribution requires, the names that stand in it.

        C code has a name as a text of its own; where there is none such, it is enough that a name occurs.
        """
        assert module.file is not None  # noqa: S101 - it is compiled
        content = module.file.read_bytes()
        found: list[str] = []
        for name in sorted((self._distributions.requires(home) if home else None) or ()):
            tops = self._distributions.tops(name)
            alone = [top for top in tops if b"\0" + top.encode() + b"\0" in content]
            found += alone or [top for top in tops if top.encode() in content]
        return found
