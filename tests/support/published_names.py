"""Every name that published CCL calls without declaring it, with a call of it and what it means.

One case a name and form. `code` is the body of a function; its value, log, effects or trap is
what the name means. `m` and `list` … are made in the body: nothing is shared between cases.
"""

from dataclasses import dataclass
from typing import Any, Final

ADA: Final = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
"""The caller."""
BEA: Final = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
NOW: Final = 1_767_225_600
WASM: Final = "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze"
_DIDS: Final = f'let ada: Did = "{ADA}"; let bea: Did = "{BEA}"; '


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`effects`: the kinds of the execution's effects besides state and events, in order."""

    name: str
    code: str
    value: Any = None
    log: tuple[str, ...] | None = None
    effects: tuple[str, ...] = ()
    trap: str | None = None
    roles: tuple[str, ...] = ()


def _case(name: str, code: str, value: Any = None, **rest: Any) -> Case:
    return Case(name=name, code=code, value=value, **rest)


COLLECTIONS: Final = (
    _case("array_len", "array_len([7, 8])", 2),
    _case("array_push", "let xs = [7]; [array_push(xs, 8), xs[1]]", [2, 8]),
    _case("array_pop", "let xs = [7, 8]; [array_pop(xs), xs.length()]", [8, 1]),
    _case(
        "array_contains", '[array_contains(["a"], "a"), array_contains(["a"], "b")]', [True, False]
    ),
    _case("array_slice", "array_slice([1, 2, 3], 1, 3)", [2, 3]),
    _case(".length()", '[[1, 2].length(), "abc".length()]', [2, 3]),
    _case("sum", "sum([1, 2, 3])", 6),
    _case("min", "min(2, 3)", 2),
    _case("max", "max(2, 3)", 3),
    _case("abs", "abs(-5)", 5),
    _case("pow", "pow(2, 10)", 1024),
    _case("sqrt", "sqrt(17)", 4),
    _case("percentage", "percentage(1, 4)", 25),
    _case("string_length", 'string_length("né")', 2),
    _case("string_concat", 'string_concat("a", "b")', "ab"),
    _case("string_substring", 'string_substring("bylaws", 2, 6)', "laws"),
    _case("string_contains", 'string_contains("bylaws", "law")', True),
    _case("string_to_upper", 'string_to_upper("Quorum")', "QUORUM"),
    _case("string_to_lower", 'string_to_lower("Quorum")', "quorum"),
    _case("map_new", "let m: Map<String, Integer> = map_new(); map_size(m)", 0),
    _case("map_insert", 'let m = map_new(); map_insert(m, "a", 1); m', [["a", 1]]),
    _case(
        "map_get", 'let m = map_new(); m["a"] = 1; [map_get(m, "a"), map_get(m, "b")]', [1, None]
    ),
    _case("map_contains_key", 'let m = map_new(); m["a"] = 1; map_contains_key(m, "a")', True),
    _case("map_size", 'let m = map_new(); m["a"] = 1; map_size(m)', 1),
    _case("days", "let seconds: Integer = days(2); seconds", 172_800),
    _case("hours", "let seconds: Integer = hours(2); seconds", 7200),
)

CONTEXT: Final = (
    _case("caller", "caller()", ADA),
    _case("host_get_caller", "host_get_caller()", ADA),
    _case("timestamp", "timestamp()", NOW),
    _case("timestamp", 'timestamp("2024-12-31T23:59:59Z")', 1_735_689_599),
    _case("host_get_current_time", "host_get_current_time()", NOW),
    _case("host_get_reputation", "host_get_reputation()", 50),
    _case("host_account_get_mana", "let m: Mana = host_account_get_mana(); integer(m)", 1_000_000),
    _case("caller_has_role", "caller_has_role(Treasurer)", True, roles=("Treasurer",)),
    _case("caller_has_role", 'caller_has_role("Treasurer")', False),
)

