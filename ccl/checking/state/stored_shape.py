"""The shape of a type: a text that stays the same while stored values can be read.

Structs and enums are spelled out where they first occur and named from there on. Documentation and
the order of declarations are not part of a shape.
"""

from collections import Counter
from collections.abc import Mapping
from typing import assert_never

from ccl.ir.types import (
    Array,
    EnumDef,
    Enumeration,
    ErrorType,
    Map,
    Option,
    Prim,
    Result,
    Struct,
    StructDef,
    Token,
    Type,
)


def shape_of(kind: Type, structs: Mapping[str, StructDef], enums: Mapping[str, EnumDef]) -> str:
    return _Shape(structs, enums).text(kind)


class _Shape:
    def __init__(self, structs: Mapping[str, StructDef], enums: Mapping[str, EnumDef]) -> None:
        self._structs = structs
        self._enums = enums
        self._names: dict[str, str] = {}
        self._uses: Counter[str] = Counter()

    def text(self, kind: Type) -> str:
        match kind:
            case Prim() | Token() | ErrorType():
                return str(kind)
            case Array(element):
                return f"Array<{self.text(element)}>"
            case Map(key, value):
                return f"Map<{self.text(key)}, {self.text(value)}>"
            case Option(value):
                return f"Option<{self.text(value)}>"
            case Result(ok, err):
                return f"Result<{self.text(ok)}, {self.text(err)}>"
            case Struct(id=identity, name=name):
                if identity in self._names:
                    return self._names[identity]
                parts = self._structs[identity].fields
                name = self._named(identity, name)
                return f"{name} {{ {', '.join(f'{n}: {self.text(t)}' for n, t in parts)} }}"
            case Enumeration(id=identity, name=name):
                if identity in self._names:
                    return self._names[identity]
                variants = self._enums[identity].variants
                name = self._named(identity, name)
                return f"{name} {{ {', '.join(self._variant(n, ts) for n, ts in variants)} }}"
            case _:
                assert_never(kind)

    def _variant(self, name: str, payload: tuple[Type, ...]) -> str:
        return f"{name}({', '.join(map(self.text, payload))})" if payload else name

    def _named(self, identity: str, name: str) -> str:
        """Returns the name, with a number if another type has it already."""
        self._uses[name] += 1
        unique = name if self._uses[name] == 1 else f"{name}#{self._uses[name]}"
        self._names[identity] = unique
        return unique
