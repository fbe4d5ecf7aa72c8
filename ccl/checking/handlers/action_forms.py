"""Actions of `ccl.prelude.actions` as statements with host calls.

Entries are evaluated once, as written. A refusal by the host traps with its reason.
"""

from collections.abc import Iterable

from ccl.checking.builtins import records
from ccl.checking.builtins.choices import one_of
from ccl.checking.calls.arguments import Callee, bind
from ccl.checking.core.conversions import convert
from ccl.checking.core.environment import Body, is_invalid
from ccl.checking.core.unification import zonk
from ccl.checking.core.variables import Origin
from ccl.checking.handlers.outcomes import emit
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.typed import Conversion
from ccl.ir.types import Prim, Type
from ccl.prelude.actions import (
    AMOUNT_DEFAULT,
    MINTED,
    PERFORMED,
    POLICY_UPDATED,
    RESOURCE_DEFAULT,
    TRANSFERRED,
    ActionForm,
)
from ccl.prelude.functions import FUNCTIONS, REFUSABLE
from ccl.source.spans import Span
from ccl.syntax import ast

Statements = tuple[typed.Statement, ...]


def perform(
    body: Body, form: ActionForm, action: ast.Action, given: tuple[ast.Argument, ...]
) -> Statements:
    """Returns the action as statements; nothing after reporting. `given`: its label and its
    entries."""
    call = ast.Call(
        callee=ast.Name(text=form.name, span=action.name.span),
        type_arguments=(),
        arguments=given,
        span=action.span,
    )
    optional = form.optional | frozenset(form.one_of or ())
    callee = Callee(name=form.name, parameters=tuple(form.keys), optional=optional)
    bound = bind(body, call, callee, given)
    if bound is None or not _has_one(body, form, action, bound):
        for each in given:
            body.infer(each.value)
        return ()
    acting = _Acting(body, action.span)
    for key, argument in bound.items():
        acting.take(form, key, argument)
    if any(is_invalid(each) for each in acting.values.values()):
        return ()
    match form.name:
        case "mint_token":
            done = acting.mint()
        case "transfer_token":
            done = acting.transfer()
        case "anchor_data":
            done = acting.anchor()
        case "perform_metered_action":
            done = acting.meter()
        case other:
            raise AssertionError(f"{other} is no row of the table")
    return (*acting.before, *done)


def update_policy(
    body: Body, action: ast.Action, label: ast.Argument, entries: ast.Expr
) -> Statements:
    """Builds `update_policy NAME { … }`, which replaces a policy."""
    acting = _Acting(body, action.span)
    acting.put("name", body.check(label.value, Prim.STRING))
    acting.put("entries", body.infer(entries))
    if any(is_invalid(each) for each in acting.values.values()):
        return ()
    return (*acting.before, acting.event(POLICY_UPDATED, tuple(acting.values)))


def _has_one(
    body: Body, form: ActionForm, action: ast.Action, bound: dict[str, ast.Argument]
) -> bool:
    """Returns whether exactly one of the form's `one_of` is given, and at most one of its
    `either`."""
    keys = form.one_of or form.either
    if keys is None:
        return True
    found = [key for key in keys if key in bound]
    if len(found) == 1 or (not found and form.one_of is None):
        return True
    one, other = keys
    body.sink.report(
        "CCL0333",
        bound[other].span if found else action.name.span,
        name=form.name,
        one=one,
        other=other,
        found=f"`{one}` is given as well" if found else "neither is given",
        labels=(Label(bound[one].span, "the other one"),) if found else (),
    )
    return False


