"""Modules of programs: functions, exports, and the routines that they need."""

from collections.abc import Callable, Mapping, Sequence

from ccl.abi.bounds import Formula
from ccl.abi.layout import (
    CALL_DEPTH_MAX,
    DETAIL_LENGTH_GLOBAL,
    DETAIL_POINTER_GLOBAL,
    IMMORTAL,
    MEMORY_EXPORT,
    SITE_GLOBAL,
)
from ccl.abi.sections import Abi, CallSite, Site
from ccl.abi.test_calls import ALL_CALLS, import_module
from ccl.analysis.analyses import Analyses, FunctionAnalyses
from ccl.codegen import charter_export, exports
from ccl.codegen.call_sites import call_sites
from ccl.codegen.codecs import decoding
from ccl.codegen.function_builder import Callee, FunctionBuilder
from ccl.codegen.functions import expressions
from ccl.codegen.module_builder import DATA_START, ModuleBuilder, Sites
from ccl.codegen.peephole import optimised
from ccl.ir.layout import value_type
from ccl.ir.typed import Function, Program
from ccl.ir.types import Prim, is_reference
from ccl.source.spans import SourceMap, Span
from ccl.support.cancellation import Cancellation
from ccl.support.node import Node
from ccl.wasm import model
from ccl.wasm.routines import closure

PAGE_BYTES = 65536
CALL_DEPTH = f"call depth over {CALL_DEPTH_MAX}"
_ENTER = ("global.get $depth", "i32.const 1", "i32.sub", "global.set $depth")
_LEAVE = ("global.get $depth", "i32.const 1", "i32.add", "global.set $depth")


class Notes(Node, frozen=True, kw_only=True):
    """Facts of a function for its bounds of fuel, beside its text."""

    function: Function
    iteration_bounds: Mapping[str, Formula | Span]
    callees: Mapping[str, Sequence[Callee]]
    """By name of the callee, in order of the calls."""
    longest: Callable[[], Formula | Span]
    """Bytes of the longest text or Data in it; the place of the first that is unbounded."""


class Lowered(Node, frozen=True, kw_only=True):
    program: Program
    module: model.Module
    abi: Abi
    sites: tuple[Site, ...]
    calls: tuple[CallSite, ...]
    notes: Mapping[str, Notes]
    """By name of a function of the module."""
    behind: Mapping[str, Function]
    """By name of the function that an export names, the program's function behind it."""
    decoders: frozenset[str]
    """Names of the routines that read a value of any length."""


def lower(analyses: Analyses, sources: SourceMap, cancellation: Cancellation) -> Lowered:
    """Generates the module of a program; functions that no export reaches are left out.

    Raises Cancelled between two functions.
    """
    program = analyses.program
    module = ModuleBuilder(analyses, Sites(sources))
    notes: dict[str, Notes] = {}
    functions: list[model.Function] = []
    for each in analyses.functions():
        cancellation.check()
        functions.append(_function(module, each, notes))
    entries, names = exports.entries(module)
    functions += entries
    behind = {
        name: program.functions[export.function]
        for export, (_, name) in zip(program.exports, names, strict=False)
    }
    replay = charter_export.replay(module, sources)
    if replay is not None:
        functions.append(replay)
        names += ((charter_export.EXPORT, replay.name),)
    states = [each for each in program.states.values() if each.id in module.states]
    made = _module(module, tuple(functions), names)
    return Lowered(
        program=program,
        module=made,
        abi=exports.abi(program, states, sources, has_charter=replay is not None),
        sites=module.sites.table(),
        calls=call_sites(made, sources),
        notes=notes,
        behind=behind,
        decoders=module.routines_of(decoding.DECODE),
    )


def _function(
    module: ModuleBuilder, analyses: FunctionAnalyses, notes: dict[str, Notes]
) -> model.Function:
    function = analyses.function
    f = FunctionBuilder(module=module, analyses=analyses, lower=expressions.lower)
    parameters: list[model.Variable] = []
    for parameter in function.parameters:
        kind = value_type(parameter.type)
        if kind is not None:
            parameters.append((f.parameter(parameter), kind))
    for parameter in function.parameters:
        if is_reference(parameter.type) and parameter.index in f.analyses.survey.rebound:
            f.add_owner(parameter)
    f.emit("global.get $depth", "i32.eqz", "if")
    f.trap(function.span, CALL_DEPTH)
    f.emit("end")
    if f.analyses.survey.calls:
        f.emit(*_ENTER)
        f.leave = _LEAVE
    f.own(function.body)
    f.end_scope(0, reachable=function.body.type is not Prim.NEVER)
    if function.body.type is not Prim.NEVER:
        f.emit(*f.leave)
    name = module.function_name(function)
    notes[name] = Notes(
        function=function,
        iteration_bounds=f.iteration_bounds,
        callees=_by_name(f.callees),
        longest=f.analyses.sizes.longest,
    )
    return model.Function(
        name=name,
        title=function.name,
        parameters=tuple(parameters),
        result=value_type(function.result),
        locals=tuple(f.locals),
        body=optimised(f.body),
    )


def _by_name(callees: Sequence[Callee]) -> Mapping[str, Sequence[Callee]]:
    found: dict[str, list[Callee]] = {}
    for each in callees:
        found.setdefault(each.name, []).append(each)
    return found


def _state_globals(module: ModuleBuilder) -> tuple[model.Global, ...]:
    """Returns one global for each state variable in use; the null pointer may be released."""
    states = module.program.states
    return tuple(
        model.Global(
            name=name, initial=0, export=None, type=value_type(states[state].type) or "i64"
        )
        for state, name in module.states.items()
    )


def _module(
    module: ModuleBuilder, functions: tuple[model.Function, ...], names: tuple[tuple[str, str], ...]
) -> model.Module:
    routines = module.routine_texts()
    wanted = module.called | {"trap"} | exports.references(routines)
    library = closure(wanted)
    used = wanted | {use for routine in library for use in routine.uses}
    heap = (module.constants.end + 15) // 16 * 16
    words = bytearray(DATA_START)
    words[0:4] = IMMORTAL.to_bytes(4, "little")
    words[16:20] = words[20:24] = heap.to_bytes(4, "little")
    head = bytes(words[:24])
    data = [model.Data(address=0, content=head)]
    if module.constants.content:
        data.append(model.Data(address=DATA_START, content=bytes(module.constants.content)))
    return model.Module(
        imports=tuple(
            model.Import(
                module=import_module(call),
                name=call.name,
                parameters=call.wasm_parameters,
                result=call.wasm_result,
            )
            for call in ALL_CALLS.values()
            if call.name in used
        ),
        memory_pages=(heap + PAGE_BYTES - 1) // PAGE_BYTES,
        memory_export=MEMORY_EXPORT,
        globals=(
            model.Global(name="ccl_site", initial=0, export=SITE_GLOBAL),
            model.Global(name="ccl_detail_ptr", initial=0, export=DETAIL_POINTER_GLOBAL),
            model.Global(name="ccl_detail_len", initial=0, export=DETAIL_LENGTH_GLOBAL),
            model.Global(name="depth", initial=CALL_DEPTH_MAX, export=None),
            *_state_globals(module),
        ),
        data=tuple(data),
        library=tuple(routine.text for routine in library) + routines,
        functions=functions,
        table=tuple(module.table),
        exports=names,
    )
