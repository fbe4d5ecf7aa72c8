"""`submit_job` and `module`; the charter supplies arguments that a submission omits."""

from collections.abc import Mapping

from ccl.abi.host_calls import DESCRIPTION_BYTES_MAX, PRIORITIES, RESOURCE_TYPES
from ccl.abi.text.suggest import nearest
from ccl.checking.builtins import records
from ccl.checking.builtins.choices import one_of
from ccl.checking.calls.argument_order import after, in_order
from ccl.checking.calls.arguments import Callee, bind
from ccl.checking.constants.comparison import plain, shown
from ccl.checking.constants.folding import fold
from ccl.checking.constants.prelude_folding import Problem
from ccl.checking.core.conversions import report_mismatch
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.unification import prune
from ccl.checking.expressions.literals import plain_text
from ccl.diagnostics.fixes import spelling_fix
from ccl.diagnostics.model import Diagnostic, Label
from ccl.ir import typed
from ccl.ir.charter import JobDefaults
from ccl.ir.types import Array, Prim, Result, Struct, StructDef, Type
from ccl.prelude.schemas import FED, JobValue, in_words
from ccl.source.spans import Span
from ccl.support.node import replace
from ccl.syntax import ast

FIELDS: dict[str, Type] = {
    "wasm_cid": Prim.CID,
    "description": Prim.STRING,
    "resource_type": Prim.STRING,
    "resource_amount": Prim.INTEGER,
    "priority": Prim.STRING,
}
EXTRAS: dict[str, Type] = {
    "input": Prim.CID,
    "entry": Prim.STRING,
    "budget": Prim.INTEGER,
    "scope": Prim.STRING,
    "max_seconds": Prim.INTEGER,
    "arguments": Prim.DATA,
    "requirements": Prim.DATA,
    "trust": Prim.DATA,
}
_TEXTS = Array(Prim.STRING)
GROUPS: dict[str, dict[str, Type]] = {
    "requirements": {
        "memory_bytes": Prim.INTEGER,
        "cpu_cores": Prim.INTEGER,
        "storage_bytes": Prim.INTEGER,
        "features": _TEXTS,
        "max_seconds": Prim.INTEGER,
    },
    "trust": {
        "min_reputation": Prim.INTEGER,
        "locations": _TEXTS,
        "required_credentials": _TEXTS,
        "verifiers": Prim.INTEGER,
        "quorum": Prim.INTEGER,
    },
}
"""Records among the arguments, and the fields of each."""
_CHOICES = {"resource_type": RESOURCE_TYPES, "priority": PRIORITIES}
_POSITIVE = ("resource_amount", "budget", "max_seconds")
SUBMITTED = Result(Prim.JOB, Prim.STRING)


def infer_submit(body: Body, call: ast.Call) -> typed.Expr:
    """Infers a submission: `host_submit_job` for the five fields, a manifest for more."""
    if body.in_constant:
        body.sink.report("CCL0423", call.span, what="`submit_job`")
        return invalid(call.span)
    defaults = _job_defaults(body)
    amount = defaults.amount(_resource_type(call))
    amounts = {} if amount is None else {"resource_amount": amount}
    supplied = {**defaults.arguments, **defaults.records, **amounts}
    positional = any(each.name is None for each in call.arguments)
    names = tuple(FIELDS) if positional else (*FIELDS, *EXTRAS)
    callee = Callee(name="submit_job", parameters=names, optional=frozenset((*EXTRAS, *supplied)))
    bound = bind(body, call, callee, call.arguments)
    _report_conditional(body, defaults, bound or {})
    if bound is None:
        for each in call.arguments:
            name = each.name.text if each.name is not None else ""
            _field(body, name, each.value)
        return invalid(call.span)
    nodes = {name: _field(body, name, each.value) for name, each in bound.items()}
    wrong = any(is_invalid(node) for node in nodes.values())
    for name, value in supplied.items():
        nodes[name] = _with_default(body, name, nodes.get(name), value)
    if wrong:
        return invalid(call.span)
    if set(nodes) <= set(FIELDS):
        before, ordered = in_order(body, nodes, tuple(FIELDS))
        submitted = typed.CallHost(
            call="host_submit_job", arguments=tuple(ordered), type=SUBMITTED, span=call.span
        )
        return after(before, submitted)
    return typed.SubmitManifest(fields=tuple(nodes.items()), type=SUBMITTED, span=call.span)


