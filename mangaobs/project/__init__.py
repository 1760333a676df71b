"""Finds and loads a project: `mangaobs.toml`, its environments, and the four definition folders.

```python
root = find_root()
definitions = load_definitions(root)
configuration = read_configuration(root, env="prod", thresholds=definitions.thresholds())
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mangaobs.project._document import document
    from mangaobs.project._name import Name, Reference
    from mangaobs.project._read import read_configuration
    from mangaobs.project.configuration import Configuration, Platform
    from mangaobs.project.lint import read_lint
    from mangaobs.project.load import Definitions, find_root, load_definitions

__all__ = [
    "Configuration",
    "Definitions",
    "Name",
    "Platform",
    "Reference",
    "document",
    "find_root",
    "load_definitions",
    "read_configuration",
    "read_lint",
]

_HOMES = {
    "Configuration": "configuration",
    "Definitions": "load",
    "Name": "_name",
    "Platform": "configuration",
    "Reference": "_name",
    "document": "_document",
    "find_root": "load",
    "load_definitions": "load",
    "read_configuration": "_read",
    "read_lint": "lint",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    """Load what is asked for when it is asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
