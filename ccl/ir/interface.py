"""The interface of a file: what its importers see of it, as one value with a CID.

Rule: it is complete without its importers and the same whoever they are. It changes when, and only
when, something changes that an importer may depend on.
"""

from typing import Any

from ccl.support.node import Node

INTERFACE_VERSION = 1


class Interface(Node, frozen=True, kw_only=True):
    """`value` has a canonical encoding as DAG-CBOR, and `cid` names that.

    Maps by name: `functions`, `structs`, `enums`, `constants`, `states`, `roles`, and `contracts`,
    which have the same maps. A type is a text; one of another file begins with the path from the
    folder of this one: `../rules.ccl#Card`.
    """

    value: dict[str, Any]
    cid: str
