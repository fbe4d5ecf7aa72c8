"""The admission of a job's module before anybody is paid for it: facts, or why it is refused.

Rule: the submitter and every node give the same verdict, from the module's bytes, the entry, the
arguments and the memory asked for alone; the engine gives its own in a process that holds no keys.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from ccl.abi.sections import WASM_MAGIC
from mesh.adapters.sqlite import SqliteStore
from mesh.events import JobKey
from mesh.job import Phase
from mesh.local.content import Content
from mesh.local.request import JobRequest
from mesh.local.world import World
from mesh.records import JobManifest
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.context import MEMORY_BYTES_MAX, MIB
from runtime.execution.execution import OutcomeKind
from runtime.module.check import PAGE_BYTES, ModuleFacts, Rejection
from runtime.module.entry_plan import MISFIT, NO_ENTRY, refusal_of
from runtime.sandbox.admission import Admission
from runtime.sandbox.request import Fault
from runtime.terminal.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh

_WAITING: Final = frozenset({Phase.CREATED, Phase.SUBMITTED})


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
        return ExitCode.NOT_FOUND, "no-entry", "name another export with --entry"
    if reason == MISFIT:
        return ExitCode.USAGE, "wrong-arguments", "give the arguments that it takes"
    return ExitCode.USAGE, "not-callable", "name another export with --entry"


def check_request(admission: Admission, request: JobRequest, data: bytes) -> None:
    """Raise CommandError where no node could execute what is asked for."""
    name = str(request.module)
    facts = module_facts(admission, name, request.module, data)
    check_callable(facts, name, request)


def check_requests(
    mesh: "LocalMesh", requests: Iterable[JobRequest], blocks: Iterable[tuple[Cid, bytes]]
) -> None:
    """Raise CommandError for the first request that no node could execute. blocks: those that
    would be stored with them."""
    wanted = tuple(requests)
    given = dict(blocks)
    with mesh.store.read() as tx:
        for cid in dict.fromkeys(request.module for request in wanted):
            data = given.get(cid) or mesh.content.module(tx, cid)
            if data is not None:
                given[cid] = data
    for request in wanted:
        if request.module in given:
            check_request(mesh.sandbox.admission, request, given[request.module])


class Fitness(Struct, frozen=True):
    """Whether a job can be executed at all. obstacle: why not."""

    obstacle: str | None


FIT: Final = Fitness(None)


def fitness_of(admission: Admission, module: bytes | None, manifest: JobManifest) -> Fitness | None:
    """What every node finds of a job; None before there is a verdict. Starts no process."""
    found = None if module is None else admission.known(_bare(manifest.module, module))
    match found:
        case None:
            return None
        case Rejection():
            return Fitness(str(found))
        case ModuleFacts():
            memory_bytes = manifest.requirements.memory_bytes
            refused = refusal_of(found, manifest.entry, manifest.arguments, memory_bytes)
            return FIT if refused is None else Fitness(refused.cause)


def admit_jobs(
    store: SqliteStore, world: World, content: Content, admission: Admission, keys: Iterable[JobKey]
) -> dict[JobKey, CommandError]:
    """Have a verdict on the modules of jobs that wait for bids, where they are held; the jobs of
    which this machine can have none. Each may start a process: not for use in a transaction."""
    held: dict[JobKey, tuple[Cid, bytes]] = {}
    problems: dict[JobKey, CommandError] = {}
    with store.read() as tx:
        for key in keys:
            try:
                job = tx.jobs.get(key)
                if job is None or job.phase not in _WAITING:
                    continue
                cid = world.archive.get(tx, JobManifest, job.manifest).body.module
                data = content.module(tx, cid)
            except CommandError as error:
                problems[key] = error
                continue
            if data is not None:
                held[key] = cid, data
    for key, (cid, data) in held.items():
        found = admission.admit(_bare(cid, data), data)
        if isinstance(found, Fault):
            problems[key] = unchecked(str(cid), found)
    return problems


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
        return "give a WebAssembly binary that exports `run`, or a WASI program"
    if "import" in refused.reason:
        return "build it against `icn_host` (docs/host-calls.md) or WASI preview 1 alone"
    if "at most" in refused.reason:
        return "make the module smaller: strip its debug sections, or optimise it for size"
    return "build it again, for WebAssembly 1.0 with bulk memory and without newer features"
