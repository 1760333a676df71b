"""The fast way from a dict to JSON: orjson, or the C encoder of the standard library made once and kept.

Both refuse what they cannot write (`ValueError`, `TypeError`, `OverflowError`, `RecursionError`); the caller then goes
the slow way, by `_clean`.
"""

from __future__ import annotations

import json
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Encoder = Callable[[dict[str, object]], bytes]

_SAMPLE = {"text": 'é "\\\n', "whole": 1, "part": 0.5, "flag": True, "none": None, "more": [1, {"deep": "x"}]}


def encoder(choice: str, problems: list[str]) -> Encoder:
    """The encoder of this choice: auto, stdlib or orjson. auto takes orjson if the function has loaded it anyway.

    That orjson cannot be had goes to `problems`.
    """
    if choice == "orjson" or (choice == "auto" and "orjson" in sys.modules):
        try:
            from orjson import dumps
        except ImportError:
            problems.append("orjson is not installed; the standard library's encoder is used")
            return standard()
        orjson: Encoder = dumps
        return orjson
    return standard()


def standard() -> Encoder:
    """The standard library's encoder: strict about NaN, characters as they are."""
    plain = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
    try:
        # What JSONEncoder makes anew at each call; private, so it is tried before it is trusted.
        from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]

        sort_keys = skip_keys = allow_nan = False
        make = c_make_encoder(None, _refuse, encode_basestring, None, ":", ",", sort_keys, skip_keys, allow_nan)

        def quick(fields: dict[str, object]) -> bytes:
            return "".join(make(fields, 0)).encode()

        if quick(_SAMPLE) == plain(_SAMPLE).encode():
            return quick
    except (ImportError, TypeError, ValueError):
        pass
    return lambda fields: plain(fields).encode()


def _refuse(value: object) -> object:
    raise TypeError(f"a {type(value).__name__} is not JSON")
