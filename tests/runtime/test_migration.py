"""Programs of other shapes over stored state: no variable is lost unless it is named."""

from itertools import product
from typing import Any

import pytest
from ccl_machine import NOW, Kept, Ran, run

from ccl.pipeline import compile_text
from runtime.execution.execution import OutcomeKind

WEEK = 7 * 86_400
HELD = (
    "proposals of Spend are stored with other parameters; "
    "close and prune them with the earlier program before this one runs"
)
PROPOSALS = "proposals of Spend were stored with other parameters"
FUND = "state `fund` was stored as Integer, this program has Decimal"
SPEND_IS_GONE = (
    "proposals of Spend are stored, this program has no proposal of that name; "
    "close and prune them with the earlier program before this one runs"
)
DUES = "state `dues` was stored as Array<Integer>, this program has Array<Decimal>"


def program(
    fund: str = "Integer", dues: str = "Integer", amount: str = "Integer", migrate: str = ""
) -> bytes:
    first = {"Integer": "1", "Decimal": "1.0"}
    compiled = compile_text(
        f"""state fund: {fund} = {first[fund]};
state dues: Array<{dues}> = [{first[dues]}];

proposal Spend {{
  electorate: [caller()];
  voting_period: 7d;
  parameters {{ amount: {amount}; }}
}}

{migrate}

export fn store() {{ fund += {first[fund]}; array_push(dues, {first[dues]}); }}
export fn look() -> String {{ "\\(fund) \\(dues.length())" }}
export fn propose() -> Integer {{ Spend.open(amount: {first[amount]}) }}
export fn settle(id: Integer) {{ Spend.close(id); }}
export fn prune() -> Integer {{ Spend.prune(older_than: 0d) }}
""",
        "coop.ccl",
    )
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    return compiled.wasm


def call(module: bytes, entry: str, kept: Kept, *arguments: Any, now: int = NOW) -> Ran:
    return run(module, entry=entry, arguments=list(arguments), kept=kept, now=now)


def value(module: bytes, entry: str, kept: Kept, *arguments: Any, now: int = NOW) -> Any:
    ran = call(module, entry, kept, *arguments, now=now)
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
    return ran.value


def refusal(module: bytes, entry: str, kept: Kept) -> str:
    before = kept.root
    ran = call(module, entry, kept)
    assert ran.outcome.kind is OutcomeKind.TRAPPED, ran.outcome
    assert kept.root == before
    return ran.outcome.detail


def stored_by(module: bytes, *, proposals: str) -> Kept:
    """State of the program, with its proposals `open`, `pruned`, or never opened."""
    kept = Kept()
    value(module, "store", kept)
    if proposals != "none":
        assert value(module, "propose", kept) == 1
    if proposals == "pruned":
        value(module, "settle", kept, 1, now=NOW + WEEK)
        assert value(module, "prune", kept, now=NOW + WEEK) == 1
    return kept


MIGRATE_FUND = "fn migrate(old: Data) { let whole: Integer = old.fund; fund = decimal(whole); }"


def test_changed_variables_are_all_named() -> None:
    kept = stored_by(program(), proposals="open")
    changed = program(fund="Decimal", dues="Decimal", amount="Decimal")
    named = refusal(changed, "look", kept)
    assert named == f"{DUES}; {FUND}; {PROPOSALS}; declare fn migrate(old: Data)"


@pytest.mark.parametrize("migrate", ["", MIGRATE_FUND])
def test_open_proposals_of_other_parameters_are_refused(migrate: str) -> None:
    kept = stored_by(program(), proposals="open")
    fund = "Decimal" if migrate else "Integer"
    changed = program(fund=fund, amount="Decimal", migrate=migrate)
    assert refusal(changed, "propose", kept) == HELD


@pytest.mark.parametrize("migrate", ["", MIGRATE_FUND])
def test_numbers_of_pruned_proposals_are_not_used_again(migrate: str) -> None:
    kept = stored_by(program(), proposals="pruned")
    fund = "Decimal" if migrate else "Integer"
    changed = program(fund=fund, amount="Decimal", migrate=migrate)
    assert value(changed, "propose", kept) == 2
    assert value(changed, "propose", kept) == 3
    assert kept.stored["coop"]["Spend.proposals"]["opened"] == 3


def test_count_carried_without_a_migration_is_no_difference_any_more() -> None:
    kept = stored_by(program(), proposals="pruned")
    value(program(amount="Decimal"), "propose", kept)
    again = program(amount="Decimal", migrate="fn migrate(old: Data) { fund = 1_000; }")
    assert value(again, "look", kept) == "2 2"


def test_count_carried_leaves_other_changes_to_a_migration() -> None:
    kept = stored_by(program(), proposals="pruned")
    assert value(program(fund="Decimal", amount="Decimal"), "propose", kept) == 2
    again = program(fund="Decimal", amount="Decimal", migrate=MIGRATE_FUND)
    assert value(again, "look", kept) == "2 2"
    assert value(again, "propose", kept) == 3


