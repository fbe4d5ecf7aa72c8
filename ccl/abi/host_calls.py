"""The host calls: one table for checker, WebAssembly imports, linker and documentation.

Every call is imported from the module `icn_host`; `ccl.abi.call_forms` gives the form of each.
"""

from collections.abc import Mapping
from typing import Final

from ccl.abi.call_forms import Answer, Effect, HostCall, integer, octets, text

IMPORT_MODULE: Final = "icn_host"
REFUSAL_BYTES_MAX: Final = 512
"""The reason of a refusal; a longer one is cut, and ends with `…`."""
DID_BYTES_MAX: Final = 512
CID_BYTES_MAX: Final = 59
"""A CID as text: version 1 in base32, with a digest of 32 bytes."""
STATE_DIFFERENCE_BYTES_MAX: Final = 512

_CALLS: Final = (
    HostCall(
        name="host_submit_job",
        parameters=(
            *text("wasm_cid", "description", "resource_type"),
            integer("resource_amount"),
            *text("priority"),
        ),
        answer=Answer.HANDLE,
        effect=Effect.CHANGES,
        doc="Submit a job to the mesh when this execution is applied. The handle is the "
        "position of the submission among this execution's effects, counted from 1.",
    ),
    HostCall(
        name="host_submit_manifest",
        parameters=octets("manifest"),
        answer=Answer.HANDLE,
        effect=Effect.CHANGES,
        doc="Submit a job with more than the five fields: a DAG-CBOR map with wasm_cid, "
        "description, resource_type, resource_amount, priority and any of input, entry, "
        "arguments, budget, scope, requirements, trust, max_seconds. An unknown key is refused.",
    ),
    HostCall(
        name="host_check_resource_authorization",
        parameters=(*text("resource_type"), integer("amount")),
        answer=Answer.STATUS,
        effect=Effect.READS,
        doc="1 if the submitter's balance and policy in this context allow the amount.",
    ),
    HostCall(
        name="host_record_resource_usage",
        parameters=(*text("resource_type"), integer("amount")),
        answer=Answer.NONE,
        effect=Effect.CHANGES,
        doc="Record a usage claim of the program itself. It is shown, never billed.",
    ),
    HostCall(
        name="host_anchor_to_dag",
        parameters=text("data"),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Anchor data in the DAG when this execution is applied.",
    ),
    HostCall(
        name="host_log_message",
        parameters=text("text"),
        answer=Answer.NONE,
        effect=Effect.LOGS,
        doc="Append a line to the log. Past the limit the log is cut, and says so.",
    ),
    HostCall(
        name="host_last_refusal",
        parameters=(),
        answer=Answer.BUFFER,
        answer_bytes_max=REFUSAL_BYTES_MAX,
        effect=Effect.READS,
        doc="The reason of the last call that answered 0; absent if none did.",
    ),
    HostCall(
        name="host_read_input",
        parameters=(),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="The bytes of the input block; absent if the execution has no input.",
    ),
    HostCall(
        name="host_input_cid",
        parameters=(),
        answer=Answer.BUFFER,
        answer_bytes_max=CID_BYTES_MAX,
        effect=Effect.READS,
        doc="The CID of the input block as text; absent if there is no input.",
    ),
    HostCall(
        name="host_write_output",
        parameters=octets("data"),
        answer=Answer.STATUS,
        effect=Effect.RECORDS,
        doc="Set the output of this execution, in place of the entry's encoded value. "
        "A second call replaces the first; 0 if it is over the output limit.",
    ),
    HostCall(
        name="host_get_caller",
        parameters=(),
        answer=Answer.BUFFER,
        answer_bytes_max=DID_BYTES_MAX,
        effect=Effect.READS,
        doc="The DID of the submitter.",
    ),
    HostCall(
        name="host_get_current_time",
        parameters=(),
        answer=Answer.INTEGER,
        effect=Effect.READS,
        doc="The time of the job in Unix seconds: its created_at, the same wherever and "
        "whenever it is executed.",
    ),
    HostCall(
        name="host_random",
        parameters=(),
        answer=Answer.INTEGER,
        effect=Effect.READS,
        doc="The next 63 bits, never negative, of a sequence seeded by the job. "
        "Reproducible, so not a secret and not a lottery against an adversary.",
    ),
    HostCall(
        name="host_get_context",
        parameters=text("name"),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="The host record `name` (`proposal`, `member`, …) as DAG-CBOR; absent if the "
        "context has none. `results` has the outputs of the run's earlier jobs by job id.",
    ),
    HostCall(
        name="host_get_token_balance",
        parameters=text("resource_type"),
        answer=Answer.INTEGER,
        effect=Effect.READS,
        doc="The submitter's available balance of a resource type in this context, in units.",
    ),
    HostCall(
        name="host_caller_has_role",
        parameters=text("role"),
        answer=Answer.STATUS,
        effect=Effect.READS,
        doc="1 if the context grants the caller this role: the host record `roles` is the list "
        "of the granted roles' names.",
    ),
    HostCall(
        name="host_get_reputation",
        parameters=(),
        answer=Answer.INTEGER,
        effect=Effect.READS,
        doc="The caller's reputation in this context, 0 to 100, from verified evidence; 50 where "
        "there is none.",
    ),
    HostCall(
        name="host_read_state",
        parameters=text("home", "variable"),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="The value of a state variable as DAG-CBOR, writes of this execution included; "
        "absent if it was never stored. A home is a contract's or a file's name.",
    ),
    HostCall(
        name="host_state_shape",
        parameters=text("home", "variable"),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="The shape (its type, spelled out) with which a state variable was stored; absent if "
        "it was never stored.",
    ),
    HostCall(
        name="host_state_difference",
        parameters=text("home", "schema"),
        answer=Answer.BUFFER,
        answer_bytes_max=STATE_DIFFERENCE_BYTES_MAX,
        effect=Effect.READS,
        doc="How the variables of a home differ from a schema, which has a line `name: shape` for "
        "each: `same`, `nothing` where the home has none yet, `added` where "
        "only the schema has more, `changed` where a shape is another, else a sentence about one "
        "that the schema has not.",
    ),
    HostCall(
        name="host_declare_state",
        parameters=text("home", "schema"),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Say which variables a home has, a line `name: shape` for each. What is stored under "
        "other names is forgotten when this execution is applied.",
    ),
    HostCall(
        name="host_read_contract",
        parameters=text("home"),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="All that is stored under a home as one DAG-CBOR map from variable to value; absent "
        "if nothing is.",
    ),
    HostCall(
        name="host_write_state",
        parameters=(*text("home", "variable", "shape"), *octets("value")),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Store a state variable, a DAG-CBOR value, when this execution is applied. Writing "
        "what is stored already, in the same shape, changes nothing.",
    ),
    HostCall(
        name="host_emit",
        parameters=(*text("name"), *octets("data"), *text("article")),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Emit an event: a name, a DAG-CBOR value, and the article it cites (empty for none).",
    ),
    HostCall(
        name="host_mint_tokens",
        parameters=(*text("class"), integer("amount"), *text("to")),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Issue units of a token class of the caller's own issue to a holder, a DID.",
    ),
    HostCall(
        name="host_burn_tokens",
        parameters=(*text("class"), integer("amount"), *text("holder")),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Take units of a token class of the caller's own issue from a holder, for good.",
    ),
    HostCall(
        name="host_transfer_tokens",
        parameters=(*text("class", "holder", "to"), integer("amount")),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Move units between two holders. Of a class of the caller's own issue any holder's; "
        "of `compute`, `storage` and `bandwidth` only the caller's own units.",
    ),
    HostCall(
        name="host_token_balance",
        parameters=text("class", "holder"),
        answer=Answer.INTEGER,
        effect=Effect.READS,
        doc="A holder's units of a token class of the caller's own issue, effects of this "
        "execution included; of a resource type, the caller's own available units.",
    ),
    HostCall(
        name="host_token_holders",
        parameters=text("class"),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="Who holds units of a token class of the caller's own issue, as a DAG-CBOR map from "
        "holder to units, effects of this execution included; of a resource type, the caller.",
    ),
    HostCall(
        name="host_calculate_cid",
        parameters=octets("data"),
        answer=Answer.BUFFER,
        answer_bytes_max=CID_BYTES_MAX,
        effect=Effect.READS,
        doc="The CID of the bytes as a raw block, as text.",
    ),
    HostCall(
        name="host_dag_put",
        parameters=octets("data"),
        answer=Answer.BUFFER,
        answer_bytes_max=CID_BYTES_MAX,
        effect=Effect.CHANGES,
        doc="Store the bytes as a raw block, pinned, when this execution is applied; its CID as "
        "text. Absent if it is refused. The same bytes again are the same block.",
    ),
    HostCall(
        name="host_dag_get",
        parameters=text("cid"),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="The bytes of a block that is pinned in this context, that this execution has put, "
        "or that is its input; absent for any other.",
    ),
    HostCall(
        name="host_dag_pin",
        parameters=text("cid"),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Keep a block that `host_dag_get` finds for later executions, when this is applied.",
    ),
    HostCall(
        name="host_dag_unpin",
        parameters=text("cid"),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Keep a block no longer: a later execution does not find it.",
    ),
    HostCall(
        name="host_begin_section",
        parameters=(*text("kind"), *octets("label")),
        answer=Answer.NONE,
        effect=Effect.RECORDS,
        doc="Open a charter section; the label is a DAG-CBOR value (null for none).",
    ),
    HostCall(
        name="host_set_property",
        parameters=(*text("key"), *octets("value")),
        answer=Answer.NONE,
        effect=Effect.RECORDS,
        doc="Set a charter property to a DAG-CBOR value.",
    ),
    HostCall(
        name="host_end_section",
        parameters=(),
        answer=Answer.NONE,
        effect=Effect.RECORDS,
        doc="Close the section opened last.",
    ),
    HostCall(
        name="host_leave_undecided",
        parameters=text("condition", "missing", "place"),
        answer=Answer.NONE,
        effect=Effect.RECORDS,
        doc="Say that a condition of the charter, as written at `place`, cannot be decided "
        "because the context has no field `missing`; neither of its branches is set.",
    ),
)

HOST_CALLS: Final[Mapping[str, HostCall]] = {call.name: call for call in _CALLS}
"""By name, in the order of the documentation."""

PRIORITIES: Final = ("low", "medium", "high", "critical")
RESOURCE_TYPES: Final = ("compute", "storage", "bandwidth")
"""The currency of jobs."""
METERED_RESOURCES: Final = (*RESOURCE_TYPES, "memory", "io", "token")
"""Resources of authorizations and of usage claims."""
DESCRIPTION_BYTES_MAX: Final = 4096
ENTRY_BYTES_MAX: Final = 256
SCOPE_BYTES_MAX: Final = 256
VERIFIERS_DEFAULT: Final = 3
QUORUM_DEFAULT: Final = 2
