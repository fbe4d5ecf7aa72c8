"""Every name that published CCL calls without declaring it, with a call of it and what it means.

One case a name and form. `code` is the body of a function; its value, log, effects or trap is
what the name means. `m` and `list` … are made in the body: nothing is shared between cases.
"""

from typing import Final

from published_names.governance import TOKENS, TREASURY, VOTES
from published_names.language import COLLECTIONS, CONTEXT, MESH
from published_names.records import BLOCKS, IDENTITY

SECTIONS: Final = {
    "collections": COLLECTIONS,
    "context": CONTEXT,
    "mesh": MESH,
    "tokens": TOKENS,
    "votes": VOTES,
    "treasury": TREASURY,
    "blocks": BLOCKS,
    "identity": IDENTITY,
}
PRELUDE: Final = 'role Treasurer { description: "Keeps the money"; }\n'
