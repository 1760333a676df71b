"""A drill: an invented person is erased and restored, on an account, and every step is checked and written down."""

from mangaobs.drill._account import Clients, Names, names_of
from mangaobs.drill._drill import CHECKS, READING, Drill, Limits
from mangaobs.drill._project import Rehearsal, rehearsal
from mangaobs.drill._report import Check, Report, markdown

__all__ = [
    "CHECKS",
    "READING",
    "Check",
    "Clients",
    "Drill",
    "Limits",
    "Names",
    "Rehearsal",
    "Report",
    "markdown",
    "names_of",
    "rehearsal",
]
