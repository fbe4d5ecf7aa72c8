"""Generic and higher-order functions as they stand.

What depends on a type parameter, or on a function that is passed, is checked for each use; all
else is checked once here, also where nothing calls the function. So a type parameter fits every
type, as a type that is reported already does.
"""

from ccl import ast
from ccl.checking.environment import AnyFunction, Checker, Signature
from ccl.checking.functions import bodies
from ccl.checking.inference import POISON, is_open
from ccl.node import replace
from ccl.resolved import FileScope


def is_template(checker: Checker, identity: str, item: ast.Function) -> bool:
    return bool(item.type_parameters) or identity in checker.function_parameters


def declare(checker: Checker, scope: FileScope, item: ast.Function) -> None:
    """The function for any types and functions; the library's are checked in its own tests."""
    if scope.source in checker.library_files:
        return
    identity = checker.function_id(scope, item.name.text)
    passed = checker.function_parameters.get(identity, frozenset())
    kept = tuple(each for each in item.parameters if each.name.text not in passed)
    types = {each.text: POISON for each in item.type_parameters}
    signature = bodies.declare(checker, scope, replace(item, parameters=kept), types)
    checker.templates.append(
        Signature(
            id=identity,
            item=signature.item,
            scope=scope,
            parameters=[POISON if is_open(each) else each for each in signature.parameters],
            result=POISON if is_open(signature.result) else signature.result,
            types=types,
            functions={name: AnyFunction() for name in passed},
            template=True,
        )
    )
