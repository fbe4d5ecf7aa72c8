"""The blocks of tests/spec/*.md: each ```ccl block with what its comments expect of it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[1] / "spec"
_BLOCK = re.compile(r"^```ccl\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXPECTED = re.compile(
    r"// (error|warning|trap|result|log|submits|effect|charter|context|undecided|entry|arguments"
    r"|input|ctx|call|continues|stored|passes|fails):? ?(.*)$"
)


@dataclass(frozen=True)
class Block:
    chapter: str
    line: int
    text: str
    before: "Block | None" = None

    @property
    def expectations(self) -> list[tuple[int, str, str]]:
        """(line in the block, kind, text)"""
        found = []
        for number, line in enumerate(self.text.splitlines(), 1):
            match = _EXPECTED.search(line)
            if match:
                found.append((number, match[1], match[2].strip()))
        return found

    def only(self, kind: str) -> str | None:
        texts = [text for _, each, text in self.expectations if each == kind]
        assert len(texts) <= 1, f"one `// {kind}:` a block"
        return texts[0] if texts else None


def blocks() -> list[Block]:
    found = []
    for path in sorted(FOLDER.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        for match in _BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 2
            before = found[-1] if found and found[-1].chapter == path.stem else None
            found.append(Block(path.stem, line, match[1], before))
    return found


BLOCKS: Final = tuple(blocks())
