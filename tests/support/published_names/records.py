"""Cases of stored blocks, credentials and federations."""

from typing import Final

from published_names.case import DIDS, case

_ROOT: Final = (
    'let bylaws = dag_put("Article 1"); let root = dag_link(dag_put("2026"), "bylaws", bylaws); '
)

BLOCKS: Final = (
    case("dag_put", 'dag_put("minutes") == calculate_cid("minutes")', True, effects=("put-block",)),
    case("dag_get", 'dag_get(dag_put("minutes"))', "minutes", effects=("put-block",)),
    case("calculate_cid", 'calculate_cid("a") == calculate_cid("b")', False),
    case(
        "dag_pin",
        '[dag_pin(dag_put("minutes")), dag_pin(calculate_cid("unknown"))]',
        [True, False],
        effects=("put-block",),
    ),
    case(
        "dag_unpin",
        'dag_unpin(dag_put("minutes"))',
        True,
        effects=("put-block", "unpin-block"),
    ),
    case("dag_link", _ROOT + "dag_get(root).contains(bylaws)", True, effects=("put-block",) * 3),
    case("dag_list_links", _ROOT + "dag_list_links(root)", ["bylaws"], effects=("put-block",) * 3),
    case(
        "dag_resolve_path",
        _ROOT + 'dag_resolve_path(root, "bylaws") == bylaws',
        True,
        effects=("put-block",) * 3,
    ),
    case(
        "save_contract_state",
        'save_contract_state("register", "{}", 1) == calculate_cid("{}")',
        True,
        effects=("put-block",),
    ),
    case(
        "load_contract_state",
        'save_contract_state("register", "{}", 1); load_contract_state("register", 1)',
        "{}",
        effects=("put-block",),
    ),
    case(
        "version_contract",
        'version_contract("register", "code", "first");'
        ' version_contract("register", "code", "more")',
        2,
    ),
)

IDENTITY: Final = (
    case("require_proof", 'require_proof("treasurer"); true', True, roles=("treasurer",)),
    case("require_proof", 'require_proof("treasurer");', trap="unhandled Err"),
    case("require_proof", 'require_proof("treasurer") || true', True),
    case("require_proof", 'let shown: Bool = require_proof("treasurer"); shown', False),
    case(
        "require_proof",
        'if require_proof("treasurer") { return 1; } 2',
        1,
        roles=("treasurer",),
    ),
    case(
        "pause_credential",
        'pause_credential("treasurer"); require_proof("treasurer");',
        trap="unhandled Err",
        roles=("treasurer",),
    ),
    case(
        "freeze_reputation",
        'freeze_reputation("house"); calculate_reputation_weight(caller(), "house")',
        0,
    ),
    case(
        "rotate_keys",
        DIDS + '[rotate_keys(ada, "old", "new"), rotate_keys(ada, "old", "newer")]',
        [True, False],
    ),
    case(
        "backup_keys",
        DIDS + 'dag_get(backup_keys(ada, "sealed", "two friends")).contains("sealed")',
        True,
        effects=("put-block",),
    ),
    case(
        "join_federation",
        DIDS + '[join_federation(ada, "north", "member"), join_federation(ada, "north", "member")]',
        [True, False],
    ),
    case(
        "discover_federations",
        DIDS + 'join_federation(ada, "north", "member"); join_federation(ada, "south", "member");'
        ' discover_federations("th", 1)',
        ["north"],
    ),
    case(
        "get_federation_metadata",
        DIDS + 'join_federation(ada, "north", "member");'
        ' get_federation_metadata("north").contains("\\"members\\":1")',
        True,
    ),
    case(
        "verify_federation_membership",
        DIDS + 'join_federation(ada, "north", "member");'
        ' [verify_federation_membership(ada, "north"), verify_federation_membership(bea, "north")]',
        [True, False],
    ),
    case(
        "verify_cross_federation",
        DIDS + 'join_federation(ada, "north", "member"); join_federation(bea, "south", "member");'
        ' verify_cross_federation(ada, "north", "south", "member")',
        False,
    ),
)
