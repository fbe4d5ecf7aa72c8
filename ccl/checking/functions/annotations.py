"""Types to suggest for parameters that nothing decides: the first that the body's uses allow."""

from collections.abc import Iterator

from ccl import ast
from ccl.builtins import METHODS
from ccl.checking.environment import Checker
from ccl.checking.signatures import Signature
from ccl.node import nodes_of
from ccl.prelude_library import METHODS as LIBRARY_METHODS

_BY_GROUP = {
    "Array": "Array<Integer>",
    "String": "String",
    "Map": "Map<String, Integer>",
    "Option": "Option<Integer>",
    "Result": "Result<Integer, String>",
}


def suggested_annotation(checker: Checker, signature: Signature, name: str) -> str:
    """A type that the body can use as it uses the parameter."""
    groups = [*_BY_GROUP]
    for node in nodes_of(signature.item.body):
        match node:
            case ast.Field(base=ast.Name(text=text), name=ast.Ident(text=member)) if text == name:
                having = [each for each in groups if _has_method(each, member)]
                if not having:
                    return next(_structs_with(checker, signature, member), "Data")
                groups = having
            case ast.Index(base=ast.Name(text=text)) if text == name:
                groups = [each for each in groups if each in ("Array", "Map")]
            case ast.For(iterable=ast.Name(text=text), names=names) if text == name:
                of_pairs = len(names) == 2
                groups = [
                    each
                    for each in groups
                    if each in (("Map",) if of_pairs else ("Array", "String"))
                ]
            case ast.Try(body=ast.Name(text=text)) if text == name:
                groups = [each for each in groups if each in ("Option", "Result")]
            case _:
                pass
    return "Integer" if len(groups) == len(_BY_GROUP) or not groups else _BY_GROUP[groups[0]]


def _has_method(group: str, name: str) -> bool:
    return (group, name) in METHODS or (group, name) in LIBRARY_METHODS


def _structs_with(checker: Checker, signature: Signature, field: str) -> Iterator[str]:
    for name, item in signature.scope.structs.items():
        if not item.type_parameters and any(each.name.text == field for each in item.fields):
            yield name
