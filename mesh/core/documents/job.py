"""A job as a document: its keys in one table, which reading, help and JSON Schema come from.

Rule: all that is wrong is reported at once, each at its line and column with the next step.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from ccl.abi.text.suggest import nearest_beginning
from mesh.core.documents.located import DocumentError, Located, read_document
from mesh.core.documents.shapes import (
    FIELDS,
    OPTION_KEYS,
    Field,
    Kind,
)
from mesh.core.jobs.request import JobRequest, with_majority
from mesh.core.records.terms import Children, Constraint, Priority, Requirements, Trust
from runtime.content.cid import Cid, CidError, parse_cid
from runtime.content.did import Did
from runtime.content.shapes import ShapeError
from runtime.content.typed import from_value, to_value
from runtime.tokens.token import ResourceType


class Problem(Struct, frozen=True, kw_only=True):
    """An error of a document. place: path of the key, `trust.quorum`. hint: the next step."""

    line: int
    column: int
    place: str
    reason: str
    hint: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.place + ': ' if self.place else ''}{self.reason}"


class JobDocument(Struct, frozen=True, kw_only=True):
    """A job as written. module, input: a file or a CID. arguments: plain values, None if the entry
    takes none. given: the other keys with their values."""

    module: str
    input: str | None
    arguments: list[Any] | None
    given: Mapping[str, Any]

    @property
    def entry(self) -> str | None:
        return self.given.get("entry")


def read_job(text: str) -> JobDocument | tuple[Problem, ...]:
    """Reads a job document, or reports all that is wrong with it."""
    try:
        tree = read_document(text)
    except DocumentError as error:
        return (
            Problem(
                line=error.line, column=error.column, place="", reason=error.reason, hint=error.hint
            ),
        )
    reader = _Reader()
    given = reader.record(tree, FIELDS, "")
    if not reader.problems:
        reader.check(tree, given)
    if reader.problems:
        return tuple(sorted(reader.problems, key=lambda each: (each.line, each.column)))
    module = given.pop("wasm_cid", None) or given.pop("module")
    return JobDocument(
        module=module,
        input=given.pop("input", None),
        arguments=given.pop("arguments", None),
        given=given,
    )


def request_from(
    document: JobDocument,
    *,
    module: Cid,
    entry: str,
    arguments: bytes | None,
    input_: Cid | None,
) -> JobRequest:
    """The request that a document stands for, with what its files have become."""
    given = dict(document.given)
    given.pop("entry", None)
    requirements = dict(given.pop("requirements", {}))
    if "max_seconds" in given:
        requirements["max_seconds"] = given.pop("max_seconds")
    children, token = given.pop("children", None), given.pop("token", None)
    return JobRequest(
        module=module,
        entry=entry,
        arguments=arguments,
        input=input_,
        resource_type=ResourceType(given.pop("resource_type", ResourceType.COMPUTE.value)),
        priority=Priority(given.pop("priority", Priority.MEDIUM.value)),
        requirements=_requirements(requirements),
        trust=_trust(given.pop("trust", {})),
        children=None if children is None else from_value(Children, children),
        token=None if token is None else parse_cid(token),
        **given,
    )


def _requirements(given: Mapping[str, Any]) -> Requirements:
    constraints = [
        to_value(Constraint(name=each["name"], least=each.get("least"), text=each.get("text")))
        for each in given.get("constraints", ())
    ]
    value = {**to_value(Requirements()), **given, "constraints": constraints}
    return from_value(Requirements, value)


def _trust(given: Mapping[str, Any]) -> Trust:
    return from_value(Trust, {**to_value(Trust()), **with_majority(given)})


class _Reader:
    """Reads by the table, and gathers what is wrong."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def record(self, tree: Located, fields: Mapping[str, Field], place: str) -> dict[str, Any]:
        if not tree.is_map:
            self._report(tree, place, f"expected a map, found {_name(tree)}", "write `key: value`")
            return {}
        found: dict[str, Any] = {}
        for key, value in tree.entries():
            name = str(key.value)
            inner = f"{place}.{name}" if place else name
            field = fields.get(name)
            if field is None:
                self._report(key, place, f"unknown key '{name:.60}'", _meant(name, fields))
            else:
                found[name] = self._value(value, field, inner)
        for name, field in fields.items():
            if field.is_required and name not in found:
                self._report(tree, place, f"'{name}' is missing", f"add `{name}: {field.example}`")
        return found

    def check(self, tree: Located, given: Mapping[str, Any]) -> None:
        """What only the whole can be wrong in."""
        if ("module" in given) == ("wasm_cid" in given):
            both = "module" in given
            reason = "'module' and 'wasm_cid' name the same" if both else "'module' is missing"
            self._report(tree, "", reason, "add `module: FILE`, or the CID of a module")
        for name, build in (("trust", _trust), ("requirements", _requirements)):
            try:
                build(given.get(name, {}))
            except (ShapeError, ValueError) as error:
                at = next((v for key, v in tree.entries() if key.value == name), tree)
                self._report(at, name, str(error), "for example verifiers: 3, quorum: 2")

    def _value(self, value: Located, field: Field, place: str) -> Any:
        match field.kind:
            case Kind.RECORD:
                return self.record(value, field.fields, place)
            case Kind.RECORDS:
                return [
                    self.record(each, field.fields, f"{place}[{number}]")
                    for number, each in enumerate(self._items(value, field, place))
                ]
            case Kind.TEXTS:
                one = Field(kind=Kind.TEXT, meaning="", example="", high=field.high)
                return [
                    self._value(each, one, f"{place}[{number}]")
                    for number, each in enumerate(self._items(value, field, place))
                ]
            case Kind.VALUES:
                return [each.plain() for each in self._items(value, field, place)]
            case _:
                if reason := _unfit(value, field):
                    hint = field.otherwise or f"for example `{field.example}`"
                    self._report(value, place, reason, hint)
                return value.value

    def _items(self, value: Located, field: Field, place: str) -> tuple[Located, ...]:
        if value.is_list:
            return value.items()
        self._report(
            value, place, f"expected a list, found {_name(value)}", f"for example `{field.example}`"
        )
        return ()

    def _report(self, at: Located, place: str, reason: str, hint: str) -> None:
        self.problems.append(
            Problem(line=at.line, column=at.column, place=place, reason=reason, hint=hint)
        )


