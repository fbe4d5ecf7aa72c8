"""Checks of `doctor`: home, store, books, keys, engine, speed, confinement.

Rule: a weakness of this machine is said, not hidden; only what is broken is wrong.
"""

from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from mesh.actors.submitter.rows import JOBS
from mesh.core.fields import MICRO
from mesh.core.jobs.job import HELD
from mesh.core.ports.blocks import BlockError, BlockReader
from mesh.core.records.work import Hold
from mesh.permissions import doubtful_parents, weak_files
from mesh.queries.inventory import lost_of_job, lost_of_mesh, lost_state
from mesh.queries.reader import how_to_supply
from runtime.content.cid import Cid, CidError, parse_cid
from runtime.sandbox.confinement.selftest import self_test
from runtime.terminal.errors import CommandError

if TYPE_CHECKING:
    from mesh.embedded.mesh import EmbeddedMesh

SHOWN_MAX: Final = 20
_FROM_COPY: Final = "restore the home from a copy; commands that only read still work as it is"
_ENGINE: Final = "install icn-ccl anew; no job is to be executed here before this holds"


class State(Enum):
    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


class Check(Struct, frozen=True, kw_only=True):
    """remedy: the next step, of what is wrong."""

    name: str
    state: State
    text: str
    remedy: str = ""


def examine(mesh: "EmbeddedMesh", *, execute: bool) -> tuple[Check, ...]:
    """All checks, in order; `execute` starts workers and runs known modules in them."""
    found = [*_home(mesh), *_store(mesh), *_books(mesh)]
    found += [*_unfinished(mesh), *_keys(mesh)]
    found.append(_ok("engine", mesh.engine.text))
    if execute:
        found += _sandbox(mesh)
    return tuple(found)


def _ok(name: str, text: str) -> Check:
    return Check(name=name, state=State.OK, text=text)


def _wrong(name: str, text: str, remedy: str) -> Check:
    return Check(name=name, state=State.WRONG, text=text, remedy=remedy)


def _note(name: str, text: str) -> Check:
    return Check(name=name, state=State.NOTE, text=text)


def _home(mesh: "EmbeddedMesh") -> list[Check]:
    """It is its owner's alone, or it would not have been opened."""
    checks = [_ok("home", str(mesh.home.path))]
    if mesh.store.is_read_only:
        checks.append(_note("home", "can only be read: commands that write are refused"))
    checks += [_note("home", text) for text in doubtful_parents(mesh.home.path)]
    return checks


def _store(mesh: "EmbeddedMesh") -> list[Check]:
    findings = mesh.store.check()
    if findings:
        return [_wrong("store", text, _FROM_COPY) for text in findings[:SHOWN_MAX]]
    with mesh.store.view() as view:
        total = view.total_bytes()
        held = {cid: each for each in mesh.identities for cid in view.cids(each)}
        bad = [cid for cid, holder in held.items() if not _is_sound(view.blocks(holder), cid)]
    checks = [_ok("store", f"{mesh.home.database.name} is sound")]
    checks += [
        _wrong(
            "blocks", f"{cid} was changed", f"`meshctl block rm {cid}`, then {how_to_supply(cid)}"
        )
        for cid in bad[:SHOWN_MAX]
    ]
    if not bad:
        quota = mesh.config.block_store_bytes
        checks.append(_ok("blocks", f"{total} bytes of {quota}, every hash is right"))
    return checks


def _is_sound(blocks: BlockReader, cid: Cid) -> bool:
    try:
        return blocks.get(cid) is not None
    except BlockError:
        return False


def _books(mesh: "EmbeddedMesh") -> list[Check]:
    with mesh.read() as reader:
        jobs = reader.rows(JOBS).select()
        findings = [*lost_of_mesh(reader), *lost_state(reader)]
        for row in jobs:
            findings += lost_of_job(reader, row)
    if findings:
        return [_wrong("audit", text, _remedy(text)) for text in findings[:SHOWN_MAX]]
    return [_ok("audit", f"{len(jobs)} jobs: histories, holds, accounts, chains agree")]


def _remedy(finding: str) -> str:
    """A block that is missing can be supplied; books that do not agree cannot be mended."""
    for word in finding.split():
        with suppress(CidError):
            return how_to_supply(parse_cid(word))
    return _FROM_COPY


def _unfinished(mesh: "EmbeddedMesh") -> list[Check]:
    """Jobs that hold tokens and go on with the next command that drives them."""
    with mesh.read() as reader:
        found = []
        for row in reader.rows(JOBS).select(phase=HELD):
            assert row.hold is not None, "an open attempt has a hold"
            found.append((row, reader.record(Hold, row.hold).body.amount))
    return [
        Check(
            name="unfinished",
            state=State.NOTE,
            text=f"job {row.job_id} is {row.phase.value}, {amount} units held; "
            f"to continue: meshctl job-status {row.job_id} --wait",
        )
        for row, amount in found[:SHOWN_MAX]
    ]


def _keys(mesh: "EmbeddedMesh") -> list[Check]:
    weak = [
        _wrong("keys", problem.message, problem.hint)
        for problem in weak_files(mesh.home.path, mesh.home.keys)
    ]
    if weak:
        return weak[:SHOWN_MAX]
    return [_ok("keys", "readable by their owner alone; all keys of this mesh are local")]


def _sandbox(mesh: "EmbeddedMesh") -> list[Check]:
    checks = []
    for tested in self_test(mesh.sandbox):
        name = f"self-test: {tested.name}"
        checks.append(
            _ok(name, tested.text) if tested.holds else _wrong(name, tested.text, _ENGINE)
        )
    try:
        mesh.measure()
        speed = mesh.fuel_per_second
        checks.append(_ok("speed", f"{speed / MICRO:.0f} million fuel a second and core"))
    except CommandError as problem:
        checks.append(_wrong("speed", problem.message, problem.hint))
    for each in mesh.sandbox.confinement():
        state = State.OK if each.holds else State.NOTE
        text = each.text if each.holds else f"not confined: {each.text}"
        checks.append(Check(name=f"confined: {each.name}", state=state, text=text))
    checks += [
        Check(name="module cache", state=State.NOTE, text=text)
        for text in mesh.sandbox.cache_findings
    ]
    return checks
