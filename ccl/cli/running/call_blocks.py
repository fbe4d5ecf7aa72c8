"""A call as a block, which names a run and outlives its files.

Rule: everything that the result of a local execution depends on, besides the mesh's own records, is
in the call; the same call is the same run.
"""

from ccl.abi.sections import Abi
from ccl.cli.running.execution import Call
from ccl.cli.running.program import Module, Program, nested_modules
from ccl.source.spans import SourceMap
from ccl.wasm.inspect import inspect_module
from mesh.core.jobs.runs import LocalRun, Origin, PackedModule
from mesh.embedded.mesh import EmbeddedMesh
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import decode, encode


def call_block(call: Call) -> tuple[Cid, bytes]:
    """Encodes module, entry, arguments, input, records and seed; its CID is the key of the run."""
    given = None if call.input is None else call.input[0]
    named = [
        call.program.root.cid,
        call.entry,
        call.arguments,
        given,
        dict(call.records),
        call.seed,
    ]
    data = encode(named)
    return cid_of(data, Codec.DAG_CBOR), data


def origin_of(call: Call, file: str, *, now: int) -> Origin:
    return Origin(
        file=file,
        source=source_of(call.program)[0],
        packed=tuple(PackedModule(path=each.path, cid=each.cid) for each in call.program.packed),
        fuel=call.limits.fuel,
        memory_bytes=call.limits.memory_bytes,
        started_at=now,
    )


def source_of(program: Program) -> tuple[Cid, bytes]:
    """Gives the root file's text as a block."""
    source = program.names.sources[0].text.encode("utf-8")
    return cid_of(source, Codec.RAW), source


def stored_blocks(call: Call) -> tuple[tuple[Cid, bytes], ...]:
    """Lists the blocks that `stored_call` reads, and those that the program's jobs name."""
    program = call.program
    modules = (program.root, *program.packed, *program.nested)
    given = () if call.input is None else (call.input,)
    return (
        call_block(call),
        source_of(program),
        *((each.cid, each.wasm) for each in modules),
        *given,
    )


def stored_call(mesh: EmbeddedMesh, key: Cid, run: LocalRun) -> Call:
    """Reads the call of an unfinished run, without its original files.

    Raises CommandError `block-missing`. Of the sources only the root file is there, so that an
    error inside of an imported file shows its place without the line.
    """
    module, entry, arguments, given, records, seed = decode(mesh.get_block(key))
    return Call(
        program=_stored_program(mesh, module, run.origin),
        entry=entry,
        arguments=arguments,
        input=None if given is None else (given, mesh.get_block(given)),
        records=records,
        limits=run.origin.limits,
        results={},
        seed=seed,
    )


def _stored_program(mesh: EmbeddedMesh, module: Cid, origin: Origin) -> Program:
    name = origin.file.rpartition("/")[2]
    root = Module(path=name, cid=module, wasm=mesh.get_block(module))
    packed = tuple(
        Module(path=each.path, cid=each.cid, wasm=mesh.get_block(each.cid))
        for each in origin.packed
    )
    names = SourceMap()
    names.add(name, mesh.get_block(origin.source).decode("utf-8"))
    return Program(
        root=root,
        packed=packed,
        nested=nested_modules(packed),
        abi=_abi(root.wasm),
        readers=frozenset(),
        names=names,
        functions=(),
        proposals=(),
        stateless=(),
    )


def _abi(wasm: bytes) -> Abi:
    abi = inspect_module(wasm).abi
    assert abi is not None, "every module that we compile describes its exports"
    return abi
