"""The admission of a job's module by its submitter: facts, or why no node could execute it.

Rule: the submitter and every node give the same verdict, from the module's bytes, the entry, the
arguments and the memory asked for alone; the engine gives its own in a process that holds no keys.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from ccl.abi.sections import WASM_MAGIC
from mesh.actors.submitter.rows import JOBS
from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.ports.blocks import BlockReader
from mesh.core.proofs.contents import module_bytes
from mesh.core.records.jobs import JobManifest
from mesh.core.unixfs import PieceMissing, UnixFsError
from mesh.queries.reader import Reader
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.context import MEMORY_BYTES_MAX, MIB
from runtime.execution.execution import OutcomeKind
from runtime.module.check import PAGE_BYTES, ModuleFacts, Rejection
from runtime.module.entry_plan import MISFIT, NO_ENTRY, refusal_of
from runtime.sandbox.admission import Admission
from runtime.sandbox.request import Fault
from runtime.terminal.errors import CommandError, ExitCode


def module_facts(admission: Admission, name: str, cid: Cid, data: bytes) -> ModuleFacts:
    """The facts of a module. Raises CommandError `not-a-module`, `module-refused`, and
    `module-unchecked` where this machine cannot say. name: what the user called it."""
    found = admission.admit(_bare(cid, data), data)
    match found:
        case ModuleFacts():
            return found
        case Rejection():
            raise _refused(name, data, found)
        case Fault():
            raise unchecked(name, found)


def check_callable(facts: ModuleFacts, name: str, request: JobRequest) -> None:
    """Raise CommandError where it cannot be called (`no-entry`, `wrong-arguments`,
    `not-callable`), and `over-limit` where it would start with more memory than is asked for."""
    entry, memory_bytes = request.entry, request.requirements.memory_bytes
    refused = refusal_of(facts, entry, request.arguments, memory_bytes)
    if refused is None:
        return
    if refused.kind is OutcomeKind.LIMIT:
        needed = facts.memory_pages * PAGE_BYTES
        enough = -(-needed // MIB)
        raise CommandError(
            ExitCode.USAGE,
            "over-limit",
            f"{name}: {refused.cause}",
            hint=f"give it more: --memory {enough}"
            if needed <= MEMORY_BYTES_MAX
            else f"build it for at most {MEMORY_BYTES_MAX} bytes: no execution has more",
            details={"limit": "memory_bytes", "most": memory_bytes, "found": needed},
        )
    kind, code, hint = _uncallable(refused.reason)
    raise CommandError(
        kind,
        code,
        f"{name}: {refused.cause}",
        hint=hint,
        details={
            "module": name,
            "entry": entry,
            "reason": refused.reason,
            "detail": refused.detail,
        },
    )


def _uncallable(reason: str) -> tuple[ExitCode, str, str]:
    """The exit code, the code and the next step of a call that cannot be made."""
    if reason.startswith(NO_ENTRY):
        return ExitCode.NOT_FOUND, "no-entry", "name another export as the entry"
    if reason == MISFIT:
        return ExitCode.USAGE, "wrong-arguments", "give the arguments that it takes"
    return ExitCode.USAGE, "not-callable", "name another export as the entry"


def check_request(admission: Admission, request: JobRequest, data: bytes) -> None:
    """Raise CommandError where no node could execute what is asked for."""
    name = str(request.module)
    facts = module_facts(admission, name, request.module, data)
    check_callable(facts, name, request)


def check_requests(
    admission: Admission,
    requests: Iterable[JobRequest],
    given: Mapping[Cid, bytes],
    held: BlockReader,
) -> None:
    """Raise CommandError for the first request that no node could execute. given: blocks that would
    be stored with them; held: those that are. A module that is nowhere is not judged."""
    modules = dict(given)
    for request in requests:
        cid = request.module
        if cid not in modules:
            try:
                modules[cid] = module_bytes(cid, held.get)
            except PieceMissing:
                continue
            except UnixFsError as error:
                raise CommandError(
                    ExitCode.FAILED,
                    "not-a-file",
                    f"{cid} cannot be read as a file: {error}",
                    hint="supply the module itself with `meshctl block put FILE` and name that CID",
                ) from None
        check_request(admission, request, modules[cid])


def awaited_modules(reader: Reader, given: Mapping[Cid, bytes]) -> dict[Cid, bytes]:
    """The modules that given blocks complete, of jobs that wait for one of these blocks."""
    waiting = reader.rows(JOBS).select(phase=Phase.SUBMITTED, missing=frozenset(given))

    def block_of(cid: Cid) -> bytes | None:
        return given.get(cid) or reader.blocks.get(cid)

    found = {}
    for cid in {reader.record(JobManifest, row.job.manifest).body.module for row in waiting}:
        with suppress(PieceMissing, UnixFsError):
            found[cid] = module_bytes(cid, block_of)
    return found


def unchecked(name: str, fault: Fault) -> CommandError:
    """This machine could not say whether the module is valid."""
    return CommandError(
        ExitCode.FAILED,
        "module-unchecked",
        f"{name} cannot be checked here: {fault}",
        hint="meshctl doctor",
        details={"module": name},
    )


def _bare(cid: Cid, data: bytes) -> Cid:
    """What the verdict is kept under: a file in pieces is the same module as one block."""
    return cid if cid.codec is Codec.RAW else cid_of(data, Codec.RAW)


def _refused(name: str, data: bytes, refused: Rejection) -> CommandError:
    return CommandError(
        ExitCode.USAGE,
        "module-refused" if data.startswith(WASM_MAGIC) else "not-a-module",
        f"{name}: {refused}",
        hint=_hint(name, data, refused),
        details={"module": name, "reason": refused.reason, "detail": refused.detail},
    )


def _hint(name: str, data: bytes, refused: Rejection) -> str:
    """The next step that fits the reason."""
    if not data.startswith(WASM_MAGIC):
        if name.endswith(".ccl"):
            return f"compile it first: cclc compile {name}"
        if name.endswith((".yaml", ".yml", ".json")):
            return f"a job document is submitted with --file: meshctl submit-job --file {name}"
        return "give a WebAssembly binary that exports `run`, or a WASI program"
    if "import" in refused.reason:
        return "build it against `icn_host` (docs/host-calls.md) or WASI preview 1 alone"
    if "at most" in refused.reason:
        return "make the module smaller: strip its debug sections, or optimise it for size"
    return "build it again, for WebAssembly 1.0 with bulk memory and without newer features"
