"""The call graph of functions whose types are not fully declared, and its components.

A caller needs the signature of its callee, so callees are inferred first; functions that call each
other are inferred together. Edges are by name: a name that denotes something else only puts two
functions into an order that neither needs.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ccl.checking.core.environment import Checker
from ccl.checking.core.signatures import Signature
from ccl.support.node import nodes_of
from ccl.syntax import ast
from ccl.syntax.paths import path_of


def components(
    checker: Checker, signatures: Mapping[str, Signature], roots: Iterable[str]
) -> tuple[tuple[Signature, ...], ...]:
    """Returns the strongly connected components that the roots reach, callees first.

    Within a component, functions are in the order of `signatures`.
    """
    order = {identity: number for number, identity in enumerate(signatures)}

    def callees(identity: str) -> tuple[str, ...]:
        found = dict.fromkeys(_mentioned(checker, signatures[identity]))
        return tuple(each for each in found if each in signatures)

    return tuple(
        tuple(signatures[each] for each in sorted(component, key=order.__getitem__))
        for component in _components(roots, callees)
    )


def _mentioned(checker: Checker, signature: Signature) -> Iterator[str]:
    scope = signature.scope
    for node in nodes_of(signature.item.body):
        match node:
            case ast.Name(text=name):
                identity = checker.function_id(scope, name)
                state = checker.states.get(identity)
                yield identity if state is None else state.initial.id
            case ast.Field(base=base, name=ast.Ident(text=name)):
                yield checker.function_id(scope, name)
                owner = checker.owner_named(scope, path_of(base))
                if owner is not None:
                    yield checker.function_id(owner, name)
            case ast.PathName(segments=(*before, last)):
                owner = checker.owner_named(scope, before)
                if owner is not None:
                    yield checker.function_id(owner, last.text)
            case _:  # only paths name functions
                pass


def _components(roots: Iterable[str], edges: Callable[[str], Sequence[str]]) -> list[list[str]]:
    """Runs Tarjan's algorithm with a stack of its own: calls may be nested thousands deep."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in roots:
        if root in number:
            continue
        work: list[tuple[str, Iterator[str]]] = []
        _enter(root, edges(root), number, low, stack, on_stack, work)
        while work:
            here, callees = work[-1]
            for callee in callees:
                if callee not in number:
                    _enter(callee, edges(callee), number, low, stack, on_stack, work)
                    break
                if callee in on_stack:
                    low[here] = min(low[here], number[callee])
            else:
                work.pop()
                if work:
                    caller = work[-1][0]
                    low[caller] = min(low[caller], low[here])
                if low[here] == number[here]:
                    found.append(_pop(here, stack, on_stack))
    return found


def _enter(
    name: str,
    callees: Iterable[str],
    number: dict[str, int],
    low: dict[str, int],
    stack: list[str],
    on_stack: set[str],
    work: list[tuple[str, Iterator[str]]],
) -> None:
    number[name] = low[name] = len(number)
    stack.append(name)
    on_stack.add(name)
    work.append((name, iter(callees)))


def _pop(root: str, stack: list[str], on_stack: set[str]) -> list[str]:
    component: list[str] = []
    while not component or component[-1] != root:
        component.append(stack.pop())
        on_stack.discard(component[-1])
    return component
