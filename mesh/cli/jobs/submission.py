"""`meshctl submit-job`: from words on a command line to a checked, published job.

Rule: what would be refused later is refused now, before anything is stored.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from ccl.abi.limits import MODULE_LIMITS
from mesh.adapters.sqlite.file.errors import StoreError
from mesh.cli.arguments.files import path_or_cid, read_bytes
from mesh.cli.arguments.naming import find_token
from mesh.cli.arguments.session import found_mesh, make_output
from mesh.cli.arguments.values import one_of, positive, uuid_of, within
from mesh.cli.jobs.calls import BY_OPTIONS, arguments_of, entry_of
from mesh.cli.output.describing import job_to_value
from mesh.cli.output.formats import Column, Output, field, table
from mesh.core.fields import JobId
from mesh.core.jobs.request import JobRequest
from mesh.core.records.terms import ATTEMPT_SECONDS_MAX, Priority, Requirements, Trust
from mesh.embedded.machine.admission import check_callable, module_facts
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.jobs.obstacles import obstacle
from mesh.queries.reader import how_to_supply
from runtime.content.cid import Cid, Codec
from runtime.execution.context import MEMORY_BYTES_MAX
from runtime.module.check import ModuleFacts
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.writing import STANDARD_STREAM
from runtime.terminal.streams import note
from runtime.tokens.token import ResourceType

if TYPE_CHECKING:
    from mesh.embedded.commands.quoting import Quote

MIB: Final = 1 << 20


class Submission(Struct, frozen=True, kw_only=True):
    """The options of `submit-job` as they were typed."""

    wasm: str
    resource_amount: int
    description: str
    resource_type: str
    priority: str
    input: str | None
    entry: str
    arguments: str | None
    budget: int | None
    token: str | None
    scope: str
    verifiers: int
    quorum: int
    max_seconds: int
    memory_mib: int
    locations: tuple[str, ...]
    features: tuple[str, ...]
    min_reputation: int
    job_id: str | None


Blocks: TypeAlias = tuple[tuple[Cid, bytes], ...]
MakeRequest: TypeAlias = Callable[[EmbeddedMesh], tuple[JobRequest, Blocks]]


def from_options(submission: Submission) -> MakeRequest:
    """Makes a request of the options. Raises CommandError."""
    if submission.wasm == submission.input == STANDARD_STREAM:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "standard input cannot be both the module and its input",
            hint="name a file for one of them",
        )
    return lambda mesh: _request(mesh, submission)


def run_submission(
    make: MakeRequest,
    *,
    wait: bool,
    follow: bool,
    timeout: float | None,
    dry_run: bool,
    output: str | None,
    quiet: bool,
    home: Path | None,
) -> None:
    """Carry out one `submit-job`."""
    out = make_output(home, output, quiet=quiet)
    with found_mesh(home) as mesh:
        request, blocks = make(mesh)
        if dry_run:
            from mesh.embedded.commands.quoting import quote

            _note_missing(mesh, request, blocks)
            _show_quote(out, quote(mesh, request))
            return
        job_id = mesh.submit(request, blocks=blocks, auto_award=wait)
        if wait:
            _announce(out, job_id)
            from mesh.cli.jobs.progress import Progress, finish

            finish(
                mesh,
                out,
                job_id,
                Progress(out, follow=follow),
                timeout=timeout,
                auto_award=True,
                is_new=True,
            )
            return
        problem: CommandError | None
        try:
            problem = mesh.drive([job_id], timeout=timeout).get(job_id)
        except KeyboardInterrupt:
            from mesh.cli.jobs.errors import interrupted

            raise interrupted(job_id) from None
        except StoreError as error:
            from mesh.cli.jobs.errors import paused

            problem = paused(error, job_id)
        job = mesh.job(job_id)
        held_up = problem or obstacle(job, needs_award=False)
    is_open = problem is None and (held_up is None or held_up.exit_code is not ExitCode.NO_BIDS)
    if held_up is not None and is_open:
        note(f"note: {held_up.message}")
        for reason in held_up.details.get("reasons", ()):
            note(f"  = note: {reason}")
        note(f"  = help: {held_up.hint}")
    value = {**job_to_value(job), "submitted": True}
    out.record(value, lines=["Job submitted successfully", f"Job ID: {job_id}"], quiet=job_id)
    if held_up is not None and not is_open:
        raise held_up


def _note_missing(mesh: EmbeddedMesh, request: JobRequest, blocks: Blocks) -> None:
    """Names the blocks that no node could execute the job without."""
    given = {cid for cid, _ in blocks}
    for noun, cid in (("module", request.module), ("input", request.input)):
        if cid is not None and cid not in given and not mesh.has_block(cid):
            note(f"note: no node holds the {noun} {cid}")
            note(f"  = help: {how_to_supply(cid)}")


def _announce(out: Output, job_id: JobId) -> None:
    out.line("Job submitted successfully")
    out.line(f"Job ID: {job_id}")
    out.line("")


def module_of(
    mesh: EmbeddedMesh, named: Path | Cid, shown: str, blocks: list[tuple[Cid, bytes]]
) -> tuple[Cid, ModuleFacts | None]:
    """The module, and what is known of it where its bytes are here; a file's become a block.

    shown: its name in errors.
    """
    from runtime.content.cid import cid_of

    if isinstance(named, Cid):
        if not mesh.has_block(named) or named.codec is not Codec.RAW:
            return named, None
        data = mesh.get_block(named)
        return named, module_facts(mesh.sandbox.admission, shown, named, data)
    data = read_bytes(named, noun="module", bytes_max=MODULE_LIMITS.module_bytes)
    module = cid_of(data, Codec.RAW)
    facts = module_facts(mesh.sandbox.admission, shown, module, data)
    blocks.append((module, data))
    return module, facts


def _request(mesh: EmbeddedMesh, given: Submission) -> tuple[JobRequest, Blocks]:
    """The request, and the blocks to store with it."""
    blocks: list[tuple[Cid, bytes]] = []
    module, facts = module_of(mesh, path_or_cid(given.wasm), given.wasm, blocks)
    entry = entry_of(given.entry, facts, BY_OPTIONS)
    request = JobRequest(
        module=module,
        resource_amount=positive("--resource-amount", given.resource_amount),
        description=given.description,
        resource_type=one_of(ResourceType, given.resource_type, "--resource-type"),
        budget=None if given.budget is None else positive("--budget", given.budget),
        priority=one_of(Priority, given.priority, "--priority"),
        entry=entry,
        arguments=arguments_of(given.arguments, entry, facts, BY_OPTIONS),
        input=input_of(None if given.input is None else path_or_cid(given.input), blocks),
        scope=given.scope,
        requirements=Requirements(
            memory_bytes=within("--memory", given.memory_mib, 1, MEMORY_BYTES_MAX // MIB, "MiB")
            * MIB,
            features=given.features,
            max_seconds=within(
                "--max-seconds", given.max_seconds, 1, ATTEMPT_SECONDS_MAX, "seconds"
            ),
        ),
        trust=_trust(given),
        token=None if given.token is None else find_token(mesh, given.token),
        job_id=None if given.job_id is None else JobId(uuid_of("--id", given.job_id)),
    )
    if facts is not None:
        check_callable(facts, given.wasm, request)
    return request, tuple(blocks)


def input_of(named: Path | Cid | None, blocks: list[tuple[Cid, bytes]]) -> Cid | None:
    """The input's CID; a file becomes a block. Raises CommandError."""
    from runtime.content.cid import cid_of

    if named is None:
        return None
    if isinstance(named, Cid):
        if named.codec is Codec.DAG_PB:
            raise CommandError(
                ExitCode.USAGE,
                "input-dag-pb",
                f"the input {named} is a dag-pb file; a job's input is one block",
                hint="name the file itself as the input",
            )
        return named
    data = read_bytes(named, noun="input")
    cid = cid_of(data, Codec.RAW)
    blocks.append((cid, data))
    return cid


