"""The interface of a module: export functions, the calling convention, `ccl:abi`."""

from collections.abc import Iterable, Sequence

from ccl.abi.layout import ALLOCATE_EXPORT, CHARTER_EXPORT, HEADER_BYTES
from ccl.abi.sections import ENTRY_ERR_REASON, Abi, Article, ExportSignature, StateVariable
from ccl.codegen.codecs import decoding, encoding, routines
from ccl.codegen.function_builder import OUT_OF_MEMORY
from ccl.codegen.module_builder import ModuleBuilder
from ccl.ir.layout import load, payload_offset, value_type
from ccl.ir.type_names import TypeNames
from ccl.ir.typed import Export, Function, Program, State
from ccl.ir.types import Enumeration, Prim, Result, Struct, Type, is_reference
from ccl.source.spans import SourceMap
from ccl.wasm import model
from ccl.wasm.routines import names_in

MALFORMED_ARGUMENTS = "malformed arguments"

NOT_ENCODABLE = "out of memory or nested too deeply"


def references(texts: Iterable[str]) -> set[str]:
    """Returns the names that routines of types use."""
    return {name for text in texts for name in names_in(text)}


def is_direct(function: Function) -> bool:
    """Returns whether every value crosses as a WebAssembly value."""
    kinds = (function.result, *(parameter.type for parameter in function.parameters))
    return not any(is_reference(kind) for kind in kinds) and all(
        value_type(parameter.type) is not None for parameter in function.parameters
    )


# --- functions --------------------------------------------------------------------------


def entries(module: ModuleBuilder) -> tuple[list[model.Function], tuple[tuple[str, str], ...]]:
    """Builds the functions behind packed exports; lists all exports as (name, function)."""
    functions: list[model.Function] = []
    names: list[tuple[str, str]] = []
    for export in module.program.exports:
        function = module.program.functions[export.function]
        if is_direct(function):
            names.append((export.name, module.function_name(function)))
        else:
            functions.append(_packed(module, export, function))
            names.append((export.name, functions[-1].name))
    if functions:
        functions.append(
            _allocate(module, module.program.functions[module.program.exports[0].function])
        )
        names.append((ALLOCATE_EXPORT, functions[-1].name))
    return functions, tuple(names)


def _allocate(module: ModuleBuilder, first: Function) -> model.Function:
    site = module.sites.number(first.span, OUT_OF_MEMORY)
    module.called.add("allocate")
    return model.Function(
        name=module.fresh("allocate_arguments"),
        parameters=(("bytes", "i32"),),
        result="i32",
        locals=(),
        body=(
            "local.get $bytes",
            f"i32.const {site}",
            "call $allocate",
            f"i32.const {HEADER_BYTES}",
            "i32.add",
        ),
    )


def _packed(module: ModuleBuilder, export: Export, function: Function) -> model.Function:
    """Builds an entry: it reads and frees the argument list, calls, and writes the result."""
    module.called.update(("in_begin", "take_exactly", "in_finish", "free", "out_begin"))
    module.called.update(("out_address", "out_size", "put_byte"))
    locals_: list[model.Variable] = []
    malformed = module.sites.number(function.span, MALFORMED_ARGUMENTS)
    count = len(function.parameters)
    plural = "" if count == 1 else "s"
    expected = module.constants.text(f"expected a list of {count} argument{plural}")
    body = [
        f"(call $in_begin (local.get $ptr) (local.get $len) {decoding.begin(module)}"
        f" (i32.const {malformed}))",
        f"(call $take_exactly (i32.const 4) (i32.const {count}) (i32.const {expected}))",
    ]
    for number, parameter in enumerate(function.parameters):
        kind = value_type(parameter.type)
        text = decoding.decode(module, parameter.type)
        if kind is not None:
            locals_.append((f"argument.{number}", kind))
            text = f"(local.set $argument.{number} {text})"
        body.append(text)
    body += ["(call $in_finish)"]
    body += [f"(call $free (i32.sub (local.get $ptr) (i32.const {HEADER_BYTES})))"]
    arguments = [f"local.get ${name}" for name, _ in locals_]
    body += [*arguments, f"call ${module.function_name(function)}"]
    if value_type(function.result) is not None:
        locals_.append(("result", value_type(function.result) or "i64"))
        body.append("local.set $result")
    for number, parameter in enumerate(function.parameters):
        if is_reference(parameter.type):
            release = routines.release(module, parameter.type)
            module.called.add(release)
            body += [f"local.get $argument.{number}", f"call ${release}"]
    body += _result(module, function)
    return model.Function(
        name=module.fresh(f"entry.{module.function_name(function).removeprefix('fn.')}"),
        title=export.name,
        parameters=(("ptr", "i32"), ("len", "i32")),
        result="i64",
        locals=tuple(locals_),
        body=body,
    )


