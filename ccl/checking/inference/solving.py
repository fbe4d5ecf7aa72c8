"""Inference of omitted types, file by file, each body walked once.

Files come after their imports, so that a file's interface never depends on its importers. In a
file, the functions whose types are not fully declared come first, callees before callers
(`ccl.checking.inference.call_graph`), then all others; an instance of a generic or higher-order
function is inferred where it is first called. At the end of a file an open type gets a default, or
is an error. Diagnostics and trees of this pass are dropped: elaboration
(`ccl.checking.inference.elaboration`) makes them, with every type known.
"""

from collections.abc import Iterator, Sequence

from ccl.checking.core.constraints import close, inferring, solve_ready
from ccl.checking.core.environment import Body, Checker
from ccl.checking.core.signatures import Signature
from ccl.checking.core.unification import Var, copy_open, has_rigid, is_open, variables_in
from ccl.checking.functions import bodies
from ccl.checking.functions.conditions import check_condition
from ccl.checking.inference.call_graph import components
from ccl.ir.charter import Condition
from ccl.ir.types import ERROR_TYPE, Type
from ccl.resolver.scopes import Scoped, ScopeId
from ccl.source.spans import FileId

DEPTH_MAX = 20
"""The depth of bodies inferred inside of each other; deeper ones come after their caller."""


def infer_all(
    checker: Checker, entries: Sequence[bodies.Entry], conditions: Sequence[Condition]
) -> None:
    """Infers the types of every body that the program needs, and the parameters that it mutates."""
    own: dict[FileId, list[Signature]] = {}
    for signature in (*checker.signatures.values(), *checker.templates):
        own.setdefault(home(checker, signature), []).append(signature)
    root, library = checker.scoped.root, checker.library_files
    for file in _files(checker):
        if file not in library or file == root:
            with inferring(checker, file):
                _infer_file(
                    checker,
                    own.get(file, ()),
                    entries if file == root else (),
                    conditions if file == root else (),
                )
    _infer_called_elsewhere(checker)
    spread_mutation(checker)


def home_files(scoped: Scoped) -> dict[ScopeId, FileId]:
    """Returns the file that each scope belongs to: a contract includes what its bases declare."""
    by_prefix = {scoped.files[scope].prefix: file for (file, _), scope in scoped.contracts.items()}
    return {
        number: scope.source if scope.outer is None else by_prefix.get(scope.prefix, scope.source)
        for number, scope in scoped.files.items()
    }


def home(checker: Checker, signature: Signature) -> FileId:
    """Returns the file whose bodies are inferred together with a function's."""
    return checker.home_files[signature.scope.file]


def _files(checker: Checker) -> Iterator[FileId]:
    """Yields every file after those that it imports; in a circle, which is reported, one comes
    first."""
    needed: dict[FileId, dict[FileId, None]] = {}
    for number, scope in checker.scoped.files.items():
        imports = needed.setdefault(checker.home_files[number], {})
        for each in scope.imports.values():
            imports[checker.home_files[each.file]] = None
    done: set[FileId] = set()
    for start, imported in needed.items():
        work = [(start, iter(imported))] if start not in done else []
        done.add(start)
        while work:
            file, imports_left = work[-1]
            following = next((each for each in imports_left if each not in done), None)
            if following is None:
                work.pop()
                yield file
            else:
                done.add(following)
                work.append((following, iter(needed[following])))


def _infer_file(
    checker: Checker,
    own: Sequence[Signature],
    entries: Sequence[bodies.Entry],
    conditions: Sequence[Condition],
) -> None:
    incomplete = {each.id: each for each in own if not each.is_complete and not each.template}
    for component in components(checker, incomplete, incomplete):
        _infer_component(checker, component)
    for signature in own:
        if not signature.template:
            _infer(checker, signature)
    for entry in entries:
        bodies.check_entry(checker, entry)
    for condition in conditions:
        check_condition(checker, condition)
    _infer_waiting(checker)
    for signature in own:
        _infer(checker, signature)
    _close(checker)


def _infer_component(checker: Checker, component: Sequence[Signature]) -> None:
    """Infers functions that call each other; types that stay open are determined by callers."""
    for signature in component:
        _infer(checker, signature)
    solve_ready(checker)
    for signature in component:
        open_ones = {i for i, kind in enumerate(signature.parameters) if is_open(kind)}
        signature.left_to_calls |= open_ones


def _infer(checker: Checker, signature: Signature) -> None:
    if signature.inferred:
        return
    signature.inferred = True
    solving = checker.solving
    solving.inferred.append(signature)
    solving.defaults += [*signature.parameters, signature.result]
    bodies.check_function(checker, signature)


