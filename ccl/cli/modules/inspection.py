"""`cclc inspect`: a module described for people, and as JSON."""

import re
import sys
from pathlib import Path
from shlex import quote
from typing import Any

from ccl.abi.bounds import Bound, Obstacle
from ccl.abi.host_calls import HOST_CALLS, IMPORT_MODULE
from ccl.abi.sections import WASM_MAGIC, ExportSignature, StateVariable
from ccl.cli.columns import columns
from ccl.cli.compiling.report import shown
from ccl.cli.files import read_bytes
from ccl.diagnostics.render.colour import Ink, Paint
from ccl.wasm.binary import ModuleError
from ccl.wasm.inspect import MODULE_BYTES_MAX, Inspection, inspect_module
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.streams import number_text


def inspect_file(path: Path) -> Inspection:
    """Inspects a file. Raises CommandError if it is missing, unreadable or no module."""
    return inspect_bytes(read_bytes(path, limit=MODULE_BYTES_MAX, what="module"), path)


def inspect_bytes(data: bytes, path: Path) -> Inspection:
    """Inspects bytes that were read from `path`, in the same way."""
    try:
        return inspect_module(data)
    except ModuleError as error:
        hint = "compile a program with `cclc compile FILE.ccl` to get a module"
        if path.suffix == ".ccl":
            hint = f"this is a source; compile it first: `cclc compile {quote(str(path))}`"
        elif data.startswith(WASM_MAGIC):
            hint = "the file is damaged or of another kind; compile or fetch it again"
        raise CommandError(
            ExitCode.USAGE,
            "module-refused" if data.startswith(WASM_MAGIC) else "not-a-module",
            f"{shown(path)} cannot be read as a module: {error.reason} (byte {error.offset})",
            hint=hint,
            details={"path": str(path), "offset": error.offset},
        ) from None


def signature_text(signature: ExportSignature) -> str:
    """Writes the signature as its author did: `(votes: Array<Integer>) -> Bool`."""
    parameters = ", ".join(f"{name}: {kind}" for name, kind in signature.parameters)
    return f"({parameters})" + ("" if signature.result == "Unit" else f" -> {signature.result}")


def bound_text(bound: Bound) -> str:
    """Writes a bound, `366·len(xs) + 55615`, or its obstacle with the place."""
    if not isinstance(bound, Obstacle):
        return str(bound)
    place = f"{bound.file}:{bound.line}:{bound.column}: " if bound.file else ""
    return f"no bound: {place}{bound.reason}"


def bound_value(bound: Bound) -> dict[str, Any]:
    """Gives the same for JSON: of `fuel` and `obstacle` one is null."""
    if isinstance(bound, Obstacle):
        place = {"file": bound.file, "line": bound.line, "column": bound.column}
        return {"fuel": None, "obstacle": {**place, "reason": bound.reason}}
    terms = [
        {"coefficient": bound.terms[symbols], "symbols": list(symbols)}
        for symbols in sorted(bound.terms)
    ]
    return {"fuel": {"text": str(bound), "terms": terms}, "obstacle": None}


def as_table(path: Path, module: Inspection, paint: Paint) -> str:
    """Describes everything in the module, one paragraph a subject."""
    facts = [
        ("Module", str(path)),
        ("CID", module.cid),
        (
            "Size",
            f"{_digits(module.size_bytes)} bytes, {_digits(module.functions)} functions",
        ),
    ]
    if module.memory_pages is not None:
        low, high = module.memory_pages
        most = "" if high is None else f", at most {high}"
        facts.append(("Memory", f"{low} {'page' if low == 1 else 'pages'} of 64 KiB{most}"))
    if module.provenance is not None:
        facts.append(("Compiler", module.provenance.compiler))
    if module.sites is not None:
        facts.append(("Trap sites", _digits(module.sites)))
    out = [columns(facts)]

    def part(title: str, rows: list[tuple[str, ...]]) -> None:
        if rows:
            out.append(f"\n{paint(title, Ink.TITLE)}\n{columns(rows, indent=2)}")

    part("Exports", [(name, shape, doc) for name, shape, doc in _export_rows(module)])
    bounds = {} if module.bounds is None else module.bounds
    named = [each.name for each in module.exports if each.name in bounds]
    part("Fuel at most", [(name, bound_text(bounds[name])) for name in named])
    part("State", [(f"{s.home}.{s.name}", s.shape) for s in _states(module)])
    part("Articles", _article_rows(module))
    part("Imports", [(name, shape, doc) for name, shape, doc in _import_rows(module)])
    if module.provenance is not None:
        part("Sources", [(name, cid) for name, cid in module.provenance.sources.items()])
    part(
        "Packed modules",
        [(p.cid, f"{_digits(p.size_bytes)} bytes") for p in module.packed],
    )
    part(
        "Sections",
        [(s.name, f"{_digits(s.size_bytes)} bytes") for s in module.sections],
    )
    part("Problems", [(problem,) for problem in module.problems])
    return "".join(out)


