"""Schemas of the effects of an execution, and of the charter of its module."""

from typing import Final

from runtime.terminal.answers.answer import Schema
from runtime.terminal.answers.schema import (
    ANY,
    CID,
    COUNT,
    OBJECT,
    TEXT,
    array,
    either,
    optional,
    record,
)


def _described(schema: Schema, description: str) -> Schema:
    """Adds a description to a schema."""
    return {**schema, "description": description}


_AMOUNT: Final = {"amount": COUNT}

EFFECTS: Final = array(
    either(
        record(
            {
                "submit_job": _described(CID, "the CID of the module of a job"),
                "resource_type": TEXT,
                **_AMOUNT,
            }
        ),
        record(
            {
                "event": TEXT,
                "data": ANY,
                "article": optional(TEXT),
            }
        ),
        record(
            {
                "state": _described(TEXT, "a variable, after the name of its home"),
                "value": _described(CID, "the CID of its new value"),
            }
        ),
        record({"forgotten_state": _described(TEXT, "a variable, after the name of its home")}),
        record({"mint": _described(TEXT, "a token class"), **_AMOUNT, "to": TEXT}),
        record({"burn": _described(TEXT, "a token class"), **_AMOUNT, "from": TEXT}),
        record(
            {"transfer": _described(TEXT, "a token class"), **_AMOUNT, "from": TEXT, "to": TEXT}
        ),
        record({"anchor": _described(CID, "the CID of the text that is anchored")}),
        record({"usage": _described(TEXT, "a resource type"), **_AMOUNT}),
        record({"put": _described(CID, "the CID of a block that is stored")}),
        record({"pin": _described(CID, "the CID of a block that is kept")}),
        record({"unpin": _described(CID, "the CID of a block that is no longer kept")}),
    )
)

ENTRIES: Final = array(
    either(
        record({"property": TEXT, "value": ANY}),
        record(
            {
                "section": TEXT,
                "label": _described(ANY, "the text after the word; null if there is none"),
                "entries": array(OBJECT),
            }
        ),
        record(
            {
                "undecided": _described(TEXT, "a condition that the context does not decide"),
                "missing_field": TEXT,
                "place": TEXT,
            }
        ),
    )
)
"""A charter in the order of its source; those of a section are of the same forms."""
