"""Facts of a module as a value between our processes and in the cache."""

from typing import Any, Final

from runtime.module.check import ModuleFacts
from runtime.module.headers import FunctionType

FACTS_VERSION: Final = 3
"""Version of the value below; entries of other versions are not read."""


def facts_to_value(facts: ModuleFacts) -> dict[str, Any]:
    return {
        "entries": {
            name: [list(shape.parameters), list(shape.results)]
            for name, shape in facts.entries.items()
        },
        "exports_memory": facts.exports_memory,
        "memory_pages": facts.memory_pages,
        "memory_pages_max": facts.memory_pages_max,
        "grows_memory": facts.grows_memory,
        "uses_wasi": facts.uses_wasi,
        "is_rehearsal": facts.is_rehearsal,
        "abi": facts.abi,
        "sites": facts.sites,
    }


def facts_from_value(value: dict[str, Any]) -> ModuleFacts:
    """Reads the value that `facts_to_value` wrote; both ends are authenticated, so the form is not
    checked."""
    return ModuleFacts(
        entries={
            name: FunctionType(parameters=tuple(parameters), results=tuple(results))
            for name, (parameters, results) in value["entries"].items()
        },
        exports_memory=value["exports_memory"],
        memory_pages=value["memory_pages"],
        memory_pages_max=value["memory_pages_max"],
        grows_memory=value["grows_memory"],
        uses_wasi=value["uses_wasi"],
        is_rehearsal=value["is_rehearsal"],
        abi=value["abi"],
        sites=value["sites"],
    )
