"""Checks of `doctor`: home, store, books, keys, messages that failed, engine, speed, confinement.

Rule: a weakness of this machine is reported, not hidden; only what is broken is wrong.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from mesh.actors.base import REFUSALS
from mesh.actors.issuer.rows import RESTORED as ISSUER_RESTORED
from mesh.actors.node.rows import RESTORED
from mesh.actors.submitter.rows import JOBS
from mesh.core.fields import MICRO
from mesh.core.jobs.job import HELD
from mesh.core.ports.blocks import BlockError
from mesh.core.records.terms import Engine
from mesh.core.records.work import Hold
from mesh.home.permissions import doubtful_parents, weak_files
from mesh.queries.audit.audit import audit
from mesh.queries.audit.file import StoredFile, check_file
from mesh.queries.audit.findings import FROM_COPY, REPAIR, Finding
from mesh.queries.reader import Reader, how_to_supply
from runtime.content.cid import Cid, CidError, parse_cid
from runtime.content.did import Did
from runtime.terminal.errors import CommandError
from runtime.terminal.streams import counted

if TYPE_CHECKING:
    from runtime.sandbox.pool import Sandbox

SHOWN_MAX: Final = 20
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


class FailedDelivery(Struct, frozen=True, kw_only=True):
    """A message, tick or result that an actor could not take in. member: its name; at: Unix
    seconds."""

    number: int
    member: str
    event: str
    error: str
    at: int


class Examined(Struct, frozen=True, kw_only=True):
    """What is examined. place: the home's folder; keys: that of its keys; file: the database's
    name. quota_bytes: of the block store. retry: the command that tries what failed again, with
    {} for its number."""

    place: Path
    keys: Path
    file: str
    is_read_only: bool
    quota_bytes: int
    engine: Engine
    retry: str


def examine(
    store: StoredFile,
    read: Callable[[], AbstractContextManager[Reader]],
    failed: Callable[[Reader], tuple[FailedDelivery, ...]],
    examined: Examined,
) -> tuple[Check, ...]:
    """The checks of what is stored, in order. read: one moment of the store; failed: what its
    actors could not take in."""
    unsound = tuple(_wrong("store", text, FROM_COPY) for text in store.check()[:SHOWN_MAX])
    if unsound:
        return (*_home(examined), *unsound, *_keys(examined))
    of_file = tuple(check_file(store))
    with read() as reader:
        return (
            *_home(examined),
            _ok("store", f"{examined.file} is sound"),
            *_blocks(reader, examined),
            *_books(reader, of_file),
            *_unfinished(reader),
            *_failed(failed(reader), examined),
            *_refused(reader),
            *_restored(reader),
            *_keys(examined),
            _ok("engine", examined.engine.text),
        )


def _ok(name: str, text: str) -> Check:
    return Check(name=name, state=State.OK, text=text)


def _wrong(name: str, text: str, remedy: str) -> Check:
    return Check(name=name, state=State.WRONG, text=text, remedy=remedy)


def _note(name: str, text: str) -> Check:
    return Check(name=name, state=State.NOTE, text=text)


def _home(examined: Examined) -> Iterator[Check]:
    """It is its owner's alone, or it would not have been opened."""
    yield _ok("home", str(examined.place))
    if examined.is_read_only:
        yield _note("home", "can only be read: commands that write are refused")
    yield from (_note("home", text) for text in doubtful_parents(examined.place))


def _members(reader: Reader) -> Iterator[Did]:
    yield from (each.member for each in reader.members.change.body.members)


def _blocks(reader: Reader, examined: Examined) -> Iterator[Check]:
    """Every block is hashed, whoever holds it."""
    bad: dict[Cid, None] = {}
    seen: set[Cid] = set()
    for did in _members(reader):
        blocks = reader.view.blocks(did)
        for cid in reader.view.cids(did):
            if cid in seen:
                continue
            seen.add(cid)
            try:
                blocks.get(cid)
            except BlockError:
                bad[cid] = None
    for cid in list(bad)[:SHOWN_MAX]:
        remedy = f"`meshctl block rm {cid}`, then {how_to_supply(cid)}"
        yield _wrong("blocks", f"{cid} was changed", remedy)
    if not bad:
        total, quota = reader.view.total_bytes(), examined.quota_bytes
        yield _ok("blocks", f"{total} bytes of {quota}, every hash is right")


