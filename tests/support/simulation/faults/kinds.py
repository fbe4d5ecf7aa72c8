"""The table of the kinds of fault, each with how it is injected into a plan.

Rule: a kind is counted once for each code that it tries: a lost award is not a lost settlement, but
a late bid is a late decline.
"""

from random import Random
from typing import Final

from mesh.core.fields import MICRO
from mesh.core.ports.messages import Envelope
from mesh.core.records.membership import Role
from mesh.transport.faults import LinkEffect
from simulation.driving.clocks import ClockFaults
from simulation.driving.machines import MachineEffect
from simulation.driving.station import CrashPlan, CrashPoint
from simulation.faults.dishonest import (
    DoubleAwarder,
    DoubleHolder,
    DoubleSettler,
    Drawer,
    Equivocator,
    Flooder,
    Liar,
    Mutator,
    Mute,
    NobodyPayer,
    Replayer,
    SealCopier,
    SecondSettler,
    Usurper,
    Withholder,
)
from simulation.faults.plan import (
    BEGIN_MS,
    HEAL_MS,
    FaultKind,
    Inject,
    MakeConduct,
    Plan,
    Restore,
    table_of,
)

ROLES: Final = (Role.SUBMITTER, Role.NODE, Role.VERIFIER, Role.ISSUER)
WORKING: Final = (Role.NODE, Role.VERIFIER)

APART_MS_MAX: Final = 140_000
"""Of one clock: two of them differ by less than the 300 s that a receiver allows."""

LINKS: Final = {
    "manifests": frozenset({"JobManifest"}),
    "bids and declines": frozenset({"Bid", "Decline"}),
    "profiles": frozenset({"NodeProfile"}),
    "awards": frozenset({"Award"}),
    "holds": frozenset({"Hold"}),
    "progress": frozenset({"Progress"}),
    "executors' ends": frozenset({"Receipt", "GaveUp"}),
    "draws": frozenset({"Draw"}),
    "attestations": frozenset({"Attestation"}),
    "settlements": frozenset({"Settlement"}),
    "answers": frozenset({"Answer"}),
    "cancels and transfers": frozenset({"Cancel", "Transfer"}),
    "blocks": frozenset({"BlockRequest", "BlockReply"}),
}
SEALED_LINKS: Final = {"seals": frozenset({"Seal"}), "openings": frozenset({"Opening"})}


def _network() -> list[FaultKind]:
    kinds = [
        FaultKind(name=f"lose {what}", inject=_on_links(LinkEffect.DROP, records))
        for what, records in LINKS.items()
    ]
    kinds += [
        FaultKind(
            name=f"lose {what}", inject=_on_links(LinkEffect.DROP, records), is_sealed_only=True
        )
        for what, records in SEALED_LINKS.items()
    ]
    others = (
        ("lose anything", LinkEffect.DROP, 0),
        ("duplicate", LinkEffect.DUPLICATE, 5_000),
        ("reorder", LinkEffect.REORDER, 3_000),
        ("delay", LinkEffect.DELAY, 4_000),
        ("corrupt a byte", LinkEffect.CORRUPT, 0),
        ("truncate", LinkEffect.TRUNCATE, 0),
        ("misdeliver", LinkEffect.MISDELIVER, 0),
        ("disguise the sender", LinkEffect.DISGUISE, 0),
    )
    return kinds + [
        FaultKind(name=name, inject=_on_links(effect, None, milliseconds))
        for name, effect, milliseconds in others
    ]


def _on_links(effect: LinkEffect, records: frozenset[str] | None, milliseconds: int = 0) -> Inject:
    def inject(plan: Plan, dice: Random) -> None:
        plan.on_links(dice, effect, kinds=records, milliseconds=milliseconds)

    return inject