MESH: Final = (
    _case(
        "submit_job",
        f'submit_job("{WASM}", "Count", "compute", 10, "low"); true',
        True,
        effects=("submit-job",),
    ),
    _case(
        "submit_job",
        f'submit_job(wasm_cid: "{WASM}", description: "Count", resource_type: "compute",'
        ' resource_amount: 10, priority: "low"); true',
        True,
        effects=("submit-job",),
    ),
    _case(
        "check_resource_authorization",
        "[check_resource_authorization(ResourceType.CPU, 10),"
        " check_resource_authorization(ResourceType.COMPUTE, 2_000_000)]",
        [True, False],
    ),
    _case(
        "record_resource_usage",
        "record_resource_usage(ResourceType.STORAGE, 3); true",
        True,
        effects=("record-usage",),
    ),
    *(
        _case(
            f"ResourceType.{name}",
            f"record_resource_usage(ResourceType.{name}, 3); true",
            True,
            effects=("record-usage",),
        )
        for name in ("CPU", "MEMORY", "IO", "TOKEN", "COMPUTE", "STORAGE", "BANDWIDTH")
    ),
    _case(
        "perform_action",
        'perform_action("count", 10); true',
        True,
        effects=("record-usage",),
        log=("count: 10 compute",),
    ),
    _case("perform_action", 'perform_action("count", 2_000_000);', trap="unhandled Err"),
    _case(
        "perform_metered_action",
        'perform_metered_action("count", 10); true',
        True,
        effects=("record-usage",),
    ),
    _case(
        "perform_metered_action",
        'perform_metered_action("count", ResourceType.CPU, 10); true',
        True,
        effects=("record-usage",),
    ),
    _case("anchor_data", 'anchor_data("minutes"); true', True, effects=("anchor",)),
    _case("log", 'log("minutes"); true', True, log=("minutes",)),
    _case(
        "log_event",
        'log_event(name: "meeting", detail: "opened"); true',
        True,
        log=("meeting: opened",),
    ),
)

TOKENS: Final = (
    _case(
        "mint", _DIDS + 'mint("share", 5, bea); token_balance("share", bea)', 5, effects=("mint",)
    ),
    _case(
        "burn",
        _DIDS + 'mint("share", 5, bea); burn("share", bea, 2); token_balance("share", bea)',
        3,
        effects=("mint", "burn"),
    ),
    _case(
        "transfer",
        _DIDS + "let paid: Bool = transfer(ada, bea, 7); [paid, transfer(bea, ada, 1)]",
        [True, False],
        effects=("transfer",),
    ),
    _case(
        "transfer",
        _DIDS + 'mint("share", 5, bea); transfer("share", bea, ada, 2);'
        ' [token_balance("share", ada), token_balance("share", bea)]',
        [2, 3],
        effects=("mint", "transfer"),
    ),
    _case(
        "transfer",
        _DIDS + "transfer(to: bea, amount: 7); integer(host_account_get_mana())",
        999_993,
        effects=("transfer",),
    ),
    _case(
        "mint_tokens",
        _DIDS + f'mint_tokens("share", 5, "{BEA}"); token_balance("share", bea)',
        5,
        effects=("mint",),
    ),
    _case(
        "host_mint_tokens",
        _DIDS + 'host_mint_tokens("share", 5, bea); token_balance("share", bea)',
        5,
        effects=("mint",),
    ),
    _case(
        "host_burn_tokens",
        _DIDS + 'mint("share", 5, bea); host_burn_tokens("share", 5, bea);'
        ' token_balance("share", bea)',
        0,
        effects=("mint", "burn"),
    ),
    _case(
        "host_transfer_tokens",
        _DIDS + 'mint("share", 5, bea); host_transfer_tokens("share", bea, ada, 1);'
        ' token_balance("share", ada)',
        1,
        effects=("mint", "transfer"),
    ),
    _case("host_get_token_balance", 'host_get_token_balance("compute")', 1_000_000),
    _case(
        "create_scoped_token",
        'create_scoped_token("meal", "Meal", "MEAL", caller(), "city", "Leeds")',
        True,
    ),
    _case(
        "transfer_scoped",
        _DIDS + 'create_scoped_token("meal", "Meal", "MEAL", ada, "city", "Leeds");'
        ' mint("meal", 5, bea);'
        ' [transfer_scoped("meal", bea, ada, 2, "Leeds"),'
        ' transfer_scoped("meal", bea, ada, 2, "York")]',
        [True, False],
        effects=("mint", "transfer"),
    ),
    _case(
        "verify_token_constraints",
        _DIDS + 'create_scoped_token("meal", "Meal", "MEAL", ada, "city", "Leeds");'
        ' [verify_token_constraints("meal", ada, "mint", "Leeds"),'
        ' verify_token_constraints("meal", bea, "transfer", "Leeds")]',
        [True, False],
    ),
)

