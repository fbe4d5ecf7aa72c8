"""Files with resolved names: the output of `ccl.resolver.resolution`, the input of `ccl.checking`.

Every file keeps its syntax tree; a `FileScope` has the meaning of its top-level names. Nothing here
is typed.
"""

from collections import ChainMap
from collections.abc import Collection, Mapping, MutableMapping
from typing import Any, TypeAlias, TypeVar, cast

from ccl.source.spans import FileId, Source, SourceMap, Span
from ccl.support.node import Node
from ccl.syntax import ast

ScopeId: TypeAlias = FileId
"""A file's own number, or a negative one for a contract's text."""

_Item = TypeVar("_Item")


PROPOSALS_SUFFIX = ".proposals"
"""Behind a proposal's name: the name under which its proposals are stored."""

PROPOSAL_MEMBERS = ("open", "vote", "close", "get", "prune")


class Role(Node, frozen=True, kw_only=True):
    """A role, and the names of its generated functions. `parent` may be `alias.Name`."""

    name: ast.Ident
    parent: ast.QualifiedName | None
    span: Span

    @property
    def holder_check(self) -> str:
        """Names the function that reports whether the caller holds the role."""
        return f"role {self.name.text}"

    @property
    def requirements(self) -> str:
        """Names the function that reports whether the requirements of the role are met."""
        return f"requirements of role {self.name.text}"


class Proposal(Node, frozen=True, kw_only=True):
    """A kind of proposals, and the names of its generated state, struct and functions."""

    name: ast.Ident

    @property
    def state(self) -> str:
        """The state variable with the proposals."""
        return self.name.text + PROPOSALS_SUFFIX

    @property
    def parameters(self) -> str:
        """The struct of the parameters of a proposal."""
        return f"{self.name.text}.Parameters"

    @property
    def execution(self) -> str:
        """The function that executes an accepted proposal."""
        return f"execution of {self.name.text}"

    def function(self, member: str) -> str:
        """Names the function of `Name.member`, one of `PROPOSAL_MEMBERS`."""
        return f"{self.name.text}_{member}"


class Contract(Node, frozen=True, kw_only=True):
    """A contract as written: `items` has its code; its declarations stay a section of the file."""

    name: ast.Ident
    extends: ast.QualifiedName | None
    items: tuple[ast.Item, ...]
    roles: tuple[Role, ...]
    proposals: tuple[Proposal, ...]
    span: Span


class LoadedFile(Node, frozen=True, kw_only=True):
    """A parsed file before resolution.

    `name` is its path in the compiled module, relative to the folder of the root file
    (`std/text.ccl` for the standard library); `imports` maps the span of an import's path to its
    file, if found. `ccl.desugar` has moved `contracts` out of the items.
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
    """The target of `alias.name`: an imported file, or a contract of the file by its name.

    `item` is None for a contract; `span` is that of the alias.
    """

    alias: str
    item: ast.Import | None
    file: ScopeId
    span: Span


class FileScope(Node, frozen=True, kw_only=True):
    """The names visible in the text of one file or contract, by name space.

    In a contract these are its own and inherited names, then those of its file (`outer`). In a base
    from another file they are the names of the contract, then those of the base's file. `own_…` are
    the items declared in this text itself.
    """

    file: ScopeId
    source: FileId
    """The file of the text."""
    name: str
    """The path of that file in the compiled module."""
    prefix: str
    """The prefix of the ids of the declarations of this text."""
    contract: str | None
    contract_file: FileId
    """The file that declares the contract."""
    text: str | None
    """The contract whose text this is: `contract`, or a base of it."""
    extends: ast.QualifiedName | None
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
        """Makes the id of a function: `tally` in the root file, `std/voting/tally` elsewhere,
        `Treasury::pay` in a contract."""
        return self._holder(name, self.values).prefix + name

    def type_id(self, name: str) -> str:
        """Makes the id of a struct or enum, as `function_id` does."""
        return self._holder(name, self.types).prefix + name

    def _holder(self, name: str, members: Mapping[str, ScopeId]) -> "FileScope":
        return self if self.outer is None or name in members else self.outer

    @property
    def home(self) -> str:
        """The name under which the state of this text is stored."""
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
        """Reports whether `alias.name` is a value here; a contract does not export the names of its
        file."""
        if self.outer is not None:
            return name in self.values
        return name in self.functions or name in self.consts or name in self.states

    def offers_type(self, name: str) -> bool:
        return name in (self.type_names if self.outer is None else self.types)

    @property
    def value_names(self) -> tuple[str, ...]:
        """Lists the names of values that a program can spell."""
        named = (*self.functions, *self.consts, *self.states, *self.imports)
        return tuple(each for each in named if each.isidentifier())

    @property
    def function_names(self) -> tuple[str, ...]:
        """Lists the names of functions that a program can call."""
        return tuple(each for each in self.functions if each.isidentifier())

    @property
    def type_names(self) -> Collection[str]:
        """A view of the names of types; used for every type annotation."""
        both = cast("tuple[MutableMapping[str, Any], ...]", (self.enums, self.structs))
        return ChainMap(*both)


class Scoped(Node, frozen=True, kw_only=True):
    """All files and contracts of a compilation with their names; `library` as in `Loaded`.

    Every text is one scope: a contract has one for each base, and one for its own text.
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
        """Lists the scopes of a contract of the file by its name, those of its bases first."""
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
        """Lists the scopes of the texts of the root file."""
        return tuple(each for each in self.files.values() if each.source == self.root)

    def owner(self, scope: FileScope, name: str) -> FileScope:
        """Finds the scope that declares the value which `scope` refers to by this name."""
        if name in scope.values:
            return self.files[scope.values[name]]
        return scope if scope.outer is None else scope.outer


def module_names(scoped: Scoped, sources: SourceMap) -> SourceMap:
    """Returns the program's own sources under their paths in the module."""
    return SourceMap(
        [
            Source(source.file, scoped.files[source.file].name, source.text)
            for source in sources.sources
            if source.file in scoped.files
        ]
    )
