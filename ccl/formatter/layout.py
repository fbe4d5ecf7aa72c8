"""The layout of a whole file: all tables of layouts combined."""

from collections.abc import Callable

from ccl.formatter.declarations import Declarations
from ccl.formatter.document import Doc, concat, printed
from ccl.formatter.trivia import Trivia
from ccl.syntax.cst import Concrete, Leaf, Part, Phrase

WIDTH = 100


def layout(tree: Concrete) -> str:
    """Prints a file in the canonical layout, with one line break at its end."""
    found = _Layouts(tree).run()
    return found.strip("\n") + "\n" if found.strip("\n") else ""


class _Layouts:
    def __init__(self, tree: Concrete) -> None:
        self._declarations = Declarations(tree, Trivia(tree), self._lay)
        self._rules: dict[str, Callable[[Phrase], Doc]] = {}

    def run(self) -> str:
        return printed(self._declarations.file(), WIDTH)

    def _lay(self, part: Part) -> Doc:
        if isinstance(part, Leaf):
            return part.text
        if part is None:
            return ""
        if isinstance(part, list):
            return concat(*map(self._lay, part))
        rule = self._rules.get(part.rule)
        if rule is None:
            rule = self._rules[part.rule] = getattr(self._declarations, part.rule)
        return rule(part)
