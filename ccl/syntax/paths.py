"""Paths in expressions: names, joined by dots or `::`, which mean the same."""

from ccl.syntax import ast


def path_of(expr: ast.Expr) -> tuple[ast.Ident, ...] | None:
    """Reads `a.b.c` or `a::b.c` as names; None for other expressions."""
    after: list[ast.Ident] = []
    while isinstance(expr, ast.Field):
        after.append(expr.name)
        expr = expr.base
    match expr:
        case ast.Name(text=text, span=span):
            return (ast.Ident(text=text, span=span), *reversed(after))
        case ast.PathName(segments=segments):
            return (*segments, *reversed(after))
        case _:  # it is no path
            return None


def words_of(expr: ast.Expr) -> tuple[str, ...]:
    """Reads `a.b.c` as words, which may be data; empty for other expressions, and for a path with
    `::`."""
    words: list[str] = []
    while isinstance(expr, ast.Field):
        words.append(expr.name.text)
        expr = expr.base
    return (expr.text, *reversed(words)) if isinstance(expr, ast.Name) else ()
