"""Names of types in `ccl:abi` and messages: short ones, as long as they are unambiguous.

Different files and contracts may declare types of one name. Where such types occur in one module or
message, each is named with the file or contract that it belongs to, as `Club.Card`.
"""

from collections.abc import Iterable

from ccl.ir.types import Array, Enumeration, Map, Option, Result, Struct, Type


class TypeNames:
    """The names of the types that one module or one message mentions."""

    def __init__(self, kinds: Iterable[Type]) -> None:
        self._ids: dict[str, set[str]] = {}
        for kind in kinds:
            if isinstance(kind, Struct | Enumeration):
                identity, name = _declaration(kind)
                self._ids.setdefault(name, set()).add(identity)

    def __call__(self, kind: Type) -> str:
        match kind:
            case Array(element):
                return f"Array<{self(element)}>"
            case Option(value):
                return f"Option<{self(value)}>"
            case Map(key, value):
                return f"Map<{self(key)}, {self(value)}>"
            case Result(ok, err):
                return f"Result<{self(ok)}, {self(err)}>"
            case Struct() | Enumeration():
                given = () if kind.instance is None else kind.instance.arguments
                inside = ", ".join(map(self, given))
                return f"{self._declared(kind)}<{inside}>" if inside else self._declared(kind)
            case _:  # without parts, or a type variable of the checker
                return str(kind)

    def _declared(self, kind: Struct | Enumeration) -> str:
        identity, name = _declaration(kind)
        if len(self._ids.get(name, ())) <= 1:
            return name
        return identity.replace("::", ".").replace("/", ".")


def _declaration(kind: Struct | Enumeration) -> tuple[str, str]:
    if kind.instance is None:
        return kind.id, kind.name
    return kind.instance.id, kind.instance.name