def _field(body: Body, name: str, value: ast.Expr) -> typed.Expr:
    kind = FIELDS.get(name) or EXTRAS.get(name)
    if kind is None:
        return body.infer(value)
    if name == "arguments":
        return _arguments(body, value)
    if name in GROUPS and isinstance(value, ast.InlineObject):
        return _group(body, name, value)
    node = body.check(value, kind)
    if name in _CHOICES:
        node = one_of(body, node, _CHOICES[name], name)
    known = node if is_invalid(node) else fold(node)
    if known is None or isinstance(known, Problem) or is_invalid(known):
        return node
    return _within_limits(body, name, node, known)


def _arguments(body: Body, value: ast.Expr) -> typed.Expr:
    """Checks the arguments of the job's entry: a list of any values."""
    key = ast.Key(text="arguments", quoted=False, span=value.span)
    node = records.infer_part(body, value, key)
    kind = prune(node.type)
    if is_invalid(node) or kind is Prim.DATA or isinstance(kind, Array):
        return node
    report_mismatch(body, value.span, Array(Prim.DATA), kind)
    return invalid(value.span)


def _group(body: Body, name: str, value: ast.InlineObject) -> typed.Expr:
    """Checks `requirements: { … }`, each entry by its key."""
    known = GROUPS[name]
    fields: dict[str, typed.Expr] = {}
    seen: dict[str, Span] = {}
    given = {each.key.text for each in value.entries if isinstance(each, ast.Entry)}
    fine = True
    for entry in value.entries:
        key = records.key_of(body, entry, seen, f"`{name}`")
        if key is None or not isinstance(entry, ast.Entry):
            fine = False
            continue
        if key.text not in known:
            near = nearest(key.text, known)
            fixes, advice = spelling_fix(key.span, near, given)
            body.sink.report(
                "CCL0404",
                key.span,
                name=name,
                argument=key.text,
                known=", ".join(known),
                fixes=fixes,
                nearest=near,
                advice=advice,
            )
            body.infer(entry.value)
            fine = False
            continue
        node = body.check(entry.value, known[key.text])
        fields[key.text] = _in_range(body, name, key.text, node)
    if not fine or any(is_invalid(each) for each in fields.values()):
        return invalid(value.span)
    return typed.DataNew(fields=tuple(fields.items()), span=value.span)


def _in_range(body: Body, group: str, key: str, node: typed.Expr) -> typed.Expr:
    """Reports a constant out of the range that the schema of the charter has for it."""
    field = FED.get(JobValue(group, key))
    known = None if field is None or is_invalid(node) else fold(node)
    if not isinstance(known, typed.ScalarConst) or field is None:
        return node
    if field.low <= known.value <= field.high:
        return node
    expected, found = in_words(field, known.value)
    body.sink.report("CCL0305", node.span, section=group, key=key, expected=expected, found=found)
    return invalid(node.span)


def _within_limits(body: Body, name: str, node: typed.Expr, known: typed.Expr) -> typed.Expr:
    match known:
        case typed.ScalarConst(value=value) if name in _POSITIVE and value <= 0:
            body.sink.report("CCL0602", node.span, name=name, value=str(value))
            return invalid(node.span)
        case typed.TextConst(value=text) if name == "description":
            size = len(text.encode())
            if size > DESCRIPTION_BYTES_MAX:
                body.sink.report(
                    "CCL0603", node.span, size=str(size), limit=str(DESCRIPTION_BYTES_MAX)
                )
                return invalid(node.span)
        case _:
            pass
    return node


def _job_defaults(body: Body) -> JobDefaults:
    """Returns the values that the charter supplies; only the root file's charter counts."""
    if body.scope.source != body.checker.scoped.root:
        return JobDefaults()
    return body.checker.charter.job_defaults


