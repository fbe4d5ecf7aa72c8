"""Admission of modules: the verdict on each before it is executed.

Rule: the verdict is a function of the module's bytes and the engine's configuration, so it is given
once and kept, under a MAC like machine code. A Fault is no verdict and is not kept.
"""

from collections import OrderedDict
from typing import Any, Final, TypeAlias

from runtime.content.cid import Cid
from runtime.module.check import ModuleFacts, Rejection, check_module
from runtime.sandbox.compilation.cache import CompiledCache, Kept
from runtime.sandbox.compilation.facts import facts_from_value, facts_to_value
from runtime.sandbox.compilation.validation import validate
from runtime.sandbox.limits import SandboxLimits
from runtime.sandbox.request import Fault

Verdict: TypeAlias = ModuleFacts | Rejection | Fault
_KEPT_MAX: Final = 64


class Admission:
    def __init__(self, cache: CompiledCache, limits: SandboxLimits) -> None:
        self._cache = cache
        self._limits = limits
        self._known: OrderedDict[Cid, ModuleFacts | Rejection] = OrderedDict()

    def known(self, cid: Cid) -> ModuleFacts | Rejection | None:
        """Gives the verdict if it was given before: no process is started for it."""
        if cid not in self._known:
            kept = self._cache.get(cid, Kept.VERDICT)
            verdict = None if kept is None else _verdict(kept)
            if verdict is None:
                return None
            self._keep(cid, verdict)
        return self._known[cid]

    def admit(self, cid: Cid, module: bytes) -> Verdict:
        """Gives the facts of a module that the engine accepts, or the reason of a refusal; checked
        in a process of its own unless the verdict is kept."""
        known = self.known(cid)
        if known is not None:
            return known
        found: Verdict = check_module(module)
        if isinstance(found, ModuleFacts):
            found = validate(module, self._limits) or found
        if not isinstance(found, Fault):
            self._cache.put(cid, _to_value(found), Kept.VERDICT)
            self._keep(cid, found)
        return found

    def _keep(self, cid: Cid, verdict: ModuleFacts | Rejection) -> None:
        self._known[cid] = verdict
        while len(self._known) > _KEPT_MAX:
            self._known.popitem(last=False)


def _to_value(verdict: ModuleFacts | Rejection) -> dict[str, Any]:
    if isinstance(verdict, Rejection):
        return {"rejected": [verdict.reason, verdict.detail]}
    return {"facts": facts_to_value(verdict)}


def _verdict(kept: dict[str, Any]) -> ModuleFacts | Rejection | None:
    match kept:
        case {"rejected": [str(reason), str(detail)]}:
            return Rejection(reason=reason, detail=detail)
        case {"facts": dict(facts)}:
            return facts_from_value(facts)
        case _:
            return None
