"""Types and constants as texts of an interface: the same wherever the program's root file is."""

import json
import posixpath
from collections.abc import Mapping
from typing import Final, assert_never

from ccl.checking.core.environment import Checker
from ccl.checking.core.unification import is_constructed, is_open, zonk
from ccl.ir import typed
from ccl.ir.types import (
    ERROR_TYPE,
    Array,
    Enumeration,
    ErrorType,
    Map,
    Option,
    Prim,
    Result,
    Struct,
    Token,
    Type,
)
from ccl.resolver.scopes import FileScope

NO_NAMES: Final[Mapping[int, str]] = {}


class TypeTexts:
    """The texts of types as `file` names them, a scope of the file itself."""

    def __init__(self, checker: Checker, file: FileScope) -> None:
        self._checker = checker
        self._file = file

    def of(self, kind: Type, names: Mapping[int, str] = NO_NAMES) -> str:
        """Renders a type. `names`: type parameters of a declaration, by identity."""
        kind = zonk(kind)
        if id(kind) in names:
            return names[id(kind)]
        if not is_constructed(kind):
            return str(ERROR_TYPE if is_open(kind) else kind)
        match kind:
            case Array(element):
                return f"Array<{self.of(element, names)}>"
            case Option(value):
                return f"Option<{self.of(value, names)}>"
            case Map(key, value):
                return f"Map<{self.of(key, names)}, {self.of(value, names)}>"
            case Result(ok, err):
                return f"Result<{self.of(ok, names)}, {self.of(err, names)}>"
            case Struct() | Enumeration():
                given = () if kind.instance is None else kind.instance.arguments
                inside = ", ".join(self.of(each, names) for each in given)
                name = self._declared(kind)
                return f"{name}<{inside}>" if inside else name
            case Prim() | Token() | ErrorType():
                return str(kind)
            case _:
                assert_never(kind)

    def _declared(self, kind: Struct | Enumeration) -> str:
        checker = self._checker
        identity = kind.id if kind.instance is None else kind.instance.id
        info = checker.structs.get(identity) or checker.enums.get(identity)
        return kind.name if info is None else self.named(info.scope, info.item.name.text)

    def named(self, scope: FileScope, name: str) -> str:
        """Names a declaration of any scope."""
        inside = name if scope.contract is None else f"{scope.contract}.{name}"
        owner = self._checker.scoped.files[scope.contract_file]
        return f"{self.path_to(owner)}{inside}"

    def path_to(self, other: FileScope) -> str:
        """Returns `../rules.ccl#`, empty for the file itself. Paths of the library are absolute."""
        if other.source == self._file.source:
            return ""
        if other.source in self._checker.imported_library_files:
            return f"{other.name}#"
        folder = posixpath.dirname(self._file.name)
        return f"{posixpath.relpath(other.name, folder or '.')}#"


def constant_text(node: typed.Expr) -> str:
    """Renders a folded value."""
    match node:
        case typed.ScalarConst(value=value):
            return str(value)
        case typed.TextConst(value=text):
            return json.dumps(text)
        case typed.ArrayNew(elements=parts) | typed.StructNew(values=parts):
            return f"[{', '.join(map(constant_text, parts))}]"
        case typed.VariantNew(tag=tag, payload=parts):
            return f"#{tag}({', '.join(map(constant_text, parts))})"
        case _:
            return "?"
