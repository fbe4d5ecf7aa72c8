"""Settings of a node, as its operator gives them."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Struct, field

from mesh.core.fields import MICRO, Dids, NodeIdField, Word
from mesh.core.records.market import SURCHARGE_PPM_MAX
from mesh.core.records.terms import Capabilities
from runtime.content.codec import INTEGER_MAX
from runtime.content.shapes import Between, Size
from runtime.tokens.policy import Rule


class NodeSettings(Struct, frozen=True, kw_only=True):
    """rates: tokens per unit in millionths, by resource type. surcharge_ppm: added to every price.
    share_ppm: the part of one core that is promised to a job. running_max: attempts at once.
    capabilities: declared ones, besides those that were probed. memory_bytes, cpu_cores,
    storage_bytes: less than the machine has, None for all of it. accepted_issuers: empty for all of
    the mesh. submitter_verifiers: whether verifiers of the submitter's cooperative may judge.
    policies: what each submitter may commit, by resource type.
    """

    node_id: NodeIdField
    location: Word
    rates: Annotated[Mapping[Word, int], Size(0, 16)]
    surcharge_ppm: Annotated[int, Between(0, SURCHARGE_PPM_MAX)] = 0
    share_ppm: Annotated[int, Between(1, MICRO)] = MICRO
    running_max: Annotated[int, Between(1, 1_000_000)] = 1
    capabilities: Capabilities = ()
    memory_bytes: Annotated[int, Between(0, INTEGER_MAX)] | None = None
    cpu_cores: Annotated[int, Between(0, INTEGER_MAX)] | None = None
    storage_bytes: Annotated[int, Between(0, INTEGER_MAX)] | None = None
    accepted_issuers: Dids = ()
    submitter_verifiers: bool = False
    policies: Annotated[Mapping[Word, Rule], Size(0, 16)] = field(default_factory=dict)
