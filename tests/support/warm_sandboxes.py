"""Workers and compiled modules that outlive their sandbox: the next one of the process with its
limits begins with them.

To start a process costs a hundred times as much as to execute most tests' modules. A worker keeps
nothing but the modules that its parent knows it has, as in a sandbox of many jobs.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import pytest

from runtime.content.cid import Cid
from runtime.sandbox.compilation.cache import CompiledCache
from runtime.sandbox.compilation.compilations import Answer, Compilations
from runtime.sandbox.confinement.findings import Finding
from runtime.sandbox.limits import SandboxLimits
from runtime.sandbox.pool import Sandbox
from runtime.sandbox.process import Watch
from runtime.sandbox.request import Fault
from runtime.sandbox.workers import Worker

KEPT_MAX = 4


@dataclass(frozen=True)
class Kept:
    worker: Worker
    limits: SandboxLimits
    confinement: tuple[Finding, ...] | None


KeptModules: TypeAlias = dict[SandboxLimits, dict[Cid, Answer]]


@contextmanager
def workers_kept(kept: list[Kept]) -> Iterator[None]:
    """Have all sandboxes of this process leave their idle workers to later ones. A forked process
    starts its own: no two may write to the pipes of one."""
    start, close, here = Sandbox._start_worker, Sandbox.close, os.getpid()

    def started(sandbox: Sandbox) -> None:
        fitting = (each for each in kept if each.limits == sandbox._limits)
        found = next(fitting, None) if os.getpid() == here else None
        if found is None:
            start(sandbox)
            return
        kept.remove(found)
        found.worker._sides.clear()  # another home may give the same context to the other side
        sandbox._workers.append(found.worker)
        sandbox._watch.begin(found.worker.child, found.worker)
        sandbox._confinement = found.confinement
        sandbox._dispatch()

    def closed(sandbox: Sandbox) -> None:
        for worker in tuple(sandbox._workers):
            if worker.idle and os.getpid() == here and len(kept) < KEPT_MAX:
                sandbox._workers.remove(worker)
                sandbox._watch.forget(worker.child)
                kept.append(Kept(worker, sandbox._limits, sandbox._confinement))
        close(sandbox)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sandbox, "_start_worker", started)
        patch.setattr(Sandbox, "close", closed)
        yield


@contextmanager
def modules_kept(kept: KeptModules) -> Iterator[None]:
    """Have all sandboxes of this process know what earlier ones have compiled or refused; they
    write it to no cache."""
    make, close = Compilations.__init__, Compilations.close

    def made(
        all_of: Compilations, cache: CompiledCache, watch: Watch, limits: SandboxLimits, most: int
    ) -> None:
        make(all_of, cache, watch, limits, most)
        all_of._known.update(kept.get(limits, {}))

    def closed(all_of: Compilations) -> None:
        lasting = {cid: each for cid, each in all_of._known.items() if not isinstance(each, Fault)}
        kept.setdefault(all_of._limits, {}).update(lasting)
        close(all_of)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compilations, "__init__", made)
        patch.setattr(Compilations, "close", closed)
        yield
