"""Cases of tokens, votes and the treasury."""

from typing import Final

from published_names.case import BEA, DIDS, case

TOKENS: Final = (
    case("mint", DIDS + 'mint("share", 5, bea); token_balance("share", bea)', 5, effects=("mint",)),
    case(
        "burn",
        DIDS + 'mint("share", 5, bea); burn("share", bea, 2); token_balance("share", bea)',
        3,
        effects=("mint", "burn"),
    ),
    case(
        "transfer",
        DIDS + "let paid: Bool = transfer(ada, bea, 7); [paid, transfer(bea, ada, 1)]",
        [True, False],
        effects=("transfer",),
    ),
    case(
        "transfer",
        DIDS + 'mint("share", 5, bea); transfer("share", bea, ada, 2);'
        ' [token_balance("share", ada), token_balance("share", bea)]',
        [2, 3],
        effects=("mint", "transfer"),
    ),
    case(
        "transfer",
        DIDS + "transfer(to: bea, amount: 7); integer(host_account_get_mana())",
        999_993,
        effects=("transfer",),
    ),
    case(
        "mint_tokens",
        DIDS + f'mint_tokens("share", 5, "{BEA}"); token_balance("share", bea)',
        5,
        effects=("mint",),
    ),
    case(
        "host_mint_tokens",
        DIDS + 'host_mint_tokens("share", 5, bea); token_balance("share", bea)',
        5,
        effects=("mint",),
    ),
    case(
        "host_burn_tokens",
        DIDS + 'mint("share", 5, bea); host_burn_tokens("share", 5, bea);'
        ' token_balance("share", bea)',
        0,
        effects=("mint", "burn"),
    ),
    case(
        "host_transfer_tokens",
        DIDS + 'mint("share", 5, bea); host_transfer_tokens("share", bea, ada, 1);'
        ' token_balance("share", ada)',
        1,
        effects=("mint", "transfer"),
    ),
    case("host_get_token_balance", 'host_get_token_balance("compute")', 1_000_000),
    case(
        "create_scoped_token",
        'create_scoped_token("meal", "Meal", "MEAL", caller(), "city", "Leeds")',
        True,
    ),
    case(
        "transfer_scoped",
        DIDS + 'create_scoped_token("meal", "Meal", "MEAL", ada, "city", "Leeds");'
        ' mint("meal", 5, bea);'
        ' [transfer_scoped("meal", bea, ada, 2, "Leeds"),'
        ' transfer_scoped("meal", bea, ada, 2, "York")]',
        [True, False],
        effects=("mint", "transfer"),
    ),
    case(
        "verify_token_constraints",
        DIDS + 'create_scoped_token("meal", "Meal", "MEAL", ada, "city", "Leeds");'
        ' [verify_token_constraints("meal", ada, "mint", "Leeds"),'
        ' verify_token_constraints("meal", bea, "transfer", "Leeds")]',
        [True, False],
    ),
)