def _result(module: ModuleBuilder, function: Function) -> list[str]:
    """Encodes the result and releases it; an Err is a trap with its text."""
    kind = function.result
    body: list[str] = []
    if isinstance(kind, Result):
        body += _refuse_err(module, function, kind)
    site = module.sites.number(function.span, NOT_ENCODABLE)
    body.append(f"(call $out_begin (i32.const {site}))")
    if value_type(kind) is None:
        body.append(f"(call $put_byte (i32.const {encoding.NULL}))")
    else:
        body += ["local.get $result", encoding.encode(module, kind)]
        if is_reference(kind):
            release = routines.release(module, kind)
            module.called.add(release)
            body += ["local.get $result", f"call ${release}"]
    body += ["call $out_address", "i64.extend_i32_u", "i64.const 32", "i64.shl"]
    body += ["call $out_size", "i64.extend_i32_u", "i64.or"]
    return body


def _refuse_err(module: ModuleBuilder, function: Function, kind: Result) -> list[str]:
    site = module.sites.number(function.span, ENTRY_ERR_REASON)
    body = ["local.get $result", "i64.load offset=8", "i64.eqz", "i32.eqz", "if"]
    if kind.err in (Prim.STRING, Prim.DID, Prim.CID):
        module.called.add("trap_with")
        body += ["local.get $result", load(kind.err, payload_offset(0))]
        body += [f"i32.const {site}", "call $trap_with"]
    else:
        body += [f"i32.const {site}", "call $trap"]
    return [*body, "unreachable", "end"]


# --- the description --------------------------------------------------------------------


def abi(program: Program, states: Sequence[State], sources: SourceMap, *, has_charter: bool) -> Abi:
    """Describes the exports and the state that they use, with the structs and enums named there."""
    functions = [(export, program.functions[export.function]) for export in program.exports]
    described = _all_types(
        program,
        [
            *(kind for _, f in functions for kind in (f.result, *(p.type for p in f.parameters))),
            *(state.type for state in states),
        ],
    )
    names = TypeNames(described)
    signatures = [
        ExportSignature(
            name=export.name,
            convention="direct" if is_direct(function) else "packed",
            parameters=tuple((p.name, names(p.type)) for p in function.parameters),
            result=names(function.result),
            doc=export.doc,
        )
        for export, function in functions
    ]
    if has_charter:
        signatures.append(
            ExportSignature(
                name=CHARTER_EXPORT,
                convention="direct",
                parameters=(),
                result=str(Prim.UNIT),
                doc=None,
            )
        )
    articles = (
        Article(
            number=each.number,
            place=sources.place(each.span),
            cited=tuple(map(sources.place, each.cited)),
        )
        for each in program.articles
    )
    structs = {
        names(kind): tuple((name, names(part)) for name, part in program.structs[kind.id].fields)
        for kind in described
        if isinstance(kind, Struct)
    }
    enums = {
        names(kind): tuple((n, tuple(map(names, p))) for n, p in program.enums[kind.id].variants)
        for kind in described
        if isinstance(kind, Enumeration)
    }
    return Abi(
        exports=tuple(signatures),
        states=tuple(
            StateVariable(home=s.home, name=s.name, type=names(s.type), shape=s.shape)
            for s in states
        ),
        structs=dict(sorted(structs.items())),
        enums=dict(sorted(enums.items())),
        articles=tuple(articles),
    )


def _all_types(program: Program, pending: list[Type]) -> list[Type]:
    """Returns these types and their parts at any depth, each once."""
    seen: dict[Type, None] = {}
    while pending:
        kind = pending.pop()
        if kind not in seen:
            seen[kind] = None
            pending.extend(routines.parts_of(program, kind))
    return list(seen)
