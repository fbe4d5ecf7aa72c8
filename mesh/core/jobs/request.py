"""A job as a user asks for it, before it has a token, times or a signature."""

from typing import Final

from msgspec import Struct, field

from mesh.core.fields import JobId
from mesh.core.records.terms import Children, Priority, Requirements, Trust
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.tokens.token import ResourceType

DEFAULT_ENTRY: Final = "run"


class JobRequest(Struct, frozen=True, kw_only=True):
    """What a user asks for. budget: highest price, the amount itself by default.

    arguments: DAG-CBOR list. scope: of the token that pays; tokens of a scope pay for nothing
    else. token: which token pays, the first that covers it by default. job_id: makes a repeat
    harmless; a new one by default. children: what the program may submit itself.
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
    engine: str | None = None
    award_delegate: Did | None = None
    children: Children | None = None
    token: Cid | None = None
    job_id: JobId | None = None