VOTES: Final = (
    case("create_delegation", DIDS + 'create_delegation(ada, bea, "money", 1)', 1),
    case(
        "revoke_delegation",
        DIDS + 'create_delegation(ada, bea, "money", 1); revoke_delegation(ada, "money");'
        ' calculate_delegated_power(bea, "money")',
        1,
    ),
    case(
        "calculate_delegated_power",
        DIDS + 'create_delegation(ada, bea, "money", 3); calculate_delegated_power(bea, "money")',
        4,
    ),
    case(
        "resolve_delegated_vote",
        DIDS
        + 'create_delegation(ada, bea, "money", 1); resolve_delegated_vote(ada, "rent", "money")',
        BEA,
    ),
    case("quadratic_vote_cost", "quadratic_vote_cost(4)", 16),
    case(
        "submit_quadratic_vote",
        DIDS
        + '[submit_quadratic_vote(ada, "rent", 4, 16), submit_quadratic_vote(bea, "rent", 4, 15)]',
        [True, False],
    ),
    case("calculate_quadratic_result", "calculate_quadratic_result([16, 9])", 7),
    case(
        "calculate_reputation_weight",
        DIDS + 'calculate_reputation_weight(ada, "house")',
        50,
    ),
    case(
        "calculate_stake_weight",
        DIDS + 'mint("share", 8, bea); calculate_stake_weight(bea, "share")',
        8,
        effects=("mint",),
    ),
    case(
        "create_multi_stage_proposal",
        'create_multi_stage_proposal("Rent", "Less", ["debate", "vote"], [days(7), days(2)])',
        "proposal-1",
    ),
    case(
        "get_proposal_stage",
        'get_proposal_stage(create_multi_stage_proposal("Rent", "Less", ["debate"], [0]))',
        0,
    ),
    case(
        "advance_proposal_stage",
        'let now = create_multi_stage_proposal("Rent", "Less", ["debate", "vote"], [0, 0]);'
        ' let later = create_multi_stage_proposal("Fee", "Less", ["debate"], [days(7)]);'
        " [advance_proposal_stage(now), advance_proposal_stage(later)]",
        [True, False],
    ),
)

_TREASURY: Final = (
    DIDS + 'let fund = create_treasury("Reserve", ["eur"], [ada, bea], 1); mint("eur", 50, ada);'
    ' let rent = propose_treasury_spending(fund, bea, 30, "eur", "rent"); '
)
_BUDGET: Final = (
    DIDS + 'let house = create_budget("House", 100, "2026", ["repairs", "garden"], [60, 30]); '
)
_POOL: Final = DIDS + 'let pool = create_dividend_pool("Harvest", 1000, "eur", "patronage"); '

TREASURY: Final = (
    case("create_treasury", _TREASURY + "fund", "treasury-1", effects=("mint",)),
    case("propose_treasury_spending", _TREASURY + "rent", "spending-1", effects=("mint",)),
    case(
        "sign_treasury_proposal",
        _TREASURY + "[sign_treasury_proposal(rent, bea), sign_treasury_proposal(rent, bea)]",
        [True, False],
        effects=("mint",),
    ),
    case(
        "execute_treasury_spending",
        _TREASURY
        + "let early = execute_treasury_spending(rent); sign_treasury_proposal(rent, bea);"
        " [early, execute_treasury_spending(rent)]",
        [False, True],
        effects=("mint", "transfer"),
    ),
    case("create_budget", _BUDGET + "house", "budget-1"),
    case(
        "allocate_budget_funds",
        _BUDGET + '[allocate_budget_funds(house, "repairs", bea, 60, "roof"),'
        ' allocate_budget_funds(house, "repairs", bea, 1, "door")]',
        [True, False],
    ),
    case("get_budget_balance", _BUDGET + 'get_budget_balance(house, "garden")', 30),
    case(
        "transfer_between_categories",
        _BUDGET + 'transfer_between_categories(house, "garden", "repairs", 10, ada);'
        ' get_budget_balance(house, "repairs")',
        70,
    ),
    case(
        "calculate_surplus",
        _BUDGET + 'allocate_budget_funds(house, "repairs", bea, 60, "roof");'
        ' calculate_surplus("House", "2026")',
        40,
    ),
    case("create_dividend_pool", _POOL + "pool", "pool-1"),
    case(
        "calculate_member_dividend",
        _POOL + 'calculate_member_dividend(bea, pool, 2500, "patronage")',
        250,
    ),
    case(
        "execute_dividend_payment",
        _POOL
        + "[execute_dividend_payment(pool, bea, 250), execute_dividend_payment(pool, bea, 250)]",
        [True, False],
        effects=("mint",),
    ),
    case(
        "distribute_dividends",
        DIDS + 'distribute_dividends(100, [ada, bea], [3, 1], "patronage")',
        [75, 25],
    ),
)
