"""The host calls: one table for checker, WebAssembly imports, linker and documentation.

Every call is imported from the module `icn_host`. The WebAssembly shape follows from the
table: a TEXT or BYTES parameter is `(ptr i32, len i32)`, an INTEGER is i64. A BUFFER
result adds `(ptr i32, cap i32)` at the end and returns the i32 length of the answer:
if it is larger than `cap` nothing was written and the caller asks again with more room;
`ABSENT` (-1) says that there is no answer. An answer with `answer_bytes_max` is never longer:
the host sees to it, and bounds of fuel count on it. A STATUS is i32, 1 or 0; a HANDLE is i32,
> 0, or 0 for refused. After a 0, `host_last_refusal` gives the reason.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from msgspec import Struct

IMPORT_MODULE: Final = "icn_host"
ABSENT: Final = -1
REFUSAL_BYTES_MAX: Final = 512
"""The reason of a refusal; a longer one is cut, and ends with `…`."""
DID_BYTES_MAX: Final = 512
CID_BYTES_MAX: Final = 59
STATE_DIFFERENCE_BYTES_MAX: Final = 512
"""A CID as text: version 1 in base32, with a digest of 32 bytes."""


class Wire(Enum):
    """How a parameter crosses."""

    TEXT = "text"
    """UTF-8 bytes, (ptr i32, len i32)."""
    BYTES = "bytes"
    """Any bytes, (ptr i32, len i32)."""
    INTEGER = "integer"
    """i64."""


class Answer(Enum):
    """How a result comes back."""

    NONE = "none"
    STATUS = "status"
    HANDLE = "handle"
    INTEGER = "integer"
    BUFFER = "buffer"
    """A caller-owned buffer (ptr i32, cap i32) as last parameters; returns the i32 length."""


class Effect(Enum):
    """What a call does to the world."""

    READS = "reads"
    """Answers from the context and the effects so far."""
    LOGS = "logs"
    """Appends to the log, which survives a trap."""
    RECORDS = "records"
    """Sets something of this execution itself (its output, its charter)."""
    CHANGES = "changes"
    """Appends to the effect list, which a trap discards."""


class Parameter(Struct, frozen=True, kw_only=True):
    name: str
    wire: Wire


class HostCall(Struct, frozen=True, kw_only=True):
    name: str
    parameters: tuple[Parameter, ...]
    answer: Answer
    effect: Effect
    doc: str
    answer_bytes_max: int | None = None
    """Of a BUFFER: how long an answer can be; None where that depends on the data."""

    @property
    def wasm_parameters(self) -> tuple[str, ...]:
        """WebAssembly value types of the parameters, the answer's buffer included."""
        shape: list[str] = []
        for parameter in self.parameters:
            shape.extend(("i64",) if parameter.wire is Wire.INTEGER else ("i32", "i32"))
        if self.answer is Answer.BUFFER:
            shape.extend(("i32", "i32"))
        return tuple(shape)

    @property
    def wasm_result(self) -> str | None:
        """WebAssembly value type of the result, if there is one."""
        match self.answer:
            case Answer.NONE:
                return None
            case Answer.INTEGER:
                return "i64"
            case Answer.STATUS | Answer.HANDLE | Answer.BUFFER:
                return "i32"


def _text(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name, wire=Wire.TEXT) for name in names)


def _bytes(name: str) -> Parameter:
    return Parameter(name=name, wire=Wire.BYTES)


def _integer(name: str) -> Parameter:
    return Parameter(name=name, wire=Wire.INTEGER)