def test_proposals_of_the_same_parameters_outlive_a_migration() -> None:
    kept = stored_by(program(), proposals="open")
    changed = program(fund="Decimal", migrate=MIGRATE_FUND)
    assert value(changed, "look", kept) == "2 2"
    assert value(changed, "propose", kept) == 2
    assert len(kept.stored["coop"]["Spend.proposals"]["kept"]) == 2


def test_variable_that_a_migration_leaves_out_is_refused() -> None:
    kept = stored_by(program(), proposals="none")
    changed = program(fund="Decimal", dues="Decimal", migrate=MIGRATE_FUND)
    assert refusal(changed, "look", kept) == f"{DUES}; set it in fn migrate"


@pytest.mark.parametrize("proposals", ["none", "open", "pruned"])
def test_removed_kind_of_proposals_is_refused_while_any_is_kept(proposals: str) -> None:
    other = "proposal Aid { electorate: [caller()]; voting_period: 7d; }"
    kept = stored_by(program(migrate=other), proposals=proposals)
    renamed = compile_text(
        """state dues: Array<Integer> = [];
proposal Zeal { electorate: [caller()]; voting_period: 7d; }
fn migrate(old: Data) { array_push(dues, integer(old.fund)); }
export fn look() -> Integer { dues.length() }
""",
        "coop.ccl",
    ).wasm
    assert renamed is not None
    if proposals != "open":
        assert value(renamed, "look", kept) == 3
        return
    assert refusal(renamed, "look", kept) == SPEND_IS_GONE


@pytest.mark.parametrize("length", [99, 100, 101, 200])
def test_removed_kind_of_proposals_is_found_beside_variables_of_any_name(length: int) -> None:
    variable = "A" * length
    earlier = program(
        migrate=f"state {variable}: Integer = 1; export fn add() {{ {variable} += 1; }}"
    )
    kept = stored_by(earlier, proposals="open")
    value(earlier, "add", kept)
    later = compile_text(
        """state fund: Integer = 1;
fn migrate(old: Data) { fund = old.fund; }
export fn look() -> Integer { fund }
""",
        "coop.ccl",
    ).wasm
    assert later is not None
    assert refusal(later, "look", kept) == SPEND_IS_GONE


def test_shape_over_the_limit_is_refused() -> None:
    fields = ", ".join(f"a_long_name_of_a_field_{number}: Integer" for number in range(30))
    first = ", ".join(f"a_long_name_of_a_field_{number}: 1" for number in range(30))
    earlier = compile_text(
        f"struct Wide {{ {fields} }}\nstate wide: Wide = Wide {{ {first} }};\n"
        "export fn store() { wide.a_long_name_of_a_field_0 = 2; }",
        "coop.ccl",
    ).wasm
    later = compile_text(
        "state wide: Option<Integer> = None;\nexport fn look() -> Bool { wide == None }", "coop.ccl"
    ).wasm
    assert earlier is not None
    assert later is not None
    kept = Kept()
    value(earlier, "store", kept)
    assert refusal(later, "look", kept) == (
        "state `wide` was stored as another type, this program has Option<Integer>; "
        "declare fn migrate(old: Data)"
    )


KINDS = ("Integer", "Decimal")
SETS = {
    "fund": "let f: Integer = old.fund; fund = decimal(f);",
    "dues": "let d: Array<Integer> = old.dues; dues = []; "
    "for each in d { array_push(dues, decimal(each)); }",
}


@pytest.mark.parametrize("proposals", ["none", "open", "pruned"])
@pytest.mark.parametrize(("fund", "dues", "amount"), list(product(KINDS, repeat=3)))
def test_unnamed_variable_is_never_lost(fund: str, dues: str, amount: str, proposals: str) -> None:
    """Over each set of changes, and each of what a migration sets of them."""
    kept = stored_by(program(), proposals=proposals)
    before = kept.stored["coop"]
    changed = {name for name, kind in (("fund", fund), ("dues", dues)) if kind == "Decimal"}
    loses_votes = amount == "Decimal" and proposals == "open"
    for left_out in (*({each} for each in changed), set[str]()):
        sets = " ".join(SETS[each] for each in sorted(changed - left_out))
        migrate = f"fn migrate(old: Data) {{ {sets} }}"
        module = program(fund, dues, amount, migrate)
        if left_out or loses_votes:
            named = refusal(module, "look", kept)
            assert all(f"state `{each}` was stored as" in named for each in left_out)
            assert ("proposals of Spend" in named) == (amount == "Decimal" and proposals != "none")
            continue
        assert value(module, "look", kept) == "2 2"
        after = kept.stored["coop"]
        assert after.keys() >= before.keys()
        if "Spend.proposals" in before:
            opened = before["Spend.proposals"]["opened"]
            assert after["Spend.proposals"]["opened"] == opened
            assert value(module, "propose", kept) == opened + 1