def _trust(given: Submission) -> Trust:
    try:
        return Trust(
            min_reputation=within("--min-reputation", given.min_reputation, 0, 100),
            locations=given.locations,
            verifiers=given.verifiers,
            quorum=given.quorum,
        )
    except ValueError as error:
        raise CommandError(
            ExitCode.USAGE,
            "quorum-impossible",
            str(error),
            hint="for example --verifiers 3 --quorum 2",
        ) from None


def _show_quote(out: Output, quoted: "Quote") -> None:
    """Prices and the policy's verdict; nothing was submitted."""
    rows = [
        {
            "node_id": each.node_id,
            "price": each.price,
            "estimated_seconds": each.estimated_seconds,
            "location": each.location,
            "declined": each.declined,
        }
        for each in quoted.nodes
    ]
    verdict = "allowed" if quoted.refusal is None else quoted.refusal.message
    prices = [each.price for each in quoted.nodes if each.price is not None]
    value = {
        "submitted": False,
        "prices": {"least": min(prices, default=None), "greatest": max(prices, default=None)},
        "nodes": rows,
        "allowed": quoted.refusal is None,
        "verdict": verdict,
    }
    columns = (
        Column(title="Node ID", text=field("node_id"), width=16),
        Column(title="Price", text=field("price"), width=9),
        Column(title="Est. Time", text=lambda row: _seconds(row["estimated_seconds"]), width=14),
        Column(title="Location", text=field("location"), width=14),
        Column(title="Declined", text=field("declined")),
    )
    if quoted.refusal is not None:
        out.record(value, lines=[verdict, "Nothing was submitted"], quiet="")
        raise quoted.refusal
    span = f"{min(prices)} to {max(prices)} tokens" if prices else "no node would bid"
    lines = [f"Price: {span}", f"Policy: {verdict}", "Nothing was submitted"]
    out.record(value, lines=[*table(rows, columns), "", *lines], quiet=span)


def _seconds(value: int | None) -> str:
    return "-" if value is None else f"{value}s"
