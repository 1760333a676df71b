"""Names in a configuration: literal text, or what the deployment knows.

Annotations here and in `configuration` are real objects, not strings: msgspec would have to compile each string again.
"""

import re
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from mangaobs.model.value import Value

PSEUDO = ("AWS::AccountId", "AWS::Partition", "AWS::Region")

_PLACEHOLDER = r"\$\{([^}]*)\}"
_FORMS = {
    "parameter": (r"[A-Za-z0-9]{1,255}", "1 to 255 letters and digits, for example SessionsTable"),
    "import": (r"[A-Za-z0-9:-]{1,255}", "the name of an export: letters, digits, colons and hyphens"),
    "ssm": (r"[A-Za-z0-9_./-]{1,2048}(:\d+)?", "a parameter path, for example /mangaassist/queue-arn"),
}


class Fault(NamedTuple):
    """What is wrong with a value: at `path` below it, in its key or its value, and what would be right."""

    path: tuple[str | int, ...]
    problem: str
    right: str = ""
    at_key: bool = False
    missing: bool = False


class Reference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name that is known when the stack is deployed: exactly one of `parameter`, `import` and `ssm`.

    ```toml
    name = { parameter = "SessionsTable", default = "manga-assist-sessions" }
    topic = { import = "shared-alarms-critical-topic" }
    endpoint = { ssm = "/oncall/queue-arn" }
    ```
    """

    parameter: Annotated[
        str | None,
        msgspec.Meta(description="Name of a stack parameter, letters and digits", examples=["SessionsTable"]),
    ] = None
    import_: Annotated[
        str | None,
        msgspec.Meta(description="Name under which another stack of the same account and region exports the value"),
    ] = msgspec.field(default=None, name="import")
    ssm: Annotated[
        str | None,
        msgspec.Meta(
            description="Systems Manager parameter that holds the value. It becomes a stack parameter, named after "
            "where it is written: `tables.sessions.name` gives `TablesSessionsName`"
        ),
    ] = None
    default: Annotated[
        str | None, msgspec.Meta(description="The parameter's value where the deployment gives none")
    ] = None
    description: Annotated[str, msgspec.Meta(description="The parameter's description in the template")] = ""
    secret: Annotated[
        bool,
        msgspec.Meta(
            description="Make the parameter NoEcho: CloudFormation never shows it. A default would be "
            "readable in the template, so write at most a placeholder there"
        ),
    ] = False


class Name:
    """A name as it was written, literal or a reference; `value()` is what definitions work with."""

    __slots__ = ("derived", "written")

    written: str | Reference
    derived: str  # the stack parameter that stands for an SSM reference

    def __init__(self, written: str | Reference, derived: str = "") -> None:
        self.written = written
        self.derived = derived

    def value(self) -> "Value":
        """The name as the model takes it: text, or a token that the renderer resolves."""
        from mangaobs.model import value as _value

        written = self.written
        if isinstance(written, str):
            if "${" not in written:
                return written
            pieces = re.split(_PLACEHOLDER, written)  # text and pseudo parameters take turns
            return _value.text(*(_value.Pseudo(piece) if n % 2 else piece for n, piece in enumerate(pieces)))
        if written.import_ is not None:
            return _value.Import(written.import_)
        if written.ssm is not None:
            return _value.Parameter(self.derived, written.ssm, written.description, ssm=True)
        return _value.Parameter(written.parameter or "", written.default, written.description, secret=written.secret)

    @property
    def literal(self) -> str | None:
        """The text where it is fully known, else None."""
        return self.written if isinstance(self.written, str) and "${" not in self.written else None

    @property
    def stack_parameter(self) -> str:
        """The stack parameter that it needs, or nothing."""
        return self.derived if isinstance(self.written, str) else self.derived or self.written.parameter or ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Name) and self.written == other.written

    def __hash__(self) -> int:
        return hash(self.written)

    def __repr__(self) -> str:
        return f"Name({self.written!r})"

    def __str__(self) -> str:
        from mangaobs.model.value import shown

        return shown(self.value())


def to_name(written: Any) -> Name:  # noqa: ANN401 - whatever the document holds
    """The name that `written` is; raises ValueError where it is none."""
    if written.__class__ is str:
        if (not written or "${" in written) and (faults := text_faults(written)):
            raise ValueError(faults[0].problem)
        return Name(written)
    if written.__class__ is Name:
        return written
    reference = msgspec.convert(written, Reference)
    if faults := reference_faults(reference):
        raise ValueError(faults[0].problem)
    return Name(reference)


def text_faults(written: str) -> list[Fault]:
    """What is wrong with a literal name."""
    if not written:
        return [Fault((), "is empty", 'text, or a table such as { parameter = "…" } or { import = "…" }')]
    right = "one of " + ", ".join(f"${{{name}}}" for name in PSEUDO)
    faults = [
        Fault((), f"${{{inside}}} is not known in a name", right)
        for inside in re.findall(_PLACEHOLDER, written)
        if inside not in PSEUDO
    ]
    if "${" in re.sub(_PLACEHOLDER, "", written):
        faults.append(Fault((), "holds a ${ that is not closed", right))
    return faults


def reference_faults(reference: Reference) -> list[Fault]:
    """What is wrong with a reference whose fields are each of their type."""
    sources = {"parameter": reference.parameter, "import": reference.import_, "ssm": reference.ssm}
    given = [source for source, value in sources.items() if value is not None]
    if len(given) != 1:
        problem = f"has {' and '.join(given)} together" if given else "names no source"
        return [
            Fault((), problem, 'exactly one of parameter, import and ssm, for example { parameter = "SessionsTable" }')
        ]
    source = given[0]
    faults = []
    pattern, right = _FORMS[source]
    if not re.fullmatch(pattern, sources[source] or ""):
        faults.append(Fault((source,), f"{source} is {sources[source]!r}", right))
    if source != "parameter":
        for key, set_ in (("default", reference.default is not None), ("secret", reference.secret)):
            if set_:
                faults.append(
                    Fault((key,), f"{key} cannot go with {source}", f"leave {key} out, or use parameter", at_key=True)
                )
    return faults
