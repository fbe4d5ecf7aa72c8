"""The default names of imports."""

from ccl.syntax import ast


def import_alias(item: ast.Import) -> ast.Ident | None:
    """Returns the alias of an import: `import "std/voting";` has the name `voting`."""
    if item.alias is not None:
        return item.alias
    text = "".join(part for part in item.path.parts if isinstance(part, str))
    stem = text.rsplit("/", 1)[-1].removesuffix(".ccl")
    return ast.Ident(text=stem, span=item.path.span) if stem.isidentifier() else None
