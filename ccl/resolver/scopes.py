"""Files with their names sorted out: what `ccl.resolver.resolution` makes and `ccl.checking` reads.

Every file keeps its syntax tree; a `FileScope` has the meaning of each top-level
name of it. Nothing here is typed yet.
"""

from collections import ChainMap
from collections.abc import Collection, Mapping, MutableMapping
from typing import Any, TypeAlias, TypeVar, cast

from ccl.source.spans import FileId, Span
from ccl.support.node import Node
from ccl.syntax import ast

ScopeId: TypeAlias = FileId
"""A file's own number, or a negative one for a contract's text."""

_Item = TypeVar("_Item")


PROPOSALS_SUFFIX = ".proposals"
"""Behind a proposal's name: the name under which its proposals are stored."""

PROPOSAL_MEMBERS = ("open", "vote", "close", "get", "prune")


class Role(Node, frozen=True, kw_only=True):
    """A role, and the names of the functions that it means. `parent` may be `alias.Name`."""

    name: ast.Ident
    parent: ast.Ident | None
    span: Span

    @property
    def holder_check(self) -> str:
        """Whether the caller holds the role."""
        return f"role {self.name.text}"

    @property
    def requirements(self) -> str:
        """Whether all is met that the role requires."""
        return f"requirements of role {self.name.text}"


class Proposal(Node, frozen=True, kw_only=True):
    """A kind of proposals, and the names of what it means: state, a struct and functions."""

    name: ast.Ident

    @property
    def state(self) -> str:
        """The variable that keeps the proposals."""
        return self.name.text + PROPOSALS_SUFFIX

    @property
    def parameters(self) -> str:
        """The struct of what a proposal is opened with."""
        return f"{self.name.text}.Parameters"

    @property
    def execution(self) -> str:
        """The function that carries a proposal out which has passed."""
        return f"execution of {self.name.text}"

    def function(self, member: str) -> str:
        """The function behind `Name.member`, one of `PROPOSAL_MEMBERS`."""
        return f"{self.name.text}_{member}"


class Contract(Node, frozen=True, kw_only=True):
    """A contract as written: what runs (`items`); its declarations stay the file's section."""

    name: ast.Ident
    extends: ast.Ident | None
    items: tuple[ast.Item, ...]
    roles: tuple[Role, ...]
    proposals: tuple[Proposal, ...]
    span: Span


class LoadedFile(Node, frozen=True, kw_only=True):
    """A parsed file before its names are sorted.

    `name` is its path in the compiled module, relative to the root file's folder
    (`std/text.ccl` for the standard library); `imports` maps the span of an import's path to
    the file it means, where one was found. `contracts` were taken out of the items by
    `ccl.desugar`.
    """

    file: FileId
    name: str
    module: ast.Module
    imports: Mapping[Span, FileId]
    contracts: tuple[Contract, ...] = ()
    roles: tuple[Role, ...] = ()
    proposals: tuple[Proposal, ...] = ()


class Loaded(Node, frozen=True, kw_only=True):
    """`library`: the files of the standard library among them, by import path."""

    root: FileId
    files: Mapping[FileId, LoadedFile]
    library: Mapping[str, FileId]


class ImportedFile(Node, frozen=True, kw_only=True):
    """What `alias.name` looks into: an imported file, or a contract of the file by its name.

    `item` is None for a contract; `span` is where the alias was given.
    """

    alias: str
    item: ast.Import | None
    file: ScopeId
    span: Span


