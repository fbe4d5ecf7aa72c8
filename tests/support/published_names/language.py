"""Cases of the values of the language and of what surrounds an execution."""

from typing import Final

from published_names.case import ADA, NOW, WASM, case

COLLECTIONS: Final = (
    case("array_len", "array_len([7, 8])", 2),
    case("array_push", "let xs = [7]; [array_push(xs, 8), xs[1]]", [2, 8]),
    case("array_pop", "let xs = [7, 8]; [array_pop(xs), xs.length()]", [8, 1]),
    case(
        "array_contains", '[array_contains(["a"], "a"), array_contains(["a"], "b")]', [True, False]
    ),
    case("array_slice", "array_slice([1, 2, 3], 1, 3)", [2, 3]),
    case(".length()", '[[1, 2].length(), "abc".length()]', [2, 3]),
    case("sum", "sum([1, 2, 3])", 6),
    case("min", "min(2, 3)", 2),
    case("max", "max(2, 3)", 3),
    case("abs", "abs(-5)", 5),
    case("pow", "pow(2, 10)", 1024),
    case("sqrt", "sqrt(17)", 4),
    case("percentage", "percentage(1, 4)", 25),
    case("string_length", 'string_length("né")', 2),
    case("string_concat", 'string_concat("a", "b")', "ab"),
    case("string_substring", 'string_substring("bylaws", 2, 6)', "laws"),
    case("string_contains", 'string_contains("bylaws", "law")', True),
    case("string_to_upper", 'string_to_upper("Quorum")', "QUORUM"),
    case("string_to_lower", 'string_to_lower("Quorum")', "quorum"),
    case("map_new", "let m: Map<String, Integer> = map_new(); map_size(m)", 0),
    case("map_insert", 'let m = map_new(); map_insert(m, "a", 1); m', [["a", 1]]),
    case("map_get", 'let m = map_new(); m["a"] = 1; [map_get(m, "a"), map_get(m, "b")]', [1, None]),
    case("map_contains_key", 'let m = map_new(); m["a"] = 1; map_contains_key(m, "a")', True),
    case("map_size", 'let m = map_new(); m["a"] = 1; map_size(m)', 1),
    case("days", "let seconds: Integer = days(2); seconds", 172_800),
    case("hours", "let seconds: Integer = hours(2); seconds", 7200),
)

CONTEXT: Final = (
    case("caller", "caller()", ADA),
    case("host_get_caller", "host_get_caller()", ADA),
    case("timestamp", "timestamp()", NOW),
    case("timestamp", 'timestamp("2024-12-31T23:59:59Z")', 1_735_689_599),
    case("host_get_current_time", "host_get_current_time()", NOW),
    case("host_get_reputation", "host_get_reputation()", 50),
    case("host_account_get_mana", "let m: Mana = host_account_get_mana(); integer(m)", 1_000_000),
    case("caller_has_role", "caller_has_role(Treasurer)", True, roles=("Treasurer",)),
    case("caller_has_role", 'caller_has_role("Treasurer")', False),
)

MESH: Final = (
    case(
        "submit_job",
        f'submit_job("{WASM}", "Count", "compute", 10, "low"); true',
        True,
        effects=("submit-job",),
    ),
    case(
        "submit_job",
        f'submit_job(wasm_cid: "{WASM}", description: "Count", resource_type: "compute",'
        ' resource_amount: 10, priority: "low"); true',
        True,
        effects=("submit-job",),
    ),
    case(
        "check_resource_authorization",
        "[check_resource_authorization(ResourceType.CPU, 10),"
        " check_resource_authorization(ResourceType.COMPUTE, 2_000_000)]",
        [True, False],
    ),
    case(
        "record_resource_usage",
        "record_resource_usage(ResourceType.STORAGE, 3); true",
        True,
        effects=("record-usage",),
    ),
    *(
        case(
            f"ResourceType.{name}",
            f"record_resource_usage(ResourceType.{name}, 3); true",
            True,
            effects=("record-usage",),
        )
        for name in ("CPU", "MEMORY", "IO", "TOKEN", "COMPUTE", "STORAGE", "BANDWIDTH")
    ),
    case(
        "perform_action",
        'perform_action("count", 10); true',
        True,
        effects=("record-usage",),
        log=("count: 10 compute",),
    ),
    case("perform_action", 'perform_action("count", 2_000_000);', trap="unhandled Err"),
    case(
        "perform_metered_action",
        'perform_metered_action("count", 10); true',
        True,
        effects=("record-usage",),
    ),
    case(
        "perform_metered_action",
        'perform_metered_action("count", ResourceType.CPU, 10); true',
        True,
        effects=("record-usage",),
    ),
    case("anchor_data", 'anchor_data("minutes"); true', True, effects=("anchor",)),
    case("log", 'log("minutes"); true', True, log=("minutes",)),
    case(
        "log_event",
        'log_event(name: "meeting", detail: "opened"); true',
        True,
        log=("meeting: opened",),
    ),
)