_CALLS: Final = (
    HostCall(
        name="host_submit_job",
        parameters=(
            *_text("wasm_cid", "description", "resource_type"),
            _integer("resource_amount"),
            *_text("priority"),
        ),
        answer=Answer.HANDLE,
        effect=Effect.CHANGES,
        doc="Submit a job to the mesh when this execution is applied. The handle is the "
        "position of the submission among this execution's effects, counted from 1.",
    ),
    HostCall(
        name="host_submit_manifest",
        parameters=(_bytes("manifest"),),
        answer=Answer.HANDLE,
        effect=Effect.CHANGES,
        doc="Submit a job with more than the five fields: a DAG-CBOR map with wasm_cid, "
        "description, resource_type, resource_amount, priority and any of input, entry, "
        "arguments, budget, scope, requirements, trust, max_seconds. An unknown key is refused.",
    ),
    HostCall(
        name="host_check_resource_authorization",
        parameters=(*_text("resource_type"), _integer("amount")),
        answer=Answer.STATUS,
        effect=Effect.READS,
        doc="1 if the submitter's balance and policy in this context allow the amount.",
    ),
    HostCall(
        name="host_record_resource_usage",
        parameters=(*_text("resource_type"), _integer("amount")),
        answer=Answer.NONE,
        effect=Effect.CHANGES,
        doc="Record a usage claim of the program itself. It is shown, never billed.",
    ),
    HostCall(
        name="host_anchor_to_dag",
        parameters=_text("data"),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Anchor data in the DAG when this execution is applied.",
    ),
    HostCall(
        name="host_log_message",
        parameters=_text("text"),
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
        parameters=(_bytes("data"),),
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
        parameters=_text("name"),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="The host record `name` (`proposal`, `member`, …) as DAG-CBOR; absent if the "
        "context has none. `results` has the outputs of the run's earlier jobs by job id.",
    ),
    HostCall(
        name="host_get_token_balance",
        parameters=_text("resource_type"),
        answer=Answer.INTEGER,
        effect=Effect.READS,
        doc="The submitter's available balance of a resource type in this context, in units.",
    ),
    HostCall(
        name="host_caller_has_role",
        parameters=_text("role"),
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
        parameters=_text("home", "variable"),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="The value of a state variable as DAG-CBOR, writes of this execution included; "
        "absent if it was never stored. A home is a contract's or a file's name.",
    ),
    HostCall(
        name="host_state_shape",
        parameters=_text("home", "variable"),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="The shape (its type, spelled out) with which a state variable was stored; absent if "
        "it was never stored.",
    ),
    HostCall(
        name="host_state_difference",
        parameters=_text("home", "schema"),
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
        parameters=_text("home", "schema"),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Say which variables a home has, a line `name: shape` for each. What is stored under "
        "other names is forgotten when this execution is applied.",
    ),
    HostCall(
        name="host_read_contract",
        parameters=_text("home"),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="All that is stored under a home as one DAG-CBOR map from variable to value; absent "
        "if nothing is.",
    ),
    HostCall(
        name="host_write_state",
        parameters=(*_text("home", "variable", "shape"), _bytes("value")),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Store a state variable, a DAG-CBOR value, when this execution is applied. Writing "
        "what is stored already, in the same shape, changes nothing.",
    ),
    HostCall(
        name="host_emit",
        parameters=(*_text("name"), _bytes("data"), *_text("article")),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Emit an event: a name, a DAG-CBOR value, and the article it cites (empty for none).",
    ),
    HostCall(
        name="host_mint_tokens",
        parameters=(*_text("class"), _integer("amount"), *_text("to")),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Issue units of a token class of the caller's own issue to a holder, a DID.",
    ),
    HostCall(
        name="host_burn_tokens",
        parameters=(*_text("class"), _integer("amount"), *_text("holder")),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Take units of a token class of the caller's own issue from a holder, for good.",
    ),
    HostCall(
        name="host_transfer_tokens",
        parameters=(*_text("class", "holder", "to"), _integer("amount")),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Move units between two holders. Of a class of the caller's own issue any holder's; "
        "of `compute`, `storage` and `bandwidth` only the caller's own units.",
    ),
    HostCall(
        name="host_token_balance",
        parameters=_text("class", "holder"),
        answer=Answer.INTEGER,
        effect=Effect.READS,
        doc="A holder's units of a token class of the caller's own issue, effects of this "
        "execution included; of a resource type, the caller's own available units.",
    ),
    HostCall(
        name="host_token_holders",
        parameters=_text("class"),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="Who holds units of a token class of the caller's own issue, as a DAG-CBOR map from "
        "holder to units, effects of this execution included; of a resource type, the caller.",
    ),
    HostCall(
        name="host_calculate_cid",
        parameters=(_bytes("data"),),
        answer=Answer.BUFFER,
        answer_bytes_max=CID_BYTES_MAX,
        effect=Effect.READS,
        doc="The CID of the bytes as a raw block, as text.",
    ),
    HostCall(
        name="host_dag_put",
        parameters=(_bytes("data"),),
        answer=Answer.BUFFER,
        answer_bytes_max=CID_BYTES_MAX,
        effect=Effect.CHANGES,
        doc="Store the bytes as a raw block, pinned, when this execution is applied; its CID as "
        "text. Absent if it is refused. The same bytes again are the same block.",
    ),
    HostCall(
        name="host_dag_get",
        parameters=_text("cid"),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="The bytes of a block that is pinned in this context, that this execution has put, "
        "or that is its input; absent for any other.",
    ),
    HostCall(
        name="host_dag_pin",
        parameters=_text("cid"),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Keep a block that `host_dag_get` finds for later executions, when this is applied.",
    ),
    HostCall(
        name="host_dag_unpin",
        parameters=_text("cid"),
        answer=Answer.STATUS,
        effect=Effect.CHANGES,
        doc="Keep a block no longer: a later execution does not find it.",
    ),
    HostCall(
        name="host_begin_section",
        parameters=(*_text("kind"), _bytes("label")),
        answer=Answer.NONE,
        effect=Effect.RECORDS,
        doc="Open a charter section; the label is a DAG-CBOR value (null for none).",
    ),
    HostCall(
        name="host_set_property",
        parameters=(*_text("key"), _bytes("value")),
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
        parameters=_text("condition", "missing", "place"),
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
"""What jobs are paid in."""
METERED_RESOURCES: Final = (*RESOURCE_TYPES, "memory", "io", "token")
"""What a program may ask an authorization of, and claim the usage of."""
DESCRIPTION_BYTES_MAX: Final = 4096
ENTRY_BYTES_MAX: Final = 256
SCOPE_BYTES_MAX: Final = 256
VERIFIERS_DEFAULT: Final = 3
QUORUM_DEFAULT: Final = 2
