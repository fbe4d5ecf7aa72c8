"""The envelope of records: its names are no field of any record, or it could not be signed."""

import pytest

from mesh.core.records.registry import RECORDS
from runtime.identity.signed import ENVELOPE


@pytest.mark.parametrize("name", RECORDS)
def test_no_field_has_a_name_of_the_envelope(name: str) -> None:
    assert ENVELOPE.isdisjoint(RECORDS[name].__struct_fields__)
