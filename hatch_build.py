"""The README as the package index shows it: its links lead to the repository.

An index serves the text alone, so a link to another file of the repository would lead nowhere.
"""

import re
from pathlib import Path
from typing import Any, Final

from hatchling.metadata.plugin.interface import MetadataHookInterface

BRANCH: Final = "blob/main"
_RELATIVE: Final = re.compile(r"\]\((?![a-z]+:|#)([^)\s]+)")


class ReadmeHook(MetadataHookInterface):
    """Adds `readme` to the project's metadata."""

    def update(self, metadata: dict[str, Any]) -> None:
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        repository = metadata["urls"]["Repository"]
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": _RELATIVE.sub(rf"]({repository}/{BRANCH}/\1", text),
        }
