"""A job document as a request: its files read, its entry and arguments checked.

Rule: a file that a document names lies beside the document. All that is wrong is reported at once.
"""

import json
from pathlib import Path
from typing import Any

from ccl.abi.sections import WASM_MAGIC
from mesh.cli.arguments.files import path_or_cid, read_bytes
from mesh.cli.arguments.naming import find_token
from mesh.cli.arguments.session import found_mesh, make_output
from mesh.cli.jobs.calls import BY_DOCUMENT, DEFAULT_ENTRY, arguments_of, entry_of
from mesh.cli.jobs.submission import Blocks, input_of, module_of
from mesh.cli.output.formats import Output
from mesh.core.documents.job import JobDocument, Problem, read_job, request_from
from mesh.core.documents.located import DOCUMENT_BYTES_MAX
from mesh.core.jobs.request import JobRequest
from mesh.embedded.machine.admission import check_callable
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.nodes.offers import check_sold
from runtime.content.cid import Cid
from runtime.content.typed import to_value
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.writing import STANDARD_STREAM
from runtime.terminal.streams import note


def load(file: Path) -> JobDocument:
    """Reads a document, `-` for stdin. Raises CommandError `job-document-malformed`."""
    data = read_bytes(file, noun="job document", bytes_max=DOCUMENT_BYTES_MAX)
    found = _read(data, file)
    if isinstance(found, JobDocument):
        return found
    raise _malformed(file, found)


def _read(data: bytes, file: Path) -> JobDocument | tuple[Problem, ...]:
    try:
        if not data.startswith(WASM_MAGIC):
            return read_job(data.decode("utf-8"))
        reason = "it is a WebAssembly module, not a job document"
        hint = f"meshctl submit-job --wasm {_shown(file)} --resource-amount 500"
    except UnicodeDecodeError as error:
        reason, hint = f"byte {error.start + 1} is not UTF-8", "save it as UTF-8"
    return (Problem(line=1, column=1, place="", reason=reason, hint=hint),)


def request_of(mesh: EmbeddedMesh, document: JobDocument, file: Path) -> tuple[JobRequest, Blocks]:
    """The request of a document, and the blocks to store with it. Raises CommandError."""
    blocks: list[tuple[Cid, bytes]] = []
    folder = Path() if str(file) == STANDARD_STREAM else file.parent
    module, facts = module_of(mesh, _beside(folder, document.module), document.module, blocks)
    entry = entry_of(document.entry or DEFAULT_ENTRY, facts, BY_DOCUMENT)
    written = None if document.arguments is None else json.dumps(document.arguments)
    request = request_from(
        document,
        module=module,
        entry=entry,
        arguments=arguments_of(written, entry, facts, BY_DOCUMENT),
        input_=input_of(
            None if document.input is None else _beside(folder, document.input), blocks
        ),
    )
    if request.token is not None:
        find_token(mesh, str(request.token))
    if facts is not None:
        check_callable(facts, document.module, request)
    return request, tuple(blocks)


def run_validate(file: Path, *, output: str | None, quiet: bool, home: Path | None) -> None:
    """Carry out `validate`: all checks of a submission that need no payer."""
    out = make_output(home, output, quiet=quiet)
    document = load(file)
    with found_mesh(home) as mesh:
        request, _ = request_of(mesh, document, file)
        with mesh.read() as reader:
            check_sold(reader, request.resource_type)
    _show_valid(out, file, request)


def _show_valid(out: Output, file: Path, request: JobRequest) -> None:
    value: dict[str, Any] = {
        "valid": True,
        "module": str(request.module),
        "entry": request.entry,
        "resource_type": request.resource_type.value,
        "resource_amount": request.resource_amount,
        "budget": request.budget or request.resource_amount,
    }
    what = f"{request.entry} of {request.module}, {request.resource_amount} units"
    out.record(value, lines=[f"{_shown(file)}: valid ({what})"], quiet="valid")


def _beside(folder: Path, text: str) -> Path | Cid:
    named = path_or_cid(text)
    return named if isinstance(named, Cid) else folder / named


def _shown(file: Path) -> str:
    return "<stdin>" if str(file) == STANDARD_STREAM else str(file)


def _malformed(file: Path, problems: tuple[Problem, ...]) -> CommandError:
    *others, last = problems
    for each in others:
        note(f"error[job-document-malformed]: {_shown(file)}:{each}")
        note(f"  = help: {each.hint}")
    return CommandError(
        ExitCode.USAGE,
        "job-document-malformed",
        f"{_shown(file)}:{last}",
        hint=last.hint,
        details={"problems": [to_value(each) for each in problems]},
    )
