"""Files split into code, declarations and contracts.

Code may be in any section; it belongs to the file or contract around. It may not be under a
condition, which is only decided in a given context.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ccl.desugar import ast_builders
from ccl.desugar.keys import is_section
from ccl.desugar.proposals import read_proposal
from ccl.desugar.roles import read_role
from ccl.diagnostics.model import Edit, Fix, Sink
from ccl.prelude.library_index import PROPOSALS_FILE
from ccl.resolver.scopes import Contract, Loaded, LoadedFile, Proposal, Role
from ccl.source.spans import Span
from ccl.support.node import replace
from ccl.syntax import ast


def read_file(loaded: LoadedFile, program: Loaded, sink: Sink) -> LoadedFile:
    """Returns the file with plain items, and its contracts apart."""
    reading = _Reading(sink)
    text = reading.text(loaded.module.items, contract=None)
    code = text.code
    imports = dict(loaded.imports)
    if reading.proposal is not None and PROPOSALS_FILE in program.library:
        path = ast_builders.text_of(PROPOSALS_FILE, reading.proposal)
        alias = ast_builders.ident(PROPOSALS_FILE, reading.proposal)
        code = [ast.Import(path=path, alias=alias, span=reading.proposal), *code]
        imports[reading.proposal] = program.library[PROPOSALS_FILE]
    return replace(
        loaded,
        module=replace(loaded.module, items=(*code, *text.declarations)),
        imports=imports,
        contracts=tuple(reading.contracts),
        roles=tuple(text.roles),
        proposals=tuple(text.proposals),
    )


@dataclass(slots=True)
class _Text:
    """A file or contract while it is read. `contract` is None for a file."""

    contract: ast.Ident | None
    role_names: frozenset[str]
    """Also those of the file around a contract."""
    code: list[ast.Item] = field(default_factory=list)
    declarations: list[ast.Item] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)


class _Reading:
    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.contracts: list[Contract] = []
        self._file_roles: frozenset[str] = frozenset()
        self.proposal: Span | None = None
        """The place of a proposal in the file, which needs a part of the library."""

    def text(self, items: tuple[ast.Item, ...], contract: ast.Ident | None) -> _Text:
        own = frozenset(_role_names(items))
        if contract is None:
            self._file_roles = own
        text = _Text(contract, own | self._file_roles)
        for item in items:
            text.declarations += self._top(text, item)
        return text

    def _top(self, text: _Text, item: ast.Item) -> tuple[ast.Item, ...]:
        """Reads an item of a file or contract; returns what is left of it for the charter."""
        match item:
            case ast.Section(key=ast.Key(text="contract", quoted=False)) if text.contract is None:
                return self._contract(item)
            case ast.Section(key=ast.Key(text="public", quoted=False), value=None) if (
                text.contract is not None
            ):
                return self._public(text, item)
            case ast.Section() if is_section(item, "role"):
                role, functions, left = read_role(item, text.role_names, self._sink)
                text.roles.append(role)
                text.code += functions
                return self._inside(text, left)
            case ast.Section() if is_section(item, "proposal"):
                proposal, items, left = read_proposal(item, self._sink)
                text.proposals.append(proposal)
                text.code += items
                self.proposal = item.key.span
                return self._inside(text, left)
            case ast.Import() if text.contract is None:
                text.code.append(item)
                return ()
            case _:
                return self._inside(text, item)

    def _inside(self, text: _Text, item: ast.Item) -> tuple[ast.Item, ...]:
        """Reads an item at any depth: code joins the text's, the rest is the charter's."""
        match item:
            case ast.Section(key=ast.Key(text="contract", quoted=False)):
                return self._misplaced(item.key.span, "contract")
            case ast.Import():
                return self._misplaced(item.span, "import")
            case ast.Section() | ast.Article():
                left = (each for entry in item.entries for each in self._inside(text, entry))
                return (replace(item, entries=tuple(left)),)
            case ast.IfRule():
                return (
                    replace(
                        item,
                        then=self._unconditional(item.then),
                        otherwise=self._unconditional(item.otherwise),
                    ),
                )
            case ast.RangeRule():
                return (replace(item, entries=self._unconditional(item.entries)),)
            case ast.Entry() | ast.CallEntry():
                return self._valued(item)
            case _:
                text.code.append(_code(item))
                return ()

    def _unconditional(self, items: tuple[ast.Item, ...]) -> tuple[ast.Item, ...]:
        """Returns the entries under a condition; code among them is reported."""
        left: list[ast.Item] = []
        for item in items:
            match item:
                case ast.Entry() | ast.CallEntry():
                    left += self._valued(item)
                case ast.Section(key=ast.Key(text="contract", quoted=False)):
                    self._misplaced(item.key.span, "contract")
                case ast.Section() | ast.Article() | ast.RangeRule():
                    left.append(replace(item, entries=self._unconditional(item.entries)))
                case ast.IfRule():
                    then = self._unconditional(item.then)
                    otherwise = self._unconditional(item.otherwise)
                    left.append(replace(item, then=then, otherwise=otherwise))
                case ast.Import():
                    self._misplaced(item.span, "import")
                case _:
                    self._sink.report("CCL0224", _code(item).span)
        return tuple(left)

    def _valued(self, item: ast.Entry | ast.CallEntry) -> tuple[ast.Item, ...]:
        """Returns an entry unless its value is a type, which is reported."""
        match item:
            case ast.Entry(value=ast.Call(type_arguments=(_, *_), arguments=(), span=span)):
                self._sink.report("CCL0342", span)
                return ()
            case _:
                return (item,)

    def _misplaced(self, span: Span, what: str) -> tuple[ast.Item, ...]:
        self._sink.report("CCL0228", span, what=what)
        return ()

    # --- contracts

    def _contract(self, section: ast.Section) -> tuple[ast.Item, ...]:
        name = plain_name(section, self._sink)
        if name is None:
            return ()
        text = self.text(section.entries, name)
        self.contracts.append(
            Contract(
                name=name,
                extends=section.extends,
                items=tuple(text.code),
                roles=tuple(text.roles),
                proposals=tuple(text.proposals),
                span=section.span,
            )
        )
        return (replace(section, value=as_text(name), entries=tuple(text.declarations)),)

    def _public(self, text: _Text, section: ast.Section) -> tuple[ast.Item, ...]:
        """Reads the part of a contract whose functions are exported; it is no section of its
        own."""
        begin = len(text.code)
        left = tuple(each for entry in section.entries for each in self._top(text, entry))
        text.code[begin:] = [
            replace(each, exported=True) if isinstance(each, ast.Function) else each
            for each in text.code[begin:]
        ]
        return left


def _role_names(items: tuple[ast.Item, ...]) -> Iterator[str]:
    for item in items:
        match item:
            case ast.Section(key=ast.Key(text="role", quoted=False), value=ast.Name(text=name)):
                yield name
            case _:
                pass


def plain_name(section: ast.Section, sink: Sink) -> ast.Ident | None:
    """Returns the name of a contract, role or proposal; None after reporting."""
    match section.value:
        case ast.Name(text=text, span=span):
            return ast.Ident(text=text, span=span)
        case None:
            sink.report("CCL0226", section.key.span, what=section.key.text)
        case ast.StringLiteral(parts=(str(text),), span=span) if text.isidentifier():
            fix = Fix(f"write `{text}`", (Edit(span, text),))
            sink.report("CCL0226", span, what=section.key.text, fixes=(fix,))
        case other:
            sink.report("CCL0226", other.span, what=section.key.text)
    return None


def as_text(name: ast.Ident) -> ast.StringLiteral:
    """Returns the name as a text in the charter, never as the constant of the same name."""
    return ast.StringLiteral(parts=(name.text,), span=name.span)


def _code(item: ast.Code) -> ast.Code:
    """Returns the item: mypy rejects the call for a class of items that is no code."""
    return item
