"""The comments and blank lines between the tokens, each placed once.

The layout takes a comment where it has a place for one. A comment that is not taken is still `left`
within its statement, which is then kept as written.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from ccl.formatter.document import BLANK, HARD, Doc, Remark, Verbatim, concat
from ccl.syntax.cst import Concrete, Leaf

_COMMENT: Final = re.compile(r"(?://|\#)[^\n]*|/\*.*?\*/", re.DOTALL)
TAB_WIDTH: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """`is_inline`: there is text before and after it on its line. `line_before`, `line_follows`:
    there is none before it, or none after it. `blank_before`, `blank_after`: there is an empty
    line."""

    text: str
    start: int
    is_inline: bool
    line_follows: bool
    line_before: bool
    blank_before: bool
    blank_after: bool

    @property
    def is_doc(self) -> bool:
        return self.text.startswith("///") and not self.text.startswith("////")


class Trivia:
    """The trivia before each leaf, by its index."""

    def __init__(self, tree: Concrete) -> None:
        self._text = tree.text
        self._leaves = tree.leaves
        self._trailing: dict[int, list[Comment]] = defaultdict(list)
        """By the leaf before them, on whose line they are the last."""
        self._leading: dict[int, list[Comment]] = defaultdict(list)
        self._blank: set[int] = set()
        self._lines: set[int] = set()
        end = 1 if tree.text.startswith("\ufeff") else 0
        for leaf in tree.leaves:
            if leaf.start - end > 1 or (leaf.start > end and tree.text[end] == "\n"):
                self._read(leaf.index, end, leaf.start)
            end = leaf.end
        self._marked = sorted({*self._leading, *(index + 1 for index in self._trailing)})

    def _read(self, index: int, start: int, end: int) -> None:
        gap = self._text[start:end]
        lines = gap.count("\n")
        if not lines and "/" not in gap and "#" not in gap:
            return
        if lines:
            self._lines.add(index)
        comments = list(_COMMENT.finditer(gap))
        if not comments:
            if lines > 1:
                self._blank.add(index)
            return
        found = self._comments(comments, gap, start)
        ending = _ending_its_line(found) if index > 0 else 0
        if ending:
            self._trailing[index - 1] = found[:ending]
        if ending < len(found):
            self._leading[index] = found[ending:]
        elif found[-1].blank_after:
            self._blank.add(index)

    def _comments(self, matches: list[re.Match[str]], gap: str, start: int) -> list[Comment]:
        """Lists the comments of a gap that begins at `start`."""
        found, at = [], 0
        stops = [each.start() for each in matches[1:]] + [len(gap)]
        for match, stop in zip(matches, stops, strict=True):
            text = match.group()
            before, after = gap[at : match.start()].count("\n"), gap[match.end() : stop].count("\n")
            at = match.end()
            line_follows = after > 0 or not text.startswith("/*")
            found.append(
                Comment(
                    text=text.rstrip(),
                    start=start + match.start(),
                    is_inline=not (before or line_follows or "\n" in text),
                    line_follows=line_follows,
                    line_before=before > 0,
                    blank_before=before > 1,
                    blank_after=after > 1,
                )
            )
        return found

    def line_before(self, leaf: Leaf | int) -> bool:
        """Reports whether the author broke the line between the previous leaf and this one."""
        return (leaf if isinstance(leaf, int) else leaf.index) in self._lines

    def blank_before(self, index: int) -> bool:
        """Reports whether a line is empty before the leaf, or before the comments that belong to
        it."""
        leading = self._leading.get(index)
        return leading[0].blank_before if leading else index in self._blank

    def has_leading(self, index: int) -> bool:
        return index in self._leading

    def has_doc_before(self, index: int) -> bool:
        """Reports whether a comment between the previous leaf and this one is a `///` comment."""
        comments = (*self._trailing.get(index - 1, ()), *self._leading.get(index, ()))
        return any(each.is_doc for each in comments)

    def is_inline(self, index: int) -> bool:
        """Reports whether all comments before this leaf are on its line, and only these."""
        return all(each.is_inline for each in self._leading.get(index, ()))

    def leading(self, index: int) -> Doc:
        """Takes the comments before a leaf, each with the line break or space after it."""
        parts: list[Doc] = []
        for each in self._leading.pop(index, ()):
            parts.append(self._comment(each))
            parts.append((BLANK if each.blank_after else HARD) if each.line_follows else " ")
        return concat(*parts)

    def inline(self, index: int) -> Doc:
        """Takes the comments before a leaf that end the text before it on the same line."""
        return concat(
            *(part for each in self._leading.pop(index, ()) for part in (" ", self._comment(each)))
        )

    def closing(self, index: int) -> tuple[Doc, bool]:
        """Takes the comments before a closing bracket, on lines of their own, and whether one is
        after an empty line."""
        comments = self._leading.pop(index, [])
        parts: list[Doc] = []
        for each in comments:
            if parts:
                parts.append(BLANK if each.blank_before else HARD)
            parts.append(self._comment(each))
        return concat(*parts), bool(comments) and comments[0].blank_before

    def trailing(self, index: int) -> Doc:
        """Takes the comments at the end of the line of a leaf."""
        comments = self._trailing.pop(index, ())
        return concat(*(Remark(" " + each.text) for each in comments))

    def strays(self, index: int) -> list[Doc]:
        """Takes all comments around a leaf that is dropped, each for a line of its own."""
        comments = self._leading.pop(index, []) + self._trailing.pop(index, [])
        return [self._comment(each) for each in comments]

    def is_left(self, first: int, last: int) -> bool:
        """Reports whether a comment between the leaves `first` and `last` has not been placed."""
        at = bisect_left(self._marked, first + 1)
        while at < len(self._marked) and self._marked[at] <= last:
            gap = self._marked[at]
            if gap in self._leading or gap - 1 in self._trailing:
                return True
            at += 1
        return False

    def verbatim(self, first: int, last: int) -> Doc:
        """Returns the text from one leaf to another as written."""
        for gap in self._marked[
            bisect_left(self._marked, first + 1) : bisect_left(self._marked, last + 1)
        ]:
            self._leading.pop(gap, None)
            self._trailing.pop(gap - 1, None)
        start, end = self._leaves[first].start, self._leaves[last].end
        return self._as_written(self._text[start:end], start)

    def _comment(self, comment: Comment) -> Doc:
        if "\n" not in comment.text:
            return comment.text
        lines = comment.text.split("\n")
        if all(line.lstrip().startswith("*") for line in lines[1:]):
            aligned = (f" {line.strip()}" for line in lines[1:])
            return Verbatim((lines[0].rstrip(), *aligned), 0, is_comment=True)
        return self._as_written(comment.text, comment.start, is_comment=True)

    def _as_written(self, text: str, start: int, *, is_comment: bool = False) -> Doc:
        line = self._text[self._text.rfind("\n", 0, start) + 1 : start].removeprefix("\ufeff")
        indent = len(_expanded(line)) - len(_expanded(line).lstrip())
        first, *others = text.split("\n")
        return Verbatim(
            (first.rstrip(), *(_expanded(each.rstrip()) for each in others)), indent, is_comment
        )


def _ending_its_line(comments: list[Comment]) -> int:
    """Counts the comments after a leaf at the end of its line."""
    for count, each in enumerate(comments, 1):
        if each.line_before or "\n" in each.text:
            return 0
        if each.line_follows:
            return count
    return 0


def _expanded(line: str) -> str:
    """Expands the tabs in the indentation of the line."""
    body = line.lstrip()
    return line[: len(line) - len(body)].expandtabs(TAB_WIDTH).replace("\r", "") + body


def comments_of(tree: Concrete) -> list[str]:
    """Lists every comment of the file in order, as words, without indentation."""
    found: list[str] = []
    end = 0
    for leaf in tree.leaves:
        if leaf.start > end:
            gap = tree.text[end : leaf.start]
            found += [" ".join(each.group().split()) for each in _COMMENT.finditer(gap)]
        end = leaf.end
    return found