def _resource_type(call: ast.Call) -> str | None:
    """Returns the type of resource that a call names by a constant."""
    resource: str | None = None
    for each in call.arguments:
        if each.name is not None and each.name.text == "resource_type":
            resource = _constant_text(each.value)
    if resource is None and len(call.arguments) > 2 and call.arguments[2].name is None:
        resource = _constant_text(call.arguments[2].value)
    return resource


def _report_conditional(body: Body, defaults: JobDefaults, given: Mapping[str, object]) -> None:
    """Reports values under a condition, which supply no job: it is decided at run time."""
    for each in defaults.conditional:
        if each.argument not in given:
            body.sink.report("CCL0344", each.span, path=each.path, argument=each.argument)


def _constant_text(value: ast.Expr) -> str | None:
    match value:
        case ast.StringLiteral():
            return plain_text(value)
        case (
            ast.Field(base=ast.Name(text="ResourceType"), name=variant)
            | ast.PathName(segments=(ast.Ident(text="ResourceType"), variant))
        ):
            return variant.text.lower()
        case _:  # computed when it runs
            return None


def _with_default(
    body: Body,
    name: str,
    given: typed.Expr | None,
    supplied: typed.Expr | Mapping[str, typed.Expr],
) -> typed.Expr:
    """Returns an argument that the charter supplies, too."""
    if isinstance(supplied, Mapping):
        return (
            _record(body, name, supplied)
            if given is None
            else _completed(body, name, given, supplied)
        )
    if given is None:
        return supplied
    _agrees(body, name, given, supplied)
    return given


def _record(body: Body, name: str, values: Mapping[str, typed.Expr]) -> typed.Expr:
    """Builds a record of a manifest as a struct value: it is encoded as a map by field name."""
    kind = Struct(f"manifest {name}", name)
    fields = tuple((key, prune(node.type)) for key, node in values.items())
    body.checker.records[kind.id] = StructDef(kind, fields)
    return typed.StructNew(
        values=tuple(values.values()),
        order=tuple(range(len(values))),
        type=kind,
        span=next(iter(values.values())).span,
    )


def _completed(
    body: Body, name: str, given: typed.Expr, charter: Mapping[str, typed.Expr]
) -> typed.Expr:
    """Returns a record with the charter's values besides; where both have a key, they must
    agree."""
    if is_invalid(given):
        return given
    if not isinstance(given, typed.DataNew):
        span = next(iter(charter.values())).span
        body.sink.report(
            "CCL0309",
            given.span,
            name=name,
            here="a record computed at run time",
            there=", ".join(f"`{key}`" for key in charter),
            labels=(Label(span, "set in the charter here"),),
        )
        return invalid(given.span)
    fields = dict(given.fields)
    for key in charter.keys() & fields.keys():
        _agrees(body, f"{name}.{key}", fields[key], charter[key])
    return replace(given, fields=tuple({**charter, **fields}.items()))


def _agrees(body: Body, name: str, given: typed.Expr, charter: typed.Expr) -> None:
    """Reports an argument that differs from the charter's value."""
    known = given if is_invalid(given) else fold(given)
    if known is None or isinstance(known, Problem) or is_invalid(known):
        return
    here, there = plain(known), plain(charter)
    if here is not None and here != there:
        supplied = shown(name, charter)
        body.sink.report(
            "CCL0309",
            given.span,
            name=name,
            here=shown(name, known),
            there=supplied,
            labels=(Label(charter.span, f"{supplied} in the charter"),),
        )


def infer_module(body: Body, call: ast.Call) -> typed.Expr:
    """Infers `module("./count.ccl")`: the CID of that module, which is packed."""
    bound = bind(body, call, Callee(name="module", parameters=("path",)), call.arguments)
    if bound is None:
        return invalid(call.span)
    value = bound["path"].value
    path = plain_text(value) if isinstance(value, ast.StringLiteral) else None
    if path is None:
        body.infer(value)
        body.sink.report("CCL0706", value.span)
        return invalid(call.span)
    packed = body.checker.packed_modules[value.span.file, path]
    if isinstance(packed, Diagnostic):
        body.sink.add(replace(packed, span=value.span))
        return invalid(call.span)
    body.checker.packed[packed.cid] = packed
    return typed.TextConst(value=packed.cid, type=Prim.CID, span=call.span)