VOTES: Final = (
    _case("create_delegation", _DIDS + 'create_delegation(ada, bea, "money", 1)', 1),
    _case(
        "revoke_delegation",
        _DIDS + 'create_delegation(ada, bea, "money", 1); revoke_delegation(ada, "money");'
        ' calculate_delegated_power(bea, "money")',
        1,
    ),
    _case(
        "calculate_delegated_power",
        _DIDS + 'create_delegation(ada, bea, "money", 3); calculate_delegated_power(bea, "money")',
        4,
    ),
    _case(
        "resolve_delegated_vote",
        _DIDS
        + 'create_delegation(ada, bea, "money", 1); resolve_delegated_vote(ada, "rent", "money")',
        BEA,
    ),
    _case("quadratic_vote_cost", "quadratic_vote_cost(4)", 16),
    _case(
        "submit_quadratic_vote",
        _DIDS
        + '[submit_quadratic_vote(ada, "rent", 4, 16), submit_quadratic_vote(bea, "rent", 4, 15)]',
        [True, False],
    ),
    _case("calculate_quadratic_result", "calculate_quadratic_result([16, 9])", 7),
    _case(
        "calculate_reputation_weight",
        _DIDS + 'calculate_reputation_weight(ada, "house")',
        50,
    ),
    _case(
        "calculate_stake_weight",
        _DIDS + 'mint("share", 8, bea); calculate_stake_weight(bea, "share")',
        8,
        effects=("mint",),
    ),
    _case(
        "create_multi_stage_proposal",
        'create_multi_stage_proposal("Rent", "Less", ["debate", "vote"], [days(7), days(2)])',
        "proposal-1",
    ),
    _case(
        "get_proposal_stage",
        'get_proposal_stage(create_multi_stage_proposal("Rent", "Less", ["debate"], [0]))',
        0,
    ),
    _case(
        "advance_proposal_stage",
        'let now = create_multi_stage_proposal("Rent", "Less", ["debate", "vote"], [0, 0]);'
        ' let later = create_multi_stage_proposal("Fee", "Less", ["debate"], [days(7)]);'
        " [advance_proposal_stage(now), advance_proposal_stage(later)]",
        [True, False],
    ),
)

_TREASURY: Final = (
    _DIDS + 'let fund = create_treasury("Reserve", ["eur"], [ada, bea], 1); mint("eur", 50, ada);'
    ' let rent = propose_treasury_spending(fund, bea, 30, "eur", "rent"); '
)
_BUDGET: Final = (
    _DIDS + 'let house = create_budget("House", 100, "2026", ["repairs", "garden"], [60, 30]); '
)
_POOL: Final = _DIDS + 'let pool = create_dividend_pool("Harvest", 1000, "eur", "patronage"); '

TREASURY: Final = (
    _case("create_treasury", _TREASURY + "fund", "treasury-1", effects=("mint",)),
    _case("propose_treasury_spending", _TREASURY + "rent", "spending-1", effects=("mint",)),
    _case(
        "sign_treasury_proposal",
        _TREASURY + "[sign_treasury_proposal(rent, bea), sign_treasury_proposal(rent, bea)]",
        [True, False],
        effects=("mint",),
    ),
    _case(
        "execute_treasury_spending",
        _TREASURY
        + "let early = execute_treasury_spending(rent); sign_treasury_proposal(rent, bea);"
        " [early, execute_treasury_spending(rent)]",
        [False, True],
        effects=("mint", "transfer"),
    ),
    _case("create_budget", _BUDGET + "house", "budget-1"),
    _case(
        "allocate_budget_funds",
        _BUDGET + '[allocate_budget_funds(house, "repairs", bea, 60, "roof"),'
        ' allocate_budget_funds(house, "repairs", bea, 1, "door")]',
        [True, False],
    ),
    _case("get_budget_balance", _BUDGET + 'get_budget_balance(house, "garden")', 30),
    _case(
        "transfer_between_categories",
        _BUDGET + 'transfer_between_categories(house, "garden", "repairs", 10, ada);'
        ' get_budget_balance(house, "repairs")',
        70,
    ),
    _case(
        "calculate_surplus",
        _BUDGET + 'allocate_budget_funds(house, "repairs", bea, 60, "roof");'
        ' calculate_surplus("House", "2026")',
        40,
    ),
    _case("create_dividend_pool", _POOL + "pool", "pool-1"),
    _case(
        "calculate_member_dividend",
        _POOL + 'calculate_member_dividend(bea, pool, 2500, "patronage")',
        250,
    ),
    _case(
        "execute_dividend_payment",
        _POOL
        + "[execute_dividend_payment(pool, bea, 250), execute_dividend_payment(pool, bea, 250)]",
        [True, False],
        effects=("mint",),
    ),
    _case(
        "distribute_dividends",
        _DIDS + 'distribute_dividends(100, [ada, bea], [3, 1], "patronage")',
        [75, 25],
    ),
)