def _digits(number: int) -> str:
    return number_text(number, sys.stdout)


def _export_rows(module: Inspection) -> list[tuple[str, str, str]]:
    """Gives (name, CCL signature if there is one, first line of the doc comment)."""
    known = {} if module.abi is None else {e.name: e for e in module.abi.exports}
    rows = []
    for export in module.exports:
        signature = known.get(export.name)
        if signature is None:
            rows.append((export.name, f"{export.kind} {export.signature}".rstrip(), ""))
        else:
            doc = (signature.doc or "").strip().split("\n")[0]
            rows.append((export.name, signature_text(signature), doc))
    return rows


def _states(module: Inspection) -> tuple[StateVariable, ...]:
    return () if module.abi is None else module.abi.states


def _article_rows(module: Inspection) -> list[tuple[str, ...]]:
    """Gives (number, places that cite it)."""
    articles = () if module.abi is None else module.abi.articles
    return [
        (each.number, "cited at " + ", ".join(each.cited) if each.cited else "cited nowhere")
        for each in articles
    ]


def _import_rows(module: Inspection) -> list[tuple[str, str, str]]:
    rows = []
    for item in module.imports:
        call = HOST_CALLS.get(item.name) if item.module == IMPORT_MODULE else None
        doc = (
            "not a host call of this version" if call is None else re.split(r"[.:;] ", call.doc)[0]
        )
        shape = item.signature or item.kind
        rows.append((f"{item.module}.{item.name}", shape, doc.rstrip(".")))
    return rows


def as_value(path: Path, module: Inspection) -> dict[str, Any]:
    known = {} if module.abi is None else {e["name"]: e for e in module.abi.to_value()["exports"]}
    pages = module.memory_pages
    bounds = {} if module.bounds is None else module.bounds
    return {
        "path": str(path),
        "cid": module.cid,
        "size_bytes": module.size_bytes,
        "functions": module.functions,
        "memory_pages": None if pages is None else {"initial": pages[0], "maximum": pages[1]},
        "exports": [
            {
                "name": export.name,
                "kind": export.kind,
                "signature": export.signature,
                "ccl": known.get(export.name),
                "bound": bound_value(bounds[export.name]) if export.name in bounds else None,
            }
            for export in module.exports
        ],
        "imports": [
            {
                "module": item.module,
                "name": item.name,
                "kind": item.kind,
                "signature": item.signature,
                "known": item.module == IMPORT_MODULE and item.name in HOST_CALLS,
            }
            for item in module.imports
        ],
        "states": [
            {"home": s.home, "name": s.name, "type": s.type, "shape": s.shape}
            for s in _states(module)
        ],
        "articles": [
            {"number": each.number, "place": each.place, "cited": list(each.cited)}
            for each in ([] if module.abi is None else module.abi.articles)
        ],
        "sections": [
            {"name": s.name, "offset": s.start, "size_bytes": s.size_bytes} for s in module.sections
        ],
        "trap_sites": module.sites,
        "compiler": None if module.provenance is None else module.provenance.compiler,
        "sources": {} if module.provenance is None else module.provenance.sources,
        "packed": [{"cid": p.cid, "size_bytes": p.size_bytes} for p in module.packed],
        "problems": list(module.problems),
    }
