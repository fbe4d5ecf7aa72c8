"""The opening that a worker was shown first: of several, no record says which."""

from mesh.core.records.work import Hold, Opening
from mesh.queries.audit.reading import ActorStore
from runtime.content.cid import Cid
from runtime.identity.signed import Signed


def shown_opening(store: ActorStore, hold: Signed[Hold], stored: Cid | None) -> Cid | None:
    """The one that its row names, if the issuer of the hold has signed it."""
    made = [each.cid for each in store.about(Opening, hold.cid) if each.signer == hold.signer]
    return stored if stored in made else next(iter(made), None)
