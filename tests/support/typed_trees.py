"""Short ways to write typed trees, and a host to run the modules in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import wasmtime
from quick_engine import quick_engine

from ccl.abi.call_forms import Answer, HostCall, Wire
from ccl.abi.host_calls import HOST_CALLS
from ccl.artifacts.artifact import Artifact, emit
from ccl.ir import typed as t
from ccl.ir.types import EnumDef, Prim, StructDef, Type
from ccl.source.spans import FileId, SourceMap, Span
from runtime.content.codec import decode, encode

INT, BOOL, STRING = Prim.INTEGER, Prim.BOOL, Prim.STRING
SPAN = Span(FileId(0), 0, 1)
TEXT = "first line\nsecond line\n"


def integer(value: int) -> t.ScalarConst:
    return t.ScalarConst(value=value, type=INT, span=SPAN)


def boolean(value: bool) -> t.ScalarConst:
    return t.ScalarConst(value=int(value), type=BOOL, span=SPAN)


def text(value: str) -> t.TextConst:
    return t.TextConst(value=value, type=STRING, span=SPAN)


def local(index: int, kind: Type, name: str = "v") -> t.Local:
    return t.Local(index=index, name=name, type=kind, span=SPAN)


def get(variable: t.Local) -> t.LocalGet:
    return t.LocalGet(local=variable, type=variable.type, span=SPAN)


def put(variable: t.Local, value: t.Expr) -> t.SetLocal:
    return t.SetLocal(local=variable, value=value, span=SPAN)


def op(sign: str, left: t.Expr, right: t.Expr, kind: Type | None = None) -> t.Binary:
    operator = t.BinaryOp(sign)
    compares = sign in ("==", "!=", "<", "<=", ">", ">=")
    result = kind or (BOOL if compares else left.type)
    return t.Binary(op=operator, left=left, right=right, type=result, span=SPAN)


def block(statements: Sequence[t.Statement] = (), value: t.Expr | None = None) -> t.Block:
    kind: Type = Prim.UNIT if value is None else value.type
    return t.Block(statements=tuple(statements), value=value, type=kind, span=SPAN)


def run(value: t.Expr) -> t.Evaluate:
    return t.Evaluate(value=value, span=SPAN)


def builtin(
    name: t.Builtin, kind: Type, *arguments: t.Expr, changes: bool = False
) -> t.CallBuiltin:
    return t.CallBuiltin(
        builtin=name,
        arguments=tuple(
            t.Argument(value=a, mutated=changes and i == 0) for i, a in enumerate(arguments)
        ),
        type=kind,
        span=SPAN,
    )


def call(
    callee: str, kind: Type, *arguments: t.Expr, changes: Sequence[int] = ()
) -> t.CallFunction:
    return t.CallFunction(
        function=callee,
        arguments=tuple(t.Argument(value=a, mutated=i in changes) for i, a in enumerate(arguments)),
        type=kind,
        span=SPAN,
    )


def host(name: str, kind: Type, *arguments: t.Expr) -> t.CallHost:
    return t.CallHost(call=name, arguments=arguments, type=kind, span=SPAN)


def array(element: Type, *elements: t.Expr) -> t.ArrayNew:
    from ccl.ir.types import Array

    return t.ArrayNew(elements=elements, type=Array(element), span=SPAN)


def index(base: t.Expr, key: t.Expr, kind: Type) -> t.IndexGet:
    return t.IndexGet(base=base, index=key, type=kind, span=SPAN)


def when(condition: t.Expr, then: t.Expr, otherwise: t.Expr | None = None) -> t.If:
    kind: Type = Prim.UNIT if otherwise is None else then.type
    if kind is Prim.NEVER and otherwise is not None:
        kind = otherwise.type
    return t.If(condition=condition, then=then, otherwise=otherwise, type=kind, span=SPAN)


def loop(condition: t.Expr, *statements: t.Statement) -> t.While:
    return t.While(condition=condition, body=block(statements), span=SPAN)


def function(
    name: str,
    parameters: Sequence[t.Local],
    body: t.Block,
    *,
    result: Type | None = None,
    mutated: Sequence[int] = (),
) -> t.Function:
    return t.Function(
        id=name,
        name=name,
        parameters=tuple(parameters),
        locals=(),
        mutated=frozenset(mutated),
        result=body.type if result is None else result,
        body=body,
        span=SPAN,
    )


def program(
    *functions: t.Function,
    exports: Sequence[str] | None = None,
    structs: Sequence[StructDef] = (),
    enums: Sequence[EnumDef] = (),
    charter: Sequence[t.CharterNode] = (),
) -> t.Program:
    names = [f.id for f in functions] if exports is None else exports
    return t.Program(
        functions={f.id: f for f in functions},
        exports=tuple(t.Export(name=name, function=name, doc=None) for name in names),
        structs={s.type.id: s for s in structs},
        enums={e.type.id: e for e in enums},
        charter=tuple(charter),
        packed=(),
    )


def build(tree: t.Program) -> Artifact:
    sources = SourceMap()
    sources.add("test.ccl", TEXT)
    return emit(tree, sources, source_cids={}, compiler_version="test")


@dataclass
class Trapped(Exception):
    """What the module said when it stopped."""

    reason: str
    detail: str


@dataclass
class Host:
    """Answers of the host by call; what was called is kept."""

    answers: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def answer(self, call: str, values: tuple[Any, ...]) -> Any:
        """A number, or the content of a buffer; None for no answer. `values`: text or bytes."""
        self.calls.append((call, values))
        return self.answers.get(call)


_ENGINE = quick_engine(fuel=False)


class Running:
    """An instance of a module, with the memory limit in bytes."""

    def __init__(
        self, artifact: Artifact, host: Host | None = None, memory: int = 64 << 20
    ) -> None:
        self.artifact = artifact
        self.host = host or Host()
        self.store = wasmtime.Store(_ENGINE)
        self.store.set_limits(memory_size=memory)
        self._linker = wasmtime.Linker(_ENGINE)
        self._module = wasmtime.Module(_ENGINE, artifact.wasm)
        for imported in self._module.imports:
            self._define(self._linker, HOST_CALLS[imported.name or ""])
        self.start()

    def start(self) -> None:
        """With a new instance of the module: after a trap the old one is of no use."""
        self.exports: Any = self._linker.instantiate(self.store, self._module).exports(self.store)
        self.memory: wasmtime.Memory = self.exports["memory"]

    def _define(self, linker: wasmtime.Linker, definition: HostCall) -> None:
        kinds = {"i32": wasmtime.ValType.i32(), "i64": wasmtime.ValType.i64()}
        result = definition.wasm_result
        shape = wasmtime.FuncType(
            [kinds[k] for k in definition.wasm_parameters], [kinds[result]] if result else []
        )
        linker.define_func("icn_host", definition.name, shape, self._answering(definition))

    def _answering(self, definition: HostCall) -> Callable[..., Any]:
        def answer(*raw: int) -> Any:
            values: list[Any] = []
            rest = list(raw)
            for parameter in definition.parameters:
                if parameter.wire is Wire.INTEGER:
                    values.append(rest.pop(0))
                    continue
                start, length = rest.pop(0), rest.pop(0)
                content = self.read(start, length)
                values.append(content.decode() if parameter.wire is Wire.TEXT else content)
            given = self.host.answer(definition.name, tuple(values))
            if definition.answer is not Answer.BUFFER:
                return given
            if given is None:
                return -1
            if len(given) <= rest[1]:
                self.memory.write(self.store, given, rest[0])
            return len(given)

        return answer

    def read(self, start: int, length: int) -> bytes:
        return bytes(self.memory.read(self.store, start, start + length))

    def call(self, name: str, *arguments: int) -> Any:
        """A direct call."""
        try:
            return self.exports[name](self.store, *arguments)
        except wasmtime.Trap as error:
            site = self.exports["ccl_site"].value(self.store)
            if site == 0:
                raise AssertionError("an implicit trap") from error
            start = self.exports["ccl_detail_ptr"].value(self.store)
            length = self.exports["ccl_detail_len"].value(self.store)
            reason = self.artifact.sites[site - 1].reason
            raise Trapped(reason, self.read(start, length).decode()) from None

    def apply(self, name: str, *arguments: Any) -> Any:
        """A packed call: values as DAG-CBOR takes them."""
        return self.apply_bytes(name, encode(list(arguments)))

    def apply_bytes(self, name: str, content: bytes) -> Any:
        start = self.exports["ccl_allocate"](self.store, len(content))
        self.memory.write(self.store, content, start)
        packed = self.call(name, start, len(content))
        return decode(self.read(packed >> 32, packed & 0xFFFFFFFF))

    @property
    def pages(self) -> int:
        return self.memory.size(self.store)

    def live_blocks(self) -> int:
        """Blocks in use, apart from the encoder's buffer; the heap must be in order."""

        def word(address: int) -> int:
            return int.from_bytes(self.read(address, 4), "little")

        at, end, buffer = word(20), word(16), word(24)
        live, free, before_is_free = 0, [], 0
        while at < end:
            size, flags = word(at + 4) & -8, word(at + 4) & 7
            assert size >= 16, "a block holds what it needs when it is free"
            assert flags & 1 == before_is_free, "a block knows whether the one before is free"
            before_is_free = flags >> 1 & 1
            if before_is_free:
                assert flags == 2, "free blocks are no neighbours"
                assert word(at + size - 4) == size, "a free block ends with its size"
                free.append(at)
            elif at + 8 != buffer:
                live += 1
            at += size
        assert at == end, "blocks follow one another"
        assert not before_is_free, "what is free at the end is unused memory"
        listed = []
        for head in range(32, 288, 4):
            before, block = head, word(head)
            while block:
                assert word(block + 8) == before, "lists are linked both ways"
                listed.append(block)
                before, block = block, word(block)
        assert sorted(listed) == free, "every free block is in one list"
        return live


def running(*functions: t.Function, **rest: Any) -> Running:
    host = rest.pop("host", None)
    memory = rest.pop("memory", 64 << 20)
    return Running(build(program(*functions, **rest)), host, memory)
