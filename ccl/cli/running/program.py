"""A program on its way to the sandbox: compiled, with its entry, arguments and context."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import typer
from msgspec import Struct

from ccl.abi.layout import CHARTER_EXPORT, HANDLER_PREFIX, RUN_EXPORT
from ccl.abi.sections import PACKED_SECTION, Abi, ExportSignature
from ccl.abi.text.suggest import nearest
from ccl.abi.text.values import parse_type, to_json, untyped_to_json
from ccl.cli.admission import admission
from ccl.cli.compiling.findings import Findings
from ccl.cli.compiling.report import answer_findings, show_findings
from ccl.cli.compiling.sources import project_for
from ccl.cli.files import read_bytes, read_source
from ccl.cli.running.inputs.input_use import entries_reading_input
from ccl.diagnostics.render import FULL
from ccl.pipeline import Compilation, compile_text
from ccl.source.spans import SourceMap
from ccl.syntax import ast
from ccl.wasm.binary import sections
from ccl.wasm.inspect import inspect_module
from runtime.content.cid import Cid, Codec, cid_of, parse_cid
from runtime.content.codec import decode
from runtime.content.did import Did
from runtime.execution.context import (
    INPUT_BYTES_MAX,
    OUTPUT_BYTES_MAX,
    REPUTATION_UNKNOWN,
    Context,
    Limits,
)
from runtime.terminal.errors import CommandError, ExitCode

EXECUTION_WORD: Final = "execution"
REPLAY_CALLS: Final = frozenset({"host_begin_section", "host_set_property", "host_leave_undecided"})
"""The host call that only the export `charter` makes."""
_NO_RECORDS: Final[Mapping[str, Any]] = MappingProxyType({})


class Module(Struct, frozen=True, kw_only=True):
    """A module and the path it was compiled from."""

    path: str
    cid: Cid
    wasm: bytes


class Program(Struct, frozen=True, kw_only=True):
    """The compiled root, the modules packed along, and the facts that explain a trap."""

    root: Module
    packed: tuple[Module, ...]
    nested: tuple[Module, ...]
    """Modules that the packed modules have packed along themselves, at any depth."""
    abi: Abi
    names: SourceMap
    """The sources under their paths in the module, which trap sites use."""
    readers: frozenset[str]
    """The entries that read the input."""
    functions: tuple[str, ...]
    """Valid names for --entry, besides those of handlers."""
    proposals: tuple[str, ...]
    """Names of the proposals that the file and its contracts declare."""
    stateless: tuple[str, ...]
    """Homes of the file and its contracts in which the program declares no state."""


def compile_program(file: Path, entry: str, allowed: tuple[Path, ...] = ()) -> Program:
    """Compiles `file` with `entry` reachable. Raises CommandError, and Exit(1) after showing
    errors; warnings are for `cclc check`, not for every run of the program."""
    return compile_text_of(read_source(file), file, entry, allowed)


def compile_text_of(text: str, file: Path, entry: str, allowed: tuple[Path, ...]) -> Program:
    """Compiles text that was read from `file`, in the same way."""
    reachable = frozenset(() if _is_fixed(entry) else (entry,))
    compiled = compile_text(
        text,
        path=file.as_posix(),
        extra_exports=reachable,
        project=project_for(file, allowed),
        admission=admission,
    )
    findings = Findings(
        sources=compiled.compilation.sources, diagnostics=compiled.compilation.sink.diagnostics
    )
    answer_findings(findings)
    if compiled.wasm is None or compiled.cid is None:
        show_findings(findings, FULL)
        raise typer.Exit(ExitCode.FAILED)
    abi = inspect_module(compiled.wasm).abi
    assert abi is not None, "every module that we compile describes its exports"
    tree = compiled.compilation.program
    assert tree is not None, "a module is made from a tree"
    packed = tuple(
        Module(path=each.path.removeprefix("./"), cid=parse_cid(each.cid), wasm=each.wasm)
        for each in compiled.packed
    )
    return Program(
        root=Module(path=file.name, cid=parse_cid(compiled.cid), wasm=compiled.wasm),
        packed=packed,
        nested=nested_modules(packed),
        abi=abi,
        readers=entries_reading_input(tree),
        names=compiled.compilation.names,
        functions=_function_names(compiled.compilation.module),
        proposals=_proposal_names(compiled.compilation.module),
        stateless=_stateless(compiled.compilation, abi),
    )


def nested_modules(packed: Iterable[Module]) -> tuple[Module, ...]:
    """Lists the modules inside of these; a module that we compiled carries those that it may
    submit."""
    found: list[Module] = []
    for module in packed:
        for section in sections(module.wasm):
            if section.name == PACKED_SECTION:
                data = module.wasm[section.start : section.end]
                inner = [
                    Module(path=f"a module of {module.path}", cid=parse_cid(cid), wasm=wasm)
                    for cid, wasm in decode(data, bytes_max=len(data)).items()
                ]
                found += [*inner, *nested_modules(inner)]
    return tuple(found)


def _function_names(module: ast.Module | None) -> tuple[str, ...]:
    items = () if module is None else module.items
    functions = (item for item in items if isinstance(item, ast.Function))
    return tuple(item.name.text for item in functions if not item.test)


def _proposal_names(module: ast.Module | None) -> tuple[str, ...]:
    return () if module is None else tuple(_proposals_among(module.items))


def _proposals_among(items: Iterable[ast.Item]) -> Iterator[str]:
    for item in items:
        match item:
            case ast.Section(key=ast.Key(text="proposal", quoted=False), value=ast.Name(text=name)):
                yield name
            case ast.Section(key=ast.Key(text="contract" | "public", quoted=False)):
                yield from _proposals_among(item.entries)
            case _:
                pass


def _stateless(compilation: Compilation, abi: Abi) -> tuple[str, ...]:
    declared = {variable.home for variable in abi.states}
    return tuple(home for home in compilation.homes if home not in declared)


def _is_fixed(entry: str) -> bool:
    return entry == RUN_EXPORT or entry.startswith(HANDLER_PREFIX)


def has_charter(program: Program) -> bool:
    """Returns whether `charter` replays declarations; a program without any may export a function
    of that name."""
    is_exported = any(each.name == CHARTER_EXPORT for each in program.abi.exports)
    imports = inspect_module(program.root.wasm).imports if is_exported else ()
    return any(each.name in REPLAY_CALLS for each in imports)


def entry_signature(program: Program, entry: str) -> ExportSignature:
    """Finds the export called `entry`. Raises CommandError with the exports that exist."""
    exports = {export.name: export for export in program.abi.exports}
    if entry in exports:
        return exports[entry]
    names = sorted({*exports, *program.functions})
    if entry == RUN_EXPORT:
        message = f"{program.root.path} has no `execution {{ }}` and no `fn run`"
        hint = 'add one, for instance `execution { log("Hello"); }`'
    else:
        message = f"{program.root.path} has no function or handler '{entry}'"
        hint = _of_a_proposal(entry, program) or _suggestion(entry, names)
    if names:
        hint += f"; --entry takes {', '.join(names)}"
    raise CommandError(
        ExitCode.NOT_FOUND,
        "no-entry",
        message,
        hint=hint,
        details={"entry": entry},
    )


def _of_a_proposal(entry: str, program: Program) -> str | None:
    """Explains `Spend.close` or `Coop.Spend.close`, where the functions of Spend are not
    exported."""
    *_, name, member = ("", *re.split(r"[.:]+", entry))
    exported = {each.name for each in program.abi.exports}
    if name not in program.proposals or f"{name}_{member}" in exported:
        return None
    return (
        f"functions of the proposal {name} are exported if it is in `public {{ … }}` of a "
        f"contract; elsewhere, write a function that calls `{name}.{member}`"
    )


def _suggestion(entry: str, names: Sequence[str]) -> str:
    """Suggests an entry with a similar name."""
    if entry == EXECUTION_WORD and RUN_EXPORT in names:
        return f"the execution is the entry '{RUN_EXPORT}', which is called without --entry"
    handlers = {name.removeprefix(HANDLER_PREFIX): name for name in names}
    near = entry if entry in handlers else nearest(entry, (*names, *handlers))
    if near is not None:
        return f"did you mean '{handlers.get(near, near)}'?"
    return "name an existing one" if names else "it has none that could be called"


def read_input(path: Path | None) -> tuple[Cid, bytes] | None:
    """Reads the input file as a raw block. Raises CommandError."""
    if path is None:
        return None
    data = read_bytes(path, limit=INPUT_BYTES_MAX, what="input")
    return cid_of(data, Codec.RAW), data


def build_context(
    *,
    entry: str,
    arguments: bytes | None,
    caller: Did,
    now: int,
    seed: bytes,
    input_cid: Cid | None,
    balances: Mapping[str, int],
    policies: Mapping[str, Any],
    engine: str,
    limits: Limits,
    records: Mapping[str, Any] = _NO_RECORDS,
    results: Mapping[str, Any] = _NO_RECORDS,
    state_root: Cid | None = None,
    tokens: Cid | None = None,
    reputation: int = REPUTATION_UNKNOWN,
) -> Context:
    """Builds the context of a local execution."""
    return Context(
        entry=entry,
        arguments=arguments,
        owner=caller,
        caller=caller,
        now=now,
        received_at=now,
        seed=seed,
        limits=limits,
        engine=engine,
        input=input_cid,
        balances=balances,
        policies=policies,
        records=records,
        results=results,
        state_root=state_root,
        tokens=tokens,
        reputation=reputation,
    )


def output_to_json(cid: Cid, data: bytes, abi: Abi, entry: str) -> Any:
    """Converts an output block to JSON: by the entry's type, or as the bytes that the program
    wrote."""
    if cid.codec is not Codec.DAG_CBOR:
        return bytes_to_json(data)
    value = decode(data, bytes_max=OUTPUT_BYTES_MAX)
    signature = next((export for export in abi.exports if export.name == entry), None)
    if signature is None:
        return untyped_to_json(value)
    return to_json(parse_type(signature.result), value, abi)


def bytes_to_json(data: bytes) -> Any:
    """Converts bytes to text, or to hexadecimal if they are none."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"hex": data.hex()}