_ROOT: Final = (
    'let bylaws = dag_put("Article 1"); let root = dag_link(dag_put("2026"), "bylaws", bylaws); '
)

BLOCKS: Final = (
    _case(
        "dag_put", 'dag_put("minutes") == calculate_cid("minutes")', True, effects=("put-block",)
    ),
    _case("dag_get", 'dag_get(dag_put("minutes"))', "minutes", effects=("put-block",)),
    _case("calculate_cid", 'calculate_cid("a") == calculate_cid("b")', False),
    _case(
        "dag_pin",
        '[dag_pin(dag_put("minutes")), dag_pin(calculate_cid("unknown"))]',
        [True, False],
        effects=("put-block",),
    ),
    _case(
        "dag_unpin",
        'dag_unpin(dag_put("minutes"))',
        True,
        effects=("put-block", "unpin-block"),
    ),
    _case("dag_link", _ROOT + "dag_get(root).contains(bylaws)", True, effects=("put-block",) * 3),
    _case("dag_list_links", _ROOT + "dag_list_links(root)", ["bylaws"], effects=("put-block",) * 3),
    _case(
        "dag_resolve_path",
        _ROOT + 'dag_resolve_path(root, "bylaws") == bylaws',
        True,
        effects=("put-block",) * 3,
    ),
    _case(
        "save_contract_state",
        'save_contract_state("register", "{}", 1) == calculate_cid("{}")',
        True,
        effects=("put-block",),
    ),
    _case(
        "load_contract_state",
        'save_contract_state("register", "{}", 1); load_contract_state("register", 1)',
        "{}",
        effects=("put-block",),
    ),
    _case(
        "version_contract",
        'version_contract("register", "code", "first");'
        ' version_contract("register", "code", "more")',
        2,
    ),
)

IDENTITY: Final = (
    _case("require_proof", 'require_proof("treasurer"); true', True, roles=("treasurer",)),
    _case("require_proof", 'require_proof("treasurer");', trap="unhandled Err"),
    _case("require_proof", 'require_proof("treasurer") || true', True),
    _case("require_proof", 'let shown: Bool = require_proof("treasurer"); shown', False),
    _case(
        "require_proof",
        'if require_proof("treasurer") { return 1; } 2',
        1,
        roles=("treasurer",),
    ),
    _case(
        "pause_credential",
        'pause_credential("treasurer"); require_proof("treasurer");',
        trap="unhandled Err",
        roles=("treasurer",),
    ),
    _case(
        "freeze_reputation",
        'freeze_reputation("house"); calculate_reputation_weight(caller(), "house")',
        0,
    ),
    _case(
        "rotate_keys",
        _DIDS + '[rotate_keys(ada, "old", "new"), rotate_keys(ada, "old", "newer")]',
        [True, False],
    ),
    _case(
        "backup_keys",
        _DIDS + 'dag_get(backup_keys(ada, "sealed", "two friends")).contains("sealed")',
        True,
        effects=("put-block",),
    ),
    _case(
        "join_federation",
        _DIDS
        + '[join_federation(ada, "north", "member"), join_federation(ada, "north", "member")]',
        [True, False],
    ),
    _case(
        "discover_federations",
        _DIDS + 'join_federation(ada, "north", "member"); join_federation(ada, "south", "member");'
        ' discover_federations("th", 1)',
        ["north"],
    ),
    _case(
        "get_federation_metadata",
        _DIDS + 'join_federation(ada, "north", "member");'
        ' get_federation_metadata("north").contains("\\"members\\":1")',
        True,
    ),
    _case(
        "verify_federation_membership",
        _DIDS + 'join_federation(ada, "north", "member");'
        ' [verify_federation_membership(ada, "north"), verify_federation_membership(bea, "north")]',
        [True, False],
    ),
    _case(
        "verify_cross_federation",
        _DIDS + 'join_federation(ada, "north", "member"); join_federation(bea, "south", "member");'
        ' verify_cross_federation(ada, "north", "south", "member")',
        False,
    ),
)

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
