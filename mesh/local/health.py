"""Checks of `doctor`: home, store, books, keys, engine, speed, confinement.

Rule: a weakness of this machine is said, not hidden; only what is broken is wrong.
"""

from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from mesh.core.fields import MICRO
from mesh.local.archive import how_to_supply
from mesh.local.audit import HELD, audit
from mesh.permissions import doubtful_parents, weak_files
from runtime.content.cid import CidError, parse_cid
from runtime.sandbox.confinement.selftest import self_test
from runtime.terminal.errors import CommandError

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh

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


def examine(mesh: "LocalMesh", *, execute: bool) -> tuple[Check, ...]:
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


def _home(mesh: "LocalMesh") -> list[Check]:
    """It is its owner's alone, or it would not have been opened."""
    checks = [_ok("home", str(mesh.home.path))]
    if mesh.store.is_read_only:
        checks.append(_note("home", "can only be read: commands that write are refused"))
    checks += [_note("home", text) for text in doubtful_parents(mesh.home.path)]
    return checks


def _store(mesh: "LocalMesh") -> list[Check]:
    findings = mesh.store.check()
    if findings:
        return [_wrong("store", text, _FROM_COPY) for text in findings[:SHOWN_MAX]]
    with mesh.store.read() as tx:
        total = tx.blocks.total_bytes()
        bad = [cid for cid in tx.blocks.cids() if not tx.blocks.is_sound(cid)]
    checks = [_ok("store", f"{mesh.store.database.path.name} is sound")]
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


def _books(mesh: "LocalMesh") -> list[Check]:
    findings = audit(mesh)
    if findings:
        return [_wrong("audit", text, _remedy(text)) for text in findings[:SHOWN_MAX]]
    return [_ok("audit", f"{len(mesh.job_ids())} jobs: histories, holds, accounts, chains agree")]


def _remedy(finding: str) -> str:
    """A block that is missing can be supplied; books that do not agree cannot be mended."""
    for word in finding.split():
        with suppress(CidError):
            return how_to_supply(parse_cid(word))
    return _FROM_COPY


def _unfinished(mesh: "LocalMesh") -> list[Check]:
    """Jobs that hold tokens and go on with the next command that drives them."""
    with mesh.store.read() as tx:
        jobs = tx.jobs.in_phases(HELD)
        holds = [None if job.hold is None else tx.ledger.transfer(job.hold) for job in jobs]
    return [
        Check(
            name="unfinished",
            state=State.NOTE,
            text=f"job {job.key.job_id} is {job.phase.value}, "
            f"{0 if hold is None else hold.amount} units held; "
            f"to continue: meshctl job-status {job.key.job_id} --wait",
        )
        for job, hold in list(zip(jobs, holds, strict=True))[:SHOWN_MAX]
    ]


def _keys(mesh: "LocalMesh") -> list[Check]:
    weak = [
        _wrong("keys", problem.message, problem.hint)
        for problem in weak_files(mesh.home.path, mesh.home.keys)
    ]
    if weak:
        return weak[:SHOWN_MAX]
    return [_ok("keys", "readable by their owner alone; all keys of this mesh are local")]


def _sandbox(mesh: "LocalMesh") -> list[Check]:
    checks = []
    for tested in self_test(mesh.sandbox):
        name = f"self-test: {tested.name}"
        checks.append(
            _ok(name, tested.text) if tested.holds else _wrong(name, tested.text, _ENGINE)
        )
    try:
        speed = mesh.world.fuel_per_second
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
