"""Misplaced and misspelt reasons: `because article "…"` has one form, and one place in each item.

Runs only over a file with syntax errors. Each is reported once, and skipped or parsed in its
correct form.
"""

from typing import Final

from ccl.diagnostics.model import Edit, Fix, Sink
from ccl.parser.lexer.tokens import Token, Tokens
from ccl.source.spans import Source, Span

_STARTS: Final = frozenset({"SEMI", "COMMA", "LBRACE", ""})
"""After these `because` is a key."""
_OPENING: Final = frozenset({"LPAREN", "LBRACKET", "LBRACE"})
_CLOSING: Final = frozenset({"RPAREN", "RBRACKET", "RBRACE"})
_ARGUMENTS: Final = 200
"""Tokens looked at for the call that a reason is an argument of."""


def read_reasons(source: Source, tokens: Tokens, sink: Sink) -> None:
    """Repairs the reasons in `tokens`, and reports each malformed one."""
    items = tokens.items
    read: list[Token] = []
    skipped_to = 0
    for at, token in enumerate(items):
        if at < skipped_to:
            continue
        follows = read[-1].kind if read else ""
        if token.text != "because" or token.kind != "NAME" or follows in _STARTS:
            read.append(token)
            continue
        has_word = items[at + 1].text == "article"
        number = items[at + 1 + has_word] if at + 1 + has_word < len(items) else items[-1]
        end = at + 2 + has_word
        place = Span(source.file, token.start, number.end)
        if number.kind in ("INT", "DECIMAL") or (number.kind == "STRING" and not has_word):
            written = source.text[number.start : number.end]
            quoted = written if number.kind == "STRING" else f'"{written}"'
            instead = f"because article {quoted}"
            fix = Fix(f"write `{instead}`", (Edit(place, instead),))
            found = source.text[place.start : place.end]
            sink.report("CCL0119", place, found=found, instead=instead, fixes=(fix,))
            read.append(token)
            read.append(Token("NAME", "article", number.start, number.start))
            read.append(Token("STRING", number.text, number.start, number.end))
            skipped_to = end
        elif number.kind == "STRING" and (found_at := _place(items, at)) is not None:
            advice, where, target = found_at
            reason = source.text[place.start : place.end]
            before = items[at - 1].end
            fix = Fix(
                "move it",
                (
                    Edit(Span(source.file, before, number.end), ""),
                    Edit(Span(source.file, target, target), f" {reason}"),
                ),
            )
            has_reason = advice == "rule" and _has_reason(items, target)
            sink.report(
                "CCL0112",
                place,
                found="`because`",
                expected=f"it {where}",
                advice=advice,
                fixes=() if has_reason else (fix,),
            )
            skipped_to = end
        else:
            read.append(token)
    tokens.items = read


def _place(items: list[Token], at: int) -> tuple[str, str, int] | None:
    """Selects the advice for a misplaced reason at `at`, and its correct place in words and as an
    offset."""
    before = items[at - 1]
    if before.kind == "RBRACE":
        opener = _opener(items, at - 1)
        while opener and (items[opener - 1].kind == "ELSE" or _is_else_if(items, opener)):
            # of a chain the first rule has the reason
            first = opener - 1
            while items[first].kind != "ELSE":
                first -= 1
            opener = _opener(items, first - 1)
        head = _head(items, opener)
        if not opener or head is None or items[head].kind != "IF":
            return None
        return "rule", "before the `{`", items[opener - 1].end
    head = _head(items, at)
    if head is not None and items[head].text == "invariant" and items[at + 3].kind == "LBRACE":
        return "invariant", "behind the `}`", items[_closer(items, at + 3)].end
    depth = 0
    for index in range(at - 1, max(at - _ARGUMENTS, 0), -1):
        kind = items[index].kind
        depth += (kind in ("RPAREN", "RBRACKET", "RBRACE")) - (kind in _OPENING)
        if depth < 0:
            if kind == "LPAREN" and items[index - 1].kind == "REQUIRE":
                return "require", "behind the `)`", items[_closer(items, index)].end
            return None
    return None


def _opener(items: list[Token], closer: int) -> int:
    depth = 0
    for index in range(closer, -1, -1):
        depth += (items[index].kind == "RBRACE") - (items[index].kind == "LBRACE")
        if depth == 0:
            return index
    return 0


def _has_reason(items: list[Token], end: int) -> bool:
    """Reports whether the head that ends at the offset `end` has a reason of its own."""
    last = next(at for at, token in enumerate(items) if token.end >= end)
    return last >= 2 and items[last - 2].text == "because"


def _is_else_if(items: list[Token], brace: int) -> bool:
    head = _head(items, brace)
    return head is not None and [each.kind for each in items[head : head + 2]] == ["ELSE", "IF"]


def _closer(items: list[Token], opener: int) -> int:
    depth = 0
    for index in range(opener, len(items) - 1):
        depth += (items[index].kind in _OPENING) - (items[index].kind in _CLOSING)
        if depth == 0:
            return index
    return len(items) - 2


def _head(items: list[Token], brace: int) -> int | None:
    """Finds the first token of the item or statement with the body at `brace`."""
    for index in range(brace - 1, -1, -1):
        if items[index].kind in ("SEMI", "COMMA", "LBRACE", "RBRACE"):
            return index + 1
    return 0 if brace else None