class FileScope(Node, frozen=True, kw_only=True):
    """The names that the text of one file or contract sees, by name space.

    A contract's text sees the contract's names, inherited ones too, and then those of its file
    (`outer`). Text that comes from a base in another file sees the contract's names and then
    those of that file. `own_…` are the items that this very text declares.
    """

    file: ScopeId
    source: FileId
    """The file of the text."""
    name: str
    """The path of that file in the compiled module."""
    prefix: str
    """Of the ids of what is declared here."""
    contract: str | None
    contract_file: FileId
    """The file that declares the contract."""
    text: str | None
    """The contract whose text this is: `contract`, or a base of it."""
    extends: ast.Ident | None
    functions: Mapping[str, ast.Function]
    consts: Mapping[str, ast.Const]
    states: Mapping[str, ast.State]
    imports: Mapping[str, ImportedFile]
    structs: Mapping[str, ast.Struct]
    enums: Mapping[str, ast.Enumeration]
    executions: tuple[ast.Execution, ...]
    handlers: tuple[ast.Handler, ...]
    invariants: tuple[ast.Invariant, ...]
    declarations: tuple[ast.Item, ...]
    """Entries, sections, rules and articles, in order."""
    roles: Mapping[str, Role]
    own_roles: Mapping[str, Role]
    proposals: Mapping[str, Proposal]
    outer: "FileScope | None"
    values: Mapping[str, ScopeId]
    """The members of a contract by name, with the scope that declares each; also `types`."""
    types: Mapping[str, ScopeId]
    incomplete: bool
    """A base of the contract could not be found, so that other names may exist."""

    def function_id(self, name: str) -> str:
        """`tally` in the root file, `std/voting/tally` elsewhere, `Treasury::pay` in a contract."""
        return self._holder(name, self.values).prefix + name

    def type_id(self, name: str) -> str:
        """The id of a struct or enum, as `function_id`."""
        return self._holder(name, self.types).prefix + name

    def _holder(self, name: str, members: Mapping[str, ScopeId]) -> "FileScope":
        return self if self.outer is None or name in members else self.outer

    @property
    def home(self) -> str:
        """Under what name the state that is declared here is kept."""
        return self.contract or self.name.removesuffix(".ccl")

    @property
    def own_functions(self) -> Mapping[str, ast.Function]:
        return self._own(self.functions, self.values)

    @property
    def own_consts(self) -> Mapping[str, ast.Const]:
        return self._own(self.consts, self.values)

    @property
    def own_states(self) -> Mapping[str, ast.State]:
        return self._own(self.states, self.values)

    @property
    def own_structs(self) -> Mapping[str, ast.Struct]:
        return self._own(self.structs, self.types)

    @property
    def own_enums(self) -> Mapping[str, ast.Enumeration]:
        return self._own(self.enums, self.types)

    def _own(
        self, visible: Mapping[str, _Item], members: Mapping[str, ScopeId]
    ) -> Mapping[str, _Item]:
        if self.outer is None:
            return visible
        # over the members alone: the file around has many more names
        return {
            name: visible[name]
            for name, owner in members.items()
            if owner == self.file and name in visible
        }

    def offers(self, name: str) -> bool:
        """Whether `alias.name` is a value here; a contract does not hand on its file's."""
        if self.outer is not None:
            return name in self.values
        return name in self.functions or name in self.consts or name in self.states

    def offers_type(self, name: str) -> bool:
        return name in (self.type_names if self.outer is None else self.types)

    @property
    def value_names(self) -> tuple[str, ...]:
        """Those that a program could spell."""
        named = (*self.functions, *self.consts, *self.states, *self.imports)
        return tuple(each for each in named if each.isidentifier())

    @property
    def function_names(self) -> tuple[str, ...]:
        """Those that a program could call."""
        return tuple(each for each in self.functions if each.isidentifier())

    @property
    def type_names(self) -> Collection[str]:
        """A view: asked for every type that is written."""
        both = cast("tuple[MutableMapping[str, Any], ...]", (self.enums, self.structs))
        return ChainMap(*both)


class Scoped(Node, frozen=True, kw_only=True):
    """All files and contracts of a compilation with their names; `library` as in `Loaded`.

    Every text is one scope: a contract has as many as it has bases, and one for its own.
    """

    root: FileId
    files: Mapping[ScopeId, FileScope]
    library: Mapping[str, FileId]
    contracts: Mapping[tuple[FileId, str], ScopeId]
    """The scope of a contract's own text, by file and name."""

    @property
    def root_scope(self) -> FileScope:
        return self.files[self.root]

    def texts_of(self, file: FileId) -> dict[str, tuple[FileScope, ...]]:
        """By name of a contract of the file, the scopes of its texts, those of its bases first."""
        texts: dict[str, list[FileScope]] = {}
        for each in self.files.values():
            if each.contract is not None:
                texts.setdefault(each.prefix, []).append(each)
        return {
            name: tuple(texts[self.files[scope].prefix])
            for (holder, name), scope in self.contracts.items()
            if holder == file
        }

    @property
    def own_scopes(self) -> tuple[FileScope, ...]:
        """Those of the texts of the root file."""
        return tuple(each for each in self.files.values() if each.source == self.root)

    def owner(self, scope: FileScope, name: str) -> FileScope:
        """The scope that declares the value which `scope` sees under this name."""
        if name in scope.values:
            return self.files[scope.values[name]]
        return scope if scope.outer is None else scope.outer
