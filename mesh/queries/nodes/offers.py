"""Resources that are for sale in the mesh, and the error of one that is not."""

from collections.abc import Sequence

from mesh.actors.submitter.market.offers import sold_instead
from mesh.actors.submitter.rows import PROFILES
from mesh.queries.reader import Reader
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.token import ResourceType


def check_sold(reader: Reader, wanted: ResourceType) -> None:
    """Raises CommandError `resource-not-sold` for a resource that no node has a rate for."""
    sold = sold_instead(
        wanted,
        reader.members,
        reader.rows(PROFILES),
        reader.archive,
        reader.blocks,
        reader.now,
    )
    if sold is not None:
        raise not_sold(wanted, sold)


def not_sold(wanted: ResourceType, sold: Sequence[str]) -> CommandError:
    """The error of a resource that no node sells. sold: those that nodes do."""
    hint = "`meshctl list-nodes` shows what the nodes offer"
    if sold:
        hint = f"its nodes sell {' and '.join(sold)}: name that, or have a node set a rate for it"
    return CommandError(
        ExitCode.USAGE,
        "resource-not-sold",
        f"no node of this mesh sells {wanted.value}",
        hint=hint,
        details={"resource_type": wanted.value, "sold": list(sold)},
    )