def _meant(name: str, fields: Mapping[str, Field]) -> str:
    """The next step for a key that is not one of these."""
    if fields is FIELDS and name in OPTION_KEYS:
        return f"did you mean {OPTION_KEYS[name]}?"
    for above, field in fields.items():
        if name in field.fields:
            return f"it belongs into {above}: `{above}: {{{name}: {field.fields[name].example}}}`"
    near = nearest_beginning(name, list(fields))
    return f"did you mean {near}?" if near else f"the keys are {', '.join(fields)}"


def _unfit(value: Located, field: Field) -> str | None:
    """Why a scalar is not one of a field."""
    found = value.value
    match field.kind:
        case Kind.INTEGER:
            if type(found) is not int:
                return f"expected an integer, found {_name(value)}"
            if not field.low <= found <= field.high:
                return f"{found} is not between {field.low} and {field.high}"
        case Kind.FLAG:
            if type(found) is not bool:
                return f"expected true or false, found {_name(value)}"
        case _:
            if type(found) is not str:
                return f"expected a text, found {_name(value)}"
            return _unfit_text(found, field)
    return None


def _unfit_text(text: str, field: Field) -> str | None:
    if not field.low <= len(text.encode()) <= field.high:
        return f"{len(text.encode())} bytes, expected {field.low} to {field.high}"
    if field.words and text not in field.words:
        near = nearest_beginning(text.lower(), list(field.words))
        meant = f", did you mean {near}?" if near else ""
        return f"'{text:.60}' is not one of {', '.join(field.words)}{meant}"
    try:
        if field.kind is Kind.CID:
            parse_cid(text)
        if field.kind is Kind.DID:
            from_value(_Named, {"did": text})
        if field.kind is Kind.UUID and not _is_uuid(text):
            return f"'{text:.60}' is not a UUID in lower case"
    except CidError as error:
        return f"'{text:.60}' is not a CID: {error.reason}"
    except ShapeError as error:
        return f"'{text:.60}' is not a DID: {error.reason}"
    return None


class _Named(Struct, frozen=True):
    did: Did


def _is_uuid(text: str) -> bool:
    from uuid import UUID

    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


_NAMES: Final = {int: "an integer", str: "a text", bool: "true or false", type(None): "nothing"}


def _name(value: Located) -> str:
    if value.is_map:
        return "a map"
    return "a list" if value.is_list else _NAMES[type(value.value)]
