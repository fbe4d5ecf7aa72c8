"""Warnings about unused declarations, and about copies that are changed in vain."""

from ccl.checking.core.environment import Body, Checker
from ccl.checking.core.unification import has_error_type
from ccl.checking.core.variables import Origin, Variable
from ccl.checking.state.migration import MIGRATION, has_state
from ccl.diagnostics.model import Edit, Fix, Label
from ccl.ir.types import is_reference
from ccl.prelude.functions import HANDLER_PARAMETER
from ccl.resolver.scopes import FileScope
from ccl.syntax import ast


def report_variables(body: Body) -> None:
    """Reports variables of one function that are never read."""
    for variable in body.variables:
        name = variable.local.name
        if variable.origin is Origin.TEMPORARY or name.startswith("_"):
            continue
        if "." in name or name in body.outer:
            continue  # handed on for an inline function
        if has_error_type(variable.type):
            continue
        _hidden_import(body, variable)
        if variable.mutations and variable.copied_from is not None:
            _changed_in_vain(body, variable)
        elif not variable.reads and not variable.mutations:
            _unused(body, variable)


def _unused(body: Body, variable: Variable) -> None:
    name = variable.local.name
    if variable.origin is Origin.PARAMETER and name == HANDLER_PARAMETER:
        return
    edits = tuple(Edit(span, f"_{name}") for span in variable.mentions)
    body.sink.report(
        "CCL0902",
        variable.local.span,
        name=name,
        what=variable.origin.value,
        fixes=(Fix(f"rename it to `_{name}`", edits),),
    )


def _changed_in_vain(body: Body, variable: Variable) -> None:
    """Reports a copy that is changed and not read afterwards."""
    assert variable.copied_from is not None
    for mutation in variable.mutations:
        loop = mutation.loop
        read = any(
            at > mutation.span.end or (loop is not None and loop.start <= at < loop.end)
            for at in variable.reads
        )
        if not read and is_reference(variable.local.type):
            name = variable.local.name
            body.sink.report(
                "CCL0429",
                mutation.span,
                name=name,
                labels=(Label(variable.copied_from, f"`{name}` is a copy of this"),),
            )


def report_unused_items(checker: Checker, roots: frozenset[str]) -> None:
    """Reports functions and imports of the root file that nothing uses.

    A file without entries is a library: its functions are there for others.
    """
    own = checker.scoped.own_scopes
    exported = any(f.exported for scope in own for f in scope.own_functions.values())
    is_library = not roots and not exported
    called = checker.used_functions | roots
    used = {
        function.name.span
        for scope in own
        for name, function in scope.own_functions.items()
        if checker.function_id(scope, name) in called
        or (name == MIGRATION and has_state(checker, scope.home))
    }
    for scope in own:
        for name, function in scope.own_functions.items():
            if is_library or function.exported or function.test or not name or name.startswith("_"):
                continue
            if function.doc is not None:  # documented for those who call it by `ccl run --entry`
                continue
            if function.name.span not in used:
                checker.sink.report("CCL0903", function.name.span, name=name)
        if not is_library and not checker.sink.has_errors:
            _report_unread(checker, scope)
        for name, state in scope.own_states.items():
            unused = checker.function_id(scope, name) not in checker.used_states
            if unused and not name.startswith("_"):
                checker.sink.report("CCL0911", state.name.span, name=name)
    extended = {each.extends.names[0].text for each in own if each.extends is not None}
    for alias, imported in checker.scoped.root_scope.imports.items():
        if alias in extended:
            continue
        users = {file for file, name in checker.used_imports if name == alias}
        if imported.item is None or alias.startswith("_") or users & {each.file for each in own}:
            continue
        checker.sink.report(
            "CCL0904",
            imported.item.span,
            name=alias,
            fixes=(Fix("remove the import", (Edit(imported.item.span, ""),)),),
        )


def _report_unread(checker: Checker, scope: FileScope) -> None:
    """Reports constants and types of a program that nothing in it uses."""
    for name, const in scope.own_consts.items():
        if (int(scope.file), name) not in checker.used_consts:
            _unread(checker, "constant", const.name, const.doc)
    types: dict[str, ast.Struct | ast.Enumeration] = {**scope.own_structs, **scope.own_enums}
    for name, item in types.items():
        if checker.type_id(scope, name) not in checker.used_types:
            _unread(checker, "type", item.name, item.doc)


def _unread(checker: Checker, what: str, name: ast.Ident, doc: str | None) -> None:
    if doc is None and not name.text.startswith("_"):
        checker.sink.report("CCL0906", name.span, what=what, name=name.text)


def _hidden_import(body: Body, variable: Variable) -> None:
    if body.is_generated:
        return
    name = variable.local.name
    imported = body.scope.imports.get(name)
    if imported is not None and imported.item is not None:
        label = Label(imported.item.span, "imported here")
        body.sink.report("CCL0907", variable.local.span, name=name, labels=(label,))
