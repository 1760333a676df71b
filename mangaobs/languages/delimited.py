"""Lines of words: what a space-delimited filter pattern and an insight rule of the format CLF see as fields.

Source: CloudWatch Logs User Guide, "Filter pattern syntax", on space-delimited log events.
"""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')


def words_of(message: str) -> list[str]:
    """The words of a line: `[…]` and `"…"` are one, without their delimiters."""
    return [next((one for one in found.groups() if one is not None), "") for found in _WORD.finditer(message)]
