"""Applying the schemas of `ccl.schema` to the charter, and what they give to `submit_job`."""

from ccl.checking.charter import Charter
from ccl.checking.environment import Checker


def apply(checker: Checker, charter: Charter) -> None:
    """Check every section that has a schema."""
    del checker, charter