def _books(reader: Reader, of_file: tuple[Finding, ...]) -> list[Check]:
    found = (*of_file, *audit(reader.view, reader.archive, reader.members, reader.now))
    if found:
        return [_wrong("audit", each.text, remedy_of(each)) for each in found[:SHOWN_MAX]]
    count = reader.rows(JOBS).count()
    return [_ok("audit", f"{counted(count, 'job')}: histories, holds, accounts, chains agree")]


def remedy_of(finding: Finding) -> str:
    """What is derivable is rebuilt here, a block that is missing can be supplied; the rest is lost
    but for a copy."""
    if finding.derivable:
        return REPAIR
    for word in finding.text.split():
        with suppress(CidError):
            return how_to_supply(parse_cid(word.rstrip(":,.")))
    return FROM_COPY


def _unfinished(reader: Reader) -> list[Check]:
    """Jobs that hold tokens and go on with the next command that drives them."""
    checks = []
    for row in reader.rows(JOBS).select(phase=HELD, limit=SHOWN_MAX):
        try:
            held = 0 if row.hold is None else reader.record(Hold, row.hold).body.amount
        except CommandError:
            held = 0  # the audit names the record that is missing
        checks.append(
            _note(
                "unfinished",
                f"job {row.job_id} is {row.phase.value}, {counted(held, 'unit')} held; "
                f"to continue: meshctl job-status {row.job_id} --wait",
            )
        )
    return checks


def _failed(found: tuple[FailedDelivery, ...], examined: Examined) -> list[Check]:
    """What an actor could not take in, for a mistake of this program."""
    return [
        _wrong(
            "set aside",
            f"{each.event} {each.number} of {each.member}: {each.error}",
            f"to try it again: {examined.retry.format(each.number)}",
        )
        for each in found[:SHOWN_MAX]
    ]


def _refused(reader: Reader) -> list[Check]:
    """Messages that members refused, by their reasons."""
    counts: Counter[tuple[str, str]] = Counter()
    for did in _members(reader):
        for row in reader.view.rows(did, REFUSALS).select():
            counts[row.reason.lower().replace("_", "-"), row.kind] += row.count
    return [
        _note("refused", f"{count} × {kind}: {reason}")
        for (reason, kind), count in counts.most_common(SHOWN_MAX)
    ]


def _restored(reader: Reader) -> list[Check]:
    """Nodes that have lost the end of their chain, issuers that have lost what others have."""
    issuers = [
        _wrong(
            "old copy",
            f"{reader.members.name(did)} was shown its {row.kind} {row.shown}, and lacks it",
            "restore the newest copy of the home: an issuer that has lost records signs nothing",
        )
        for did in _members(reader)
        for row in reader.view.rows(did, ISSUER_RESTORED).select()
    ]
    return issuers + [
        _wrong(
            "old copy",
            f"{reader.members.name(did)} was shown its anchor {row.sequence}, and has "
            f"{row.known_sequence}",
            "restore the newest copy of the home: a node that has lost its chain works for nobody",
        )
        for did in _members(reader)
        for row in reader.view.rows(did, RESTORED).select()
    ]


def _keys(examined: Examined) -> list[Check]:
    weak = [
        _wrong("keys", problem.message, problem.hint)
        for problem in weak_files(examined.place, examined.keys)
    ]
    if weak:
        return weak[:SHOWN_MAX]
    return [_ok("keys", "readable by their owner alone; all keys of this mesh are local")]


def examine_sandbox(sandbox: "Sandbox", measured: Callable[[], int]) -> list[Check]:
    """Starts workers and has known modules executed in them. measured: fuel per second of one core;
    raises CommandError."""
    from runtime.sandbox.confinement.selftest import self_test

    checks = []
    for tested in self_test(sandbox):
        name = f"self-test: {tested.name}"
        checks.append(
            _ok(name, tested.text) if tested.holds else _wrong(name, tested.text, _ENGINE)
        )
    try:
        checks.append(_ok("speed", f"{measured() / MICRO:.0f} million fuel a second and core"))
    except CommandError as problem:
        checks.append(_wrong("speed", problem.message, problem.hint))
    for each in sandbox.confinement():
        state = State.OK if each.holds else State.NOTE
        text = each.text if each.holds else f"not confined: {each.text}"
        checks.append(Check(name=f"confined: {each.name}", state=state, text=text))
    checks += [_note("module cache", text) for text in sandbox.cache_findings]
    return checks
