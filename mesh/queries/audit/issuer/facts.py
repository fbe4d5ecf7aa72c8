"""Facts of an issuer's books, as its signed records have them: holds with their ends, tokens."""

from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from mesh.actors.issuer.owners.commands import allocation_account
from mesh.actors.issuer.rows import ATTEMPTS, TOKENS
from mesh.core.ids import issue_id
from mesh.core.records.jobs import Award, JobManifest, Transfer
from mesh.core.records.market import Bid
from mesh.core.records.settlement import Answer, Policy, Revocation, Settlement
from mesh.core.records.work import Hold
from mesh.core.settlement.books import ENTRIES, EntryRow
from mesh.queries.audit.reading import ActorStore
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed
from runtime.tokens.token import CHAIN_MAX, ResourceToken, ResourceType, within
from runtime.tokens.transfers import AccountKind, TransferId


class HoldFacts(Struct, frozen=True, kw_only=True):
    """A hold with what it rests on, and its end. chain: the tokens that pay, leaf first."""

    hold: Signed[Hold]
    award: Signed[Award]
    bid: Signed[Bid]
    manifest: Signed[JobManifest]
    chain: tuple[Signed[ResourceToken], ...]
    settlement: Signed[Settlement] | None

    @property
    def paid(self) -> int:
        """What the hold has cost so far: all of it while it is open."""
        body = self.hold.body
        return body.amount if self.settlement is None else body.amount - self._refunded

    @property
    def _refunded(self) -> int:
        return 0 if self.settlement is None else self.settlement.body.refunded


class IssuerFacts:
    """One issuer's records and rows."""

    def __init__(self, store: ActorStore) -> None:
        self.store = store
        self.did = store.did
        self.lacking: list[Signed[Hold]] = []
        """Holds of which a record is missing here."""
        self.holds = list(self._holds())

    def _holds(self) -> Iterator[HoldFacts]:
        ends = {each.body.hold: each for each in reversed(self.store.own(Settlement))}
        for row in self.store.rows(ATTEMPTS):
            named = self.store.get(Settlement, row.settlement)
            if named is not None and named.signer == self.did and named.body.hold == row.hold:
                ends[row.hold] = named
        for hold in self.store.own(Hold):
            found = self._facts(hold, ends.get(hold.cid))
            if found is None:
                self.lacking.append(hold)
            else:
                yield found

    def _facts(self, hold: Signed[Hold], settlement: Signed[Settlement] | None) -> HoldFacts | None:
        award = self.store.get(Award, hold.body.award)
        manifest = self.store.get(JobManifest, hold.body.job)
        bid = self.store.get(Bid, hold.body.bid)
        chain = self.chain_of(hold.body.token)
        if award is None or manifest is None or bid is None or not chain:
            return None
        return HoldFacts(
            hold=hold,
            award=award,
            bid=bid,
            manifest=manifest,
            chain=chain,
            settlement=settlement,
        )

    def chain_of(self, leaf: Cid) -> tuple[Signed[ResourceToken], ...]:
        """A token and its parents up to the issuer's, empty where one is missing."""
        found: list[Signed[ResourceToken]] = []
        following: Cid | None = leaf
        while following is not None and len(found) < CHAIN_MAX:
            link = self.store.get(ResourceToken, following)
            if link is None:
                return ()
            found.append(link)
            following = link.body.parent
        return tuple(found)

    @property
    def are_whole(self) -> bool:
        """Whether every hold is here with all that it rests on: else sums would be of less."""
        return not self.lacking and all(
            row.hold in self.store.held or not self._is_held(row.id)
            for row in self.store.rows(ATTEMPTS)
        )

    def _is_held(self, id_: TransferId) -> bool:
        """Whether an entry may be of a hold whose record is lost."""
        return all(each.hold.body.id != id_ for each in self.holds) and id_ in self.entries

    @cached_property
    def entries(self) -> dict[TransferId, EntryRow]:
        """The stored entries of the ledger."""
        return {row.id: row for row in self.store.rows(ENTRIES)}

    @cached_property
    def roots(self) -> list[Signed[ResourceToken]]:
        """The tokens that the issuer itself has signed."""
        return [each for each in self.store.own(ResourceToken) if each.body.parent is None]

    @cached_property
    def accepted(self) -> dict[Cid, Signed[Answer]]:
        """The answers to requests that were accepted, by request."""
        return {each.body.request: each for each in self.store.own(Answer) if each.body.accepted}

    @cached_property
    def transfers(self) -> list[Signed[Transfer]]:
        """The transfers that were accepted."""
        return [each for each in self.store.all(Transfer) if each.cid in self.accepted]

    @cached_property
    def revocations(self) -> dict[Cid, Signed[Revocation]]:
        """The first revocation of each target, by its signer."""
        found: dict[Cid, Signed[Revocation]] = {}
        for each in sorted(self.store.all(Revocation), key=lambda each: each.body.revoked_at):
            target = self.store.any(each.body.target)
            if target is not None and target.signer == each.signer:
                found.setdefault(each.body.target, each)
        return found

    @cached_property
    def allocations(self) -> frozenset[Cid]:
        """The root tokens that set an owner's units aside; the others create units.

        The token itself is the same for both: its row and its entry say which it is, four fields,
        of which most are right.
        """
        return frozenset(each.cid for each in self.roots if self._is_allocation(each))

    def _is_allocation(self, token: Signed[ResourceToken]) -> bool:
        owner = token.body.audience
        aside = allocation_account(owner, token.body.scope)
        row = self.store.row(TOKENS, token.cid)
        entry = self.entries.get(issue_id(token.cid))
        signs = [] if row is None else [row.payer == aside]
        if entry is not None:
            signs += [
                entry.credit_owner == aside,
                entry.debit_owner == owner,
                entry.debit_kind is AccountKind.HOLDINGS,
            ]
        return sum(signs) * 2 > len(signs)

    def payer_of(self, root: Signed[ResourceToken]) -> Did:
        """Whose account a root token draws on."""
        owner = root.body.audience
        is_aside = root.cid in self.allocations
        return allocation_account(owner, root.body.scope) if is_aside else owner

    @cached_property
    def policies(self) -> dict[tuple[ResourceType, str], list[Signed[Policy]]]:
        """The issuer's policies by resource and scope, by edition."""
        found: dict[tuple[ResourceType, str], list[Signed[Policy]]] = {}
        for each in self.store.own(Policy):
            found.setdefault((each.body.resource_type, each.body.scope), []).append(each)
        for editions in found.values():
            editions.sort(key=lambda each: each.body.edition)
        return found

    def policies_for(self, resource: ResourceType, scope: str) -> list[list[Signed[Policy]]]:
        """The editions of each policy that a demand is under, the widest scope first."""
        found = [
            (outer, editions)
            for (kind, outer), editions in sorted(
                self.policies.items(), key=lambda each: (each[0][0].value, each[0][1])
            )
            if kind is resource and within(scope, outer)
        ]
        return [editions for _, editions in sorted(found, key=lambda each: len(each[0]))]
