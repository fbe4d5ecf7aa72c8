"""The field types of the records: names, amounts and texts with the bounds of the wire.

Rule: a value outside of them is refused as the record is read.
"""

import re
from typing import Annotated, Final, NewType, TypeAlias

from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import Between, Checked, Size

JobId = NewType("JobId", str)
NodeId = NewType("NodeId", str)

MICRO: Final = 1_000_000
"""Rates and loads are counted in millionths."""

_JOB_ID: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
_NODE_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]*")

JobIdField: TypeAlias = Annotated[
    JobId, Checked(lambda text: _JOB_ID.fullmatch(text) is not None, "a UUID in lower case")
]
NodeIdField: TypeAlias = Annotated[
    NodeId,
    Size(1, 64),
    Checked(
        lambda text: _NODE_ID.fullmatch(text) is not None,
        "a name of lower-case letters, digits, '.', '_' and '-'",
    ),
]
Amount: TypeAlias = Annotated[int, Between(1, INTEGER_MAX)]
Word: TypeAlias = Annotated[str, Size(1, 64)]
Words: TypeAlias = Annotated[tuple[Word, ...], Size(0, 64)]
Dids: TypeAlias = Annotated[tuple[Did, ...], Size(0, 64)]
REASON_BYTES_MAX: Final = 1024
Reason: TypeAlias = Annotated[str, Size(0, REASON_BYTES_MAX)]
"""Prose for people; use `cut` on what others may have made long."""
