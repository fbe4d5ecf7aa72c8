"""Schemas of the answers of `cclc`."""

from typing import Final

from ccl.cli.answers.findings import BOUND, FOUND, MODULE
from runtime.terminal.answers.answer import Answers
from runtime.terminal.answers.schema import (
    ANY,
    CID,
    COUNT,
    FLAG,
    TEXT,
    TEXTS,
    array,
    mapping,
    optional,
    record,
)

CCLC: Final[Answers] = {
    "compile": {
        **FOUND,
        "path": optional(TEXT),
        "cid": optional(CID),
        "size_bytes": optional(COUNT),
        "packed": array(MODULE),
        "emitted": ANY,
    },
    "check": {**FOUND, "fixed": optional(COUNT)},
    "fmt": {
        **FOUND,
        "changed": TEXTS,
        "unchanged": TEXTS,
        "not_formatted": TEXTS,
        "text": optional(TEXT),
    },
    "inspect": {
        "path": TEXT,
        "cid": CID,
        "size_bytes": COUNT,
        "functions": COUNT,
        "memory_pages": optional(record({"initial": COUNT, "maximum": optional(COUNT)})),
        "exports": array(
            record(
                {
                    "name": TEXT,
                    "kind": TEXT,
                    "signature": TEXT,
                    "ccl": optional(
                        record(
                            {
                                "name": TEXT,
                                "convention": TEXT,
                                "parameters": array(TEXTS),
                                "result": TEXT,
                                "doc": optional(TEXT),
                            }
                        )
                    ),
                    "bound": optional(record(BOUND)),
                }
            )
        ),
        "imports": array(
            record({"module": TEXT, "name": TEXT, "kind": TEXT, "signature": TEXT, "known": FLAG})
        ),
        "states": array(record({"home": TEXT, "name": TEXT, "type": TEXT, "shape": TEXT})),
        "articles": array(record({"number": TEXT, "place": TEXT, "cited": TEXTS})),
        "sections": array(record({"name": TEXT, "offset": COUNT, "size_bytes": COUNT})),
        "trap_sites": optional(COUNT),
        "compiler": optional(TEXT),
        "sources": mapping(CID),
        "packed": array(record({"cid": CID, "size_bytes": COUNT})),
        "problems": TEXTS,
    },
    "verify": {
        **FOUND,
        "verified": FLAG,
        "module": MODULE,
        "rebuilt": MODULE,
        "differences": array(
            record(
                {
                    "part": TEXT,
                    "name": TEXT,
                    "module": optional(TEXT),
                    "rebuilt": optional(TEXT),
                }
            )
        ),
    },
    "bounds": {
        **FOUND,
        "path": TEXT,
        "exports": array(record({"name": TEXT, **BOUND})),
    },
}
