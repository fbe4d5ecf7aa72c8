"""`meshctl policy`: rules from options, and rules in words."""

from pathlib import Path
from typing import Any, Final, assert_never

from msgspec import Struct

from mesh.cli.naming import did_from
from mesh.cli.option_values import one_of
from mesh.cli.output import Column, field
from mesh.cli.session import found_mesh, make_output, open_mesh
from mesh.cli.tokens import RULES
from mesh.local.treasury import policies, set_policy
from runtime.content.shapes import ShapeError
from runtime.content.typed import to_value
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.policy import AllOf, AllowAll, AnyOf, PermitList, Quota, RateLimit, Rule
from runtime.tokens.token import ResourceType

_COLUMNS = (
    Column(title="Resource", text=field("resource_type"), width=12),
    Column(title="Rule", text=field("text"), width=30),
    Column(title="Committed", text=field("committed"), width=12),
    Column(title="Policy", text=field("policy")),
)


class Choice(Struct, frozen=True, kw_only=True):
    """The options of `policy set` as they were typed."""

    rule: str
    resource_type: str
    limit: int | None
    amount: int | None
    per_seconds: int | None
    burst: int | None
    dids: tuple[str, ...]


def run_set(choice: Choice, *, output: str | None, quiet: bool, home: Path | None) -> None:
    """Carry out `policy set`."""
    out = make_output(home, output, quiet=quiet)
    kind = one_of(ResourceType, choice.resource_type, "--type")
    _refuse_unused(choice)
    rule = _rule(choice)
    try:
        to_value(rule)
    except ShapeError as error:
        raise _malformed(str(error)) from None
    with found_mesh(home) as mesh:
        cid = set_policy(mesh, kind, rule)
    out.record(
        {"policy": str(cid), "resource_type": kind.value, "text": in_words(rule)},
        lines=[f"{kind.value}: {in_words(rule)}", f"Policy: {cid}"],
        quiet=str(cid),
    )


_OPTIONS: Final = {
    "allow-all": (),
    "quota": ("--limit",),
    "rate-limit": ("--amount", "--per-seconds", "--burst"),
    "permit-list": ("--did",),
}


def _refuse_unused(choice: Choice) -> None:
    """An option that the rule does not know was meant for another rule."""
    given = {
        "--limit": choice.limit,
        "--amount": choice.amount,
        "--per-seconds": choice.per_seconds,
        "--burst": choice.burst,
        "--did": choice.dids or None,
    }
    known = _OPTIONS.get(choice.rule)
    if known is None:
        return
    unused = [option for option, value in given.items() if value is not None]
    unused = [option for option in unused if option not in known]
    if unused:
        takes = f"takes {', '.join(known)}" if known else "takes no options"
        raise _malformed(f"the rule {choice.rule} {takes}, not {', '.join(unused)}")


def _rule(choice: Choice) -> Rule:
    match choice.rule:
        case "allow-all":
            return AllowAll()
        case "quota":
            return Quota(limit=_needed("--limit", choice.limit))
        case "rate-limit":
            try:
                return RateLimit(
                    amount=_needed("--amount", choice.amount),
                    per_seconds=_needed("--per-seconds", choice.per_seconds),
                    burst=_needed("--burst", choice.burst or choice.amount),
                )
            except ValueError as error:
                raise _malformed(str(error)) from None
        case "permit-list":
            return PermitList(dids=tuple(did_from(text, "--did") for text in choice.dids))
        case other:
            from ccl.abi.text.suggest import nearest_beginning

            close = nearest_beginning(other, RULES)
            raise CommandError(
                ExitCode.USAGE,
                "unknown-word",
                f"'{other}' is not a rule",
                hint=(f"did you mean {close}? " if close else "")
                + f"the rules are {', '.join(RULES)}",
            )


def _needed(option: str, value: int | None) -> int:
    if value is None:
        raise _malformed(f"{option} is missing")
    return value


def _malformed(reason: str) -> CommandError:
    return CommandError(
        ExitCode.USAGE, "policy-malformed", reason, hint="meshctl policy set --help"
    )


def in_words(rule: Rule) -> str:
    """A rule as people read it."""
    match rule:
        case AllowAll():
            return "allow all"
        case Quota(limit=limit):
            return f"quota {limit} each"
        case RateLimit():
            return f"{rule.amount} per {rule.per_seconds} s, at most {rule.burst} at once"
        case PermitList(dids=dids):
            return f"only {', '.join(dids)}" if dids else "nobody"
        case AllOf(rules=rules):
            return f"all of ({'; '.join(map(in_words, rules))})"
        case AnyOf(rules=rules):
            return f"any of ({'; '.join(map(in_words, rules))})"
        case _:
            assert_never(rule)


def run_show(*, output: str | None, quiet: bool, home: Path | None) -> None:
    """Carry out `policy show`."""
    out = make_output(home, output, quiet=quiet)
    with open_mesh(home) as mesh:
        found = policies(mesh)
    rows: list[dict[str, Any]] = [
        {
            "resource_type": kind.value,
            "kind": type(policy.rule).__name__,
            "rule": to_value(policy.rule),
            "text": in_words(policy.rule),
            "committed": committed,
            "policy": str(policy.cid),
        }
        for kind, (policy, committed) in found.items()
    ]
    out.rows(
        "policies",
        rows,
        _COLUMNS,
        quiet="policy",
        empty="No policy is set: everyone may spend what they have",
    )
