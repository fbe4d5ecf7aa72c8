"""A job as a user asks for it, before it has a token, times or a signature."""

from msgspec import Struct, field

from mesh.core.fields import JobId
from mesh.records import Priority, Requirements, Trust
from runtime.content.cid import Cid
from runtime.tokens.token import ResourceType

DEFAULT_ENTRY = "run"


class JobRequest(Struct, frozen=True, kw_only=True):
    """What a user asks for. budget: highest price, the amount itself by default.

    arguments: DAG-CBOR list. token: which token pays, the first that covers it by default.
    job_id: makes a repeat harmless; a new one by default.
    """

    module: Cid
    resource_amount: int
    description: str = ""
    resource_type: ResourceType = ResourceType.COMPUTE
    budget: int | None = None
    priority: Priority = Priority.MEDIUM
    entry: str = DEFAULT_ENTRY
    arguments: bytes | None = None
    input: Cid | None = None
    ccl: Cid | None = None
    scope: str = ""
    requirements: Requirements = field(default_factory=Requirements)
    trust: Trust = field(default_factory=Trust)
    token: Cid | None = None
    job_id: JobId | None = None