def _close(checker: Checker) -> None:
    """Ends a file; parameters and results that are still open are errors, whatever calls follow."""
    _settle(checker)
    copies: dict[Var, Type] = {}
    reported: set[Var] = set()
    for signature in checker.solving.inferred:
        for i, kind in enumerate(signature.parameters):
            if _is_undecided(signature, kind):
                signature.unsolved[i] = copy_open(kind, copies)
                signature.parameters[i] = ERROR_TYPE
                if signature.is_written:
                    reported.update(variables_in(kind))
        if _is_undecided(signature, signature.result):
            signature.result = ERROR_TYPE
    for var in reported:  # what else depends on it has no error of its own
        var.bind(ERROR_TYPE)
    solve_ready(checker)


def _settle(checker: Checker) -> None:
    """Decides by defaults: no more types become known."""
    while True:
        _infer_waiting(checker)
        close(checker)
        if not checker.solving.waiting_bodies:
            break


def infer_again(
    checker: Checker, signatures: Sequence[Signature], entries: Sequence[bodies.Entry]
) -> None:
    """Infers bodies of one file with other types than before, in a checker for a trial."""
    with inferring(checker, home(checker, signatures[0])):
        for signature in signatures:
            _infer(checker, signature)
        for entry in entries:
            bodies.check_entry(checker, entry)
        _settle(checker)
    _infer_called_elsewhere(checker)


def _infer_waiting(checker: Checker) -> None:
    while checker.solving.waiting_bodies:
        _infer(checker, checker.solving.waiting_bodies.popleft())
        solve_ready(checker)


def _is_undecided(signature: Signature, kind: Type) -> bool:
    """Returns whether a type is still open, or is a type parameter outside of its function."""
    return is_open(kind) or (not signature.template and has_rigid(kind))


def _infer_called_elsewhere(checker: Checker) -> None:
    """Infers the called functions of the library, whose signatures are declared."""
    while checker.called_elsewhere:
        _infer_apart(checker, checker.called_elsewhere.popleft())


def _infer_apart(checker: Checker, signature: Signature) -> None:
    """Infers a function, and those that it needs, as the whole of a file."""
    if signature.inferred:
        return
    file = home(checker, signature)
    with inferring(checker, file):
        if not (signature.is_complete or signature.types or signature.made_from):
            incomplete = {
                each.id: each
                for each in checker.signatures.values()
                if home(checker, each) == file and not each.is_complete
            }
            for component in components(checker, incomplete, [signature.id]):
                _infer_component(checker, component)
        _infer(checker, signature)
        _close(checker)


def require(body: Body, signature: Signature) -> None:
    """Infers the omitted parts of a signature before it is used."""
    if signature.inferred or _is_known_by_template(body.checker, signature):
        return
    checker = body.checker
    own = home(checker, signature) == checker.solving.file
    if checker.final:
        require_late(checker, signature)
    elif signature.made_from is not None or (signature.types and own):
        if checker.depth < DEPTH_MAX and not signature.is_complete:
            checker.depth += 1
            _infer(checker, signature)
            checker.depth -= 1
        else:
            checker.solving.waiting_bodies.append(signature)
    elif own:
        return  # in its turn
    elif signature.is_complete:
        checker.called_elsewhere.append(signature)
    else:
        _infer_apart(checker, signature)


def _is_known_by_template(checker: Checker, signature: Signature) -> bool:
    """Returns whether a function is a template itself whose signature is complete, called by
    another."""
    return (
        signature.template
        and signature.made_from is None
        and signature.is_complete
        and signature.scope.source not in checker.library_files
    )


def require_late(checker: Checker, signature: Signature) -> None:
    """Infers a function that elaboration needs and inference has not reached."""
    if not signature.inferred:
        _infer_apart(checker, signature)
        _infer_called_elsewhere(checker)
        spread_mutation(checker)


def spread_mutation(checker: Checker) -> None:
    """Computes the parameters that each function may mutate, directly or through its callees."""
    templates = {
        name: checker.function_id(each.scope, each.item.name.text)
        for name, each in checker.signatures.items()
        if each.template and not each.inferred
    }
    mutated: dict[str, set[int]] = {}
    callers: dict[tuple[str, int], list[tuple[str, int]]] = {}
    changed: list[tuple[str, int]] = []
    for name, facts in checker.mutation_facts.items():
        mutated[name] = set()
        changed += [(name, own) for own in facts.direct]
        for own, callee, parameter in facts.passed:
            called = templates.get(callee, callee), parameter
            callers.setdefault(called, []).append((name, own))
    while changed:
        name, own = changed.pop()
        if own not in mutated[name]:
            mutated[name].add(own)
            changed += callers.get((name, own), ())
    for name, signature in checker.signatures.items():
        signature.mutated = frozenset(mutated.get(templates.get(name, name), ()))