def _partitions() -> list[FaultKind]:
    def cut_off(role: Role) -> Inject:
        return lambda plan, dice: plan.cut_off(dice, frozenset({plan.one(role, dice).did}))

    def split(plan: Plan, dice: Random) -> None:
        dids = [each.did for each in plan.parts]
        plan.cut_off(dice, frozenset(dice.sample(dids, len(dids) // 2)))

    def hold_up(plan: Plan, dice: Random) -> None:
        plan.cut_off(dice, frozenset({dice.choice(plan.parts).did}), is_held=True)

    kinds = [FaultKind(name=f"cut off {_a(role)}", inject=cut_off(role)) for role in ROLES]
    return [
        *kinds,
        FaultKind(name="split the network", inject=split),
        FaultKind(name="hold up one's parcels", inject=hold_up),
    ]


def _crashes() -> list[FaultKind]:
    def crash(role: Role, point: CrashPoint) -> Inject:
        def inject(plan: Plan, dice: Random) -> None:
            for _ in range(dice.randint(1, 3)):
                at = CrashPlan(
                    turn=dice.randint(2, 40), point=point, down_ms=dice.randint(50, 8_000)
                )
                plan.crash(plan.one(role, dice), at)

        return inject

    def die(plan: Plan, dice: Random) -> None:
        at = CrashPlan(
            turn=dice.randint(2, 30),
            point=dice.choice(list(CrashPoint)),
            down_ms=dice.randint(500, 8_000),
            is_reboot=True,
            is_inbox_lost=True,
        )
        plan.crash(dice.choice(plan.parts), at)

    def restore(role: Role) -> Inject:
        def inject(plan: Plan, dice: Random) -> None:
            saved_at = BEGIN_MS + dice.randint(0, 4_000)
            restored_at = saved_at + dice.randint(500, 6_000)
            name = plan.one(role, dice).name
            plan.restores.append(Restore(name=name, saved_at=saved_at, restored_at=restored_at))

        return inject

    kinds = [
        FaultKind(name=f"crash {_a(role)} {point.value}", inject=crash(role, point))
        for role in ROLES
        for point in CrashPoint
    ]
    kinds += [
        FaultKind(name=f"restore an old store of {_a(role)}", inject=restore(role))
        for role in ROLES
    ]
    return [*kinds, FaultKind(name="reboot a machine and lose its inbox", inject=die)]


def _clocks() -> list[FaultKind]:
    def wrong(role: Role, low: int, high: int) -> Inject:
        def inject(plan: Plan, dice: Random) -> None:
            plan.clock(plan.one(role, dice), ClockFaults(skew_ms=dice.randint(low, high)))

        return inject

    def step(role: Role, low: int, high: int) -> Inject:
        def inject(plan: Plan, dice: Random) -> None:
            steps = ((dice.randint(BEGIN_MS, HEAL_MS), dice.randint(low, high)),)
            plan.clock(plan.one(role, dice), ClockFaults(steps=steps))

        return inject

    def drift(plan: Plan, dice: Random) -> None:
        ppm = dice.choice((-100_000, 100_000))
        plan.clock(dice.choice(plan.parts), ClockFaults(drift_ppm=ppm))

    ahead, behind = (60_000, APART_MS_MAX), (-APART_MS_MAX, -60_000)
    kinds = [
        FaultKind(name=f"{name} of {_a(role)}", inject=make(role, *by))
        for role in (Role.ISSUER, Role.SUBMITTER, Role.NODE)
        for name, make, by in (
            ("a clock ahead", wrong, ahead),
            ("a clock behind", wrong, behind),
            ("a step forward of the clock", step, (5_000, APART_MS_MAX)),
            ("a step back of the clock", step, (-APART_MS_MAX, -5_000)),
        )
    ]
    return [*kinds, FaultKind(name="a clock that drifts", inject=drift)]


def _machines() -> list[FaultKind]:
    def machine(role: Role, effect: MachineEffect) -> Inject:
        def inject(plan: Plan, dice: Random) -> None:
            share_ppm = dice.choice((MICRO // 2, MICRO))
            plan.machine(plan.one(role, dice), effect, share_ppm)

        return inject

    effects = (
        (MachineEffect.SLOW, "slow machine"),
        (MachineEffect.HANG, "machine that hangs"),
        (MachineEffect.DIE, "worker that dies"),
        (MachineEffect.WRONG, "machine that computes wrongly"),
        (MachineEffect.REFUSE, "machine that cannot compile"),
    )
    return [
        FaultKind(name=f"a {what} of {_a(role)}", inject=machine(role, effect))
        for role in WORKING
        for effect, what in effects
    ]


def _liars() -> list[FaultKind]:
    kinds = []
    for role in ROLES:
        for verb, make in (
            ("changes fields", Mutator),
            ("signs twice", Equivocator),
            ("sends old records", Replayer),
            ("signs others' records", Usurper),
            ("floods", Flooder),
        ):
            kinds.append(_liar(f"{_a(role)} that {verb}", role, make))
    kinds += [
        _liar("a submitter that awards twice", Role.SUBMITTER, DoubleAwarder),
        _liar("a delegate that awards nothing", Role.SUBMITTER, _mute("Award")),
        _liar("a submitter that withholds blocks", Role.SUBMITTER, Withholder),
        _liar("an executor that withholds blocks", Role.NODE, Withholder),
        _liar("an executor that never ends", Role.NODE, _mute("Receipt", "GaveUp", "Seal")),
        _liar("an executor that never opens", Role.NODE, _mute("Receipt"), is_sealed_only=True),
        _liar("a silent verifier", Role.VERIFIER, _mute("Progress", "Seal", "Attestation")),
        _liar(
            "a verifier that never opens", Role.VERIFIER, _mute("Attestation"), is_sealed_only=True
        ),
        _liar("an issuer that draws accomplices", Role.ISSUER, Drawer),
        _liar("an issuer that settles twice for workers", Role.ISSUER, SecondSettler),
        _liar("an issuer that pays nobody", Role.ISSUER, NobodyPayer),
        _liar("an issuer that orders nothing", Role.ISSUER, _mute("Hold", "Draw")),
        _liar("an issuer that settles nothing", Role.ISSUER, _mute("Settlement")),
        _liar("an issuer that settles twice", Role.ISSUER, DoubleSettler),
        FaultKind(
            name="an issuer and a submitter that collude for two holds of one attempt",
            inject=_double_holders,
            touches=(Role.ISSUER, Role.SUBMITTER),
        ),
        FaultKind(
            name="an issuer and an executor that collude in the draw",
            inject=_drawing_colluders,
            touches=(Role.ISSUER, Role.NODE, Role.VERIFIER),
        ),
        FaultKind(
            name="an executor and a verifier that collude",
            inject=_colluders,
            touches=WORKING,
        ),
        FaultKind(
            name="two verifiers, one of whom copies the other's seal",
            inject=_copiers,
            touches=(Role.VERIFIER,),
            is_sealed_only=True,
        ),
    ]
    return kinds


def _liar(name: str, role: Role, make: MakeConduct, *, is_sealed_only: bool = False) -> FaultKind:
    def inject(plan: Plan, dice: Random) -> None:
        plan.conduct(plan.one(role, dice), make, dice)

    return FaultKind(name=name, inject=inject, touches=(role,), is_sealed_only=is_sealed_only)


def _mute(*kinds: str) -> MakeConduct:
    return type("Mute", (Mute,), {"kinds": frozenset(kinds)})


def _colluders(plan: Plan, dice: Random) -> None:
    for role in WORKING:
        part = plan.one(role, dice)
        plan.machine(part, MachineEffect.WRONG_ALIKE, MICRO)
        plan.conduct(part, Withholder, dice)


def _double_holders(plan: Plan, dice: Random) -> None:
    seen: list[Envelope] = []
    plan.conduct(plan.one(Role.ISSUER, dice), DoubleHolder, dice, seen)
    for part in plan.of_role(Role.SUBMITTER):
        plan.conduct(part, DoubleAwarder, dice, seen)


def _drawing_colluders(plan: Plan, dice: Random) -> None:
    """All agree on what is wrong, and the issuer draws the accomplice."""
    plan.conduct(plan.one(Role.ISSUER, dice), Drawer, dice)
    for role in WORKING:
        part = plan.one(role, dice)
        plan.machine(part, MachineEffect.WRONG_ALIKE, MICRO)
        plan.conduct(part, Liar, dice)


def _copiers(plan: Plan, dice: Random) -> None:
    seen: list[Envelope] = []
    verifiers = plan.of_role(Role.VERIFIER)
    for part in dice.sample(verifiers, min(2, len(verifiers))):
        plan.conduct(part, SealCopier, dice, seen)


def _a(role: Role) -> str:
    return f"an {role.value}" if role is Role.ISSUER else f"a {role.value}"


KINDS: Final = table_of(
    *_network(), *_partitions(), *_crashes(), *_clocks(), *_machines(), *_liars()
)
