"""The interface of a file of a checked program; see `ccl.ir.interface`.

Importers may call every function but tests. Of one that is not generic they see the signature and
the effects, never the body; a generic or higher-order one is checked again for each of their calls,
so that its body is a part of the interface.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

from ccl.abi.call_forms import Effect
from ccl.abi.test_calls import ALL_CALLS
from ccl.checking.core.environment import Checker
from ccl.checking.core.signatures import Signature
from ccl.checking.symbols.interface_types import TypeTexts, constant_text
from ccl.ir import typed
from ccl.ir.interface import INTERFACE_VERSION, Interface
from ccl.ir.types import Type
from ccl.ir.visit import everything, writes_within
from ccl.resolver.scopes import FileScope
from ccl.source.spans import FileId, Span
from ccl.support.node import fields, is_node
from ccl.syntax import ast
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import encode

Value = dict[str, Any]


def interfaces_of(checker: Checker, program: typed.Program) -> Callable[[FileId], Interface]:
    """Returns a function from a file of the program, not of the library, to its interface."""
    templates = {each.id: each for each in checker.templates}
    effects = _Effects(program.functions)

    def interface_of(file: FileId) -> Interface:
        writing = _Writing(checker, checker.scoped.files[file], templates, effects)
        value = writing.file()
        return Interface(value=value, cid=str(cid_of(encode(value), Codec.DAG_CBOR)))

    return interface_of


class _Effect(NamedTuple):
    """A host call, or the use of a state variable by its id."""

    verb: Literal["calls", "reads", "writes"]
    of: str


class _Writing:
    """The interface of one file while it is written."""

    def __init__(
        self,
        checker: Checker,
        file: FileScope,
        templates: Mapping[str, Signature],
        effects: "_Effects",
    ) -> None:
        self._checker = checker
        self._file = file
        self._templates = templates
        self._effects = effects
        self._types = TypeTexts(checker, file)

    def file(self) -> Value:
        file = self._file
        value: Value = {"version": INTERFACE_VERSION} | self._members(file, file.own_functions)
        value["contracts"] = {
            name: self._contract(scopes[-1])
            for name, scopes in self._checker.scoped.texts_of(file.source).items()
        }
        if any("body" in each for each in self._all_functions(value)):
            value["imports"] = self._imports()
        return value

    def _all_functions(self, value: Value) -> Iterable[Value]:
        yield from value["functions"].values()
        for contract in value["contracts"].values():
            yield from contract["functions"].values()

    def _imports(self) -> Value:
        """Returns the files that the bodies which importers check refer to, by alias."""
        files = self._checker.scoped.files
        named = ((name, each) for name, each in self._file.imports.items() if each.item is not None)
        return {name: self._types.path_to(files[each.file]) for name, each in named}

    def _contract(self, scope: FileScope) -> Value:
        functions = {name: each for name, each in scope.functions.items() if name in scope.values}
        value = self._members(scope, functions)
        value["extends"] = None if scope.extends is None else scope.extends.text
        return value

    def _members(self, scope: FileScope, functions: Mapping[str, ast.Function]) -> Value:
        values = None if scope.outer is None else scope.values
        types = None if scope.outer is None else scope.types

        def inside(names: Mapping[str, Any], members: Mapping[str, Any] | None) -> Iterable[str]:
            return names if members is None else names.keys() & members.keys()

        return {
            "functions": {
                name: self._function(scope, name, item)
                for name, item in functions.items()
                if not item.test and name.isidentifier()
            },
            "constants": {name: self._const(scope, name) for name in inside(scope.consts, values)},
            "states": {
                name: self._state(scope, name)
                for name in inside(scope.states, values)
                if name.isidentifier()
            },
            "structs": {name: self._struct(scope, name) for name in inside(scope.structs, types)},
            "enums": {name: self._enum(scope, name) for name in inside(scope.enums, types)},
            "roles": {
                name: None if role.parent is None else role.parent.text
                for name, role in scope.own_roles.items()
            },
            "proposals": sorted(scope.proposals),
        }

    def _function(self, scope: FileScope, name: str, item: ast.Function) -> Value:
        identity = self._checker.function_id(scope, name)
        signature = self._checker.signatures.get(identity) or self._templates.get(identity)
        kinds = dict[str, Type]()
        value: Value = {"doc": item.doc, "exported": item.exported}
        if signature is not None:
            named = (each.name.text for each in signature.item.parameters)
            kinds = dict(zip(named, signature.parameters, strict=True))
            value["result"] = self._types.of(signature.result)
            value["mutated"] = sorted(signature.mutated)
        value["parameters"] = [
            [each, self._types.of(kinds[each]) if each in kinds else "function"]
            for each in (parameter.name.text for parameter in item.parameters)
        ]
        if signature is None or signature.template:
            value["type_parameters"] = [each.text for each in item.type_parameters]
            value["body"] = _shape(item.body)
        else:
            value["effects"] = sorted(map(self._shown, self._effects.of(identity)))
        return value

    def _shown(self, effect: _Effect) -> str:
        """Renders an effect; state is named as types are."""
        if effect.verb == "calls":
            return f"calls {effect.of}"
        state = self._checker.states[effect.of]
        return f"{effect.verb} {self._types.named(state.scope, state.item.name.text)}"

    def _const(self, scope: FileScope, name: str) -> Value:
        owner = self._checker.scoped.owner(scope, name)
        node = self._checker.const_values.get((int(owner.file), name, False))
        value: Value = {"doc": scope.consts[name].doc}
        if node is not None:
            value |= {"type": self._types.of(node.type), "value": constant_text(node)}
        return value

    def _state(self, scope: FileScope, name: str) -> Value:
        info = self._checker.states[self._checker.function_id(scope, name)]
        return {"doc": info.item.doc, "type": self._types.of(info.type)}

    def _struct(self, scope: FileScope, name: str) -> Value:
        info = self._checker.structs[self._checker.type_id(scope, name)]
        names = [each.text for each in info.item.type_parameters]
        texts = self._parts(info.fields, info.parameters, names)
        docs = {each.name.text: each.doc for each in info.item.fields}
        return {
            "doc": info.item.doc,
            "type_parameters": names,
            "fields": [[each, text, docs[each]] for each, (text,) in texts],
        }

    def _enum(self, scope: FileScope, name: str) -> Value:
        info = self._checker.enums[self._checker.type_id(scope, name)]
        names = [each.text for each in info.item.type_parameters]
        texts = self._parts(info.variants, info.parameters, names)
        docs = {each.name.text: each.doc for each in info.item.variants}
        return {
            "doc": info.item.doc,
            "type_parameters": names,
            "variants": [[each, list(payload), docs[each]] for each, payload in texts],
        }

    def _parts(
        self,
        members: Iterable[tuple[str, Type | tuple[Type, ...]]],
        parameters: Iterable[Type],
        names: Iterable[str],
    ) -> Iterable[tuple[str, tuple[str, ...]]]:
        """Yields fields or variants with the texts of their types."""
        known = {id(kind): name for kind, name in zip(parameters, names, strict=True)}
        for name, kinds in members:
            inside = kinds if isinstance(kinds, tuple) else (kinds,)
            yield name, tuple(self._types.of(each, known) for each in inside)


class _Effects:
    """The side effects of functions, through their callees."""

    def __init__(self, functions: Mapping[str, typed.Function]) -> None:
        self._functions = functions
        self._own: dict[str, tuple[frozenset[_Effect], frozenset[str]]] = {}

    def of(self, identity: str) -> set[_Effect]:
        """Returns the host calls that change the world, and the state that is read and changed."""
        found: set[_Effect] = set()
        pending, seen = [identity], {identity}
        while pending:
            own, callees = self._directly(pending.pop())
            found |= own
            pending += callees - seen
            seen |= callees
        return found

    def _directly(self, identity: str) -> tuple[frozenset[_Effect], frozenset[str]]:
        """Returns its own effects, and the functions that it calls."""
        if identity not in self._own:
            self._own[identity] = self._read(identity)
        return self._own[identity]

    def _read(self, identity: str) -> tuple[frozenset[_Effect], frozenset[str]]:
        function = self._functions.get(identity)
        effects: set[_Effect] = set()
        callees: set[str] = set()
        for node in () if function is None else everything(function.body):
            match node:
                case typed.CallHost(call=call) if ALL_CALLS[call].effect is Effect.CHANGES:
                    effects.add(_Effect("calls", call))
                case typed.SubmitManifest():
                    effects.add(_Effect("calls", "host_submit_manifest"))
                case typed.StateGet(state=state):
                    effects.add(_Effect("reads", state))
                case typed.CallFunction(function=callee):
                    callees.add(callee)
                case _:  # its parts are visited too
                    pass
            written = writes_within(node)
            effects |= {_Effect("writes", root) for root in written if isinstance(root, str)}
        return frozenset(effects), frozenset(callees)


def _shape(node: Any) -> str:
    """Renders a tree without its spans: equal for bodies that say the same."""
    if isinstance(node, tuple):
        return f"[{' '.join(map(_shape, node))}]"
    if not is_node(node):
        return repr(node)
    parts = (getattr(node, name) for name in fields(node))
    inside = " ".join(_shape(each) for each in parts if not isinstance(each, Span))
    return f"({type(node).__name__} {inside})"