class _Acting:
    """The values of an action's keys, and the statements that evaluate them."""

    def __init__(self, body: Body, span: Span) -> None:
        self.body = body
        self.span = span
        self.before: list[typed.Statement] = []
        self.values: dict[str, typed.Expr] = {}

    def take(self, form: ActionForm, key: str, argument: ast.Argument) -> None:
        wanted = form.keys[key]
        if wanted is Prim.DATA:
            written = ast.Key(text=key, quoted=False, span=argument.span)
            node = records.infer_part(self.body, argument.value, written)
        else:
            node = self.body.check(argument.value, wanted)
        if key == "resource_type":
            choices = FUNCTIONS["record_resource_usage"].choices or {}
            if key in choices:
                node = one_of(self.body, node, choices[key], key)
        self.put(key, node)

    def put(self, key: str, node: typed.Expr) -> None:
        """Adds a value, to be evaluated in the order of these calls."""
        if not isinstance(node, typed.ScalarConst | typed.TextConst) and not is_invalid(node):
            local = self.body.temporary(node.type, node.span)
            self.before.append(typed.SetLocal(local=local, value=node, span=node.span))
            node = typed.LocalGet(local=local, type=zonk(node.type), span=node.span)
        self.values[key] = node

    # --- the actions ---

    def mint(self) -> Statements:
        amount = self.values.setdefault("amount", self._integer(AMOUNT_DEFAULT))
        if "recipients" not in self.values:
            return self._minted(amount, self.values["recipient"])
        everybody = self.values["recipients"]
        with self.body.block(), self.body.loop(self.span):
            holder = self.body.declare("_", Prim.DID, self.span, Origin.TEMPORARY).local
            one = typed.LocalGet(local=holder, type=Prim.DID, span=self.span)
            inner = typed.Block(
                statements=self._minted(amount, one), value=None, type=Prim.UNIT, span=self.span
            )
        return (typed.ForEach(item=holder, iterable=everybody, body=inner, span=self.span),)

    def _minted(self, amount: typed.Expr, holder: typed.Expr) -> Statements:
        minted = self._changes("host_mint_tokens", self.values["type"], amount, holder)
        if "data" not in self.values:
            return (minted,)
        self.values["recipient"] = holder
        return (minted, self.event(MINTED, ("type", "recipient", "amount", "data")))

    def transfer(self) -> Statements:
        amount = self.values.setdefault("amount", self._integer(AMOUNT_DEFAULT))
        if "from" not in self.values:
            caller = typed.CallHost(
                call="host_get_caller", arguments=(), type=Prim.DID, span=self.span
            )
            self.put("from", caller)
        if "recipient" in self.values:
            self.values["to"] = self.values["recipient"]
        kind, holder, to = (self.values[key] for key in ("type", "from", "to"))
        moved = self._changes("host_transfer_tokens", kind, holder, to, amount)
        if "data" not in self.values:
            return (moved,)
        event = self.event(TRANSFERRED, ("type", "from", "to", "amount", "data"))
        return (moved, event)

    def anchor(self) -> Statements:
        """Anchors a text as it is; a record, or anything under a path, as a block whose CID is
        anchored."""
        data = self.values["data"]
        if "path" not in self.values and zonk(data.type) in (Prim.STRING, Prim.DID, Prim.CID):
            return (self._changes("host_anchor_to_dag", _as_text(data)),)
        block = self._record(tuple(key for key in ("path", "data") if key in self.values))
        put = typed.CallHost(call="host_dag_put", arguments=(block,), type=Prim.CID, span=self.span)
        return (self._changes("host_anchor_to_dag", _as_text(put)),)

    def meter(self) -> Statements:
        """Requires authorisation, then claims the resources as used. With `args`, an event records
        them."""
        self.values.setdefault("resource_type", self._text(RESOURCE_DEFAULT))
        self.values.setdefault("amount", self._integer(AMOUNT_DEFAULT))
        if "action" in self.values:
            self.values["name"] = self.values["action"]
        resource = tuple(self.values[key] for key in ("resource_type", "amount"))
        allowed = typed.CallHost(
            call="host_check_resource_authorization",
            arguments=resource,
            type=Prim.BOOL,
            span=self.span,
        )
        required = typed.Require(
            condition=allowed,
            message=self.values.get("name"),
            article=None,
            span=self.span,
            reason="the amount is not authorised",
        )
        used = typed.CallHost(
            call="host_record_resource_usage", arguments=resource, type=Prim.UNIT, span=self.span
        )
        done = self._statements((required, used))
        if "args" not in self.values:
            return done
        keys = ("name", "resource_type", "amount", "args")
        return (*done, self.event(PERFORMED, (key for key in keys if key in self.values)))

    # --- parts ---

    def event(self, name: str, keys: Iterable[str]) -> typed.Statement:
        return emit(self._text(name), self._record(keys), self.span)

    def _record(self, keys: Iterable[str]) -> typed.Expr:
        return typed.DataNew(fields=tuple((key, self.values[key]) for key in keys), span=self.span)

    def _changes(self, call: str, *arguments: typed.Expr) -> typed.Statement:
        node = typed.CallHost(call=call, arguments=arguments, type=REFUSABLE, span=self.span)
        value = convert(node, Conversion.UNWRAP_OK, Prim.UNIT)
        return typed.Evaluate(value=value, span=self.span)

    def _statements(self, nodes: Iterable[typed.Expr]) -> Statements:
        return tuple(typed.Evaluate(value=node, span=self.span) for node in nodes)

    def _text(self, value: str) -> typed.Expr:
        return typed.TextConst(value=value, type=Prim.STRING, span=self.span)

    def _integer(self, value: int) -> typed.Expr:
        return typed.ScalarConst(value=value, type=Prim.INTEGER, span=self.span)


def _as_text(node: typed.Expr) -> typed.Expr:
    kind: Type = zonk(node.type)
    return node if kind is Prim.STRING else convert(node, Conversion.SAME_BITS, Prim.STRING)
