"""Resolution of the top level: the declarations of each file and contract, each name once.

Input is every loaded file; output `ccl.resolver.scopes.Scoped`. Names inside bodies depend on the
order of statements and are looked up by the checker in these tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, TypeVar

from ccl.abi.text.suggest import nearest
from ccl.diagnostics.model import Edit, Fix, Label, Sink
from ccl.resolver.namespaces import Members, Names, over
from ccl.resolver.scopes import (
    Contract,
    FileScope,
    ImportedFile,
    Loaded,
    LoadedFile,
    Proposal,
    Role,
    Scoped,
    ScopeId,
)
from ccl.source.spans import FileId
from ccl.support.node import Node
from ccl.support.recursion import INHERITANCE_MAX, heights
from ccl.syntax import ast
from ccl.syntax.imports import import_alias

_Symbol = TypeVar("_Symbol", Role, Proposal)
_Key: TypeAlias = tuple[FileId, str]
"""A contract: its file and its name."""


def resolve(loaded: Loaded, sink: Sink) -> Scoped:
    """Resolves the names of every file; a duplicate declaration is reported with both spans."""
    return _Resolution(loaded, sink).scoped()


class _Text(Node, frozen=True):
    """A contract's own text, in its file."""

    contract: Contract
    file: LoadedFile
    names: Names


class _Resolution:
    def __init__(self, loaded: Loaded, sink: Sink) -> None:
        self._loaded = loaded
        self._sink = sink
        self._files: dict[ScopeId, FileScope] = {}
        self._texts: dict[tuple[FileId, str], _Text] = {}
        self._incomplete: list[Contract] = []
        self._too_high: set[_Key] = set()

    def scoped(self) -> Scoped:
        names = {each.file: self._names(each) for each in self._loaded.files.values()}
        contracts: dict[tuple[FileId, str], ScopeId] = {}
        made: list[tuple[ScopeId, tuple[_Text, ...]]] = []
        number = 0
        self._refuse_long_rows()
        for key in self._texts:
            lineage = self._lineage(key)
            contracts[key] = FileId(-(number + len(lineage)))
            made.append((FileId(-(number + 1)), lineage))
            number += len(lineage)
        for each in self._loaded.files.values():
            self._files[each.file] = self._file_scope(each, names[each.file], contracts)
        for first, lineage in made:
            self._contract_scopes(first, lineage)
        return Scoped(
            root=self._loaded.root,
            files=self._files,
            library=self._loaded.library,
            contracts=contracts,
        )

    # --- files

    def _names(self, loaded: LoadedFile) -> Names:
        names = Names(self._sink)
        names.read(loaded.module.items)
        names.refuse_overrides()
        for contract in loaded.contracts:
            if names.claim(names.values, contract.name):
                inside = Names(self._sink)
                inside.read(contract.items)
                self._texts[loaded.file, contract.name.text] = _Text(contract, loaded, inside)
        return names

    def _file_scope(
        self, loaded: LoadedFile, names: Names, contracts: Mapping[tuple[FileId, str], ScopeId]
    ) -> FileScope:
        imports: dict[str, ImportedFile] = {}
        for item in loaded.module.items:
            if not isinstance(item, ast.Import):
                continue
            alias = import_alias(item)
            file = loaded.imports.get(item.path.span)
            if alias is not None and names.claim(names.values, alias) and file is not None:
                imports[alias.text] = ImportedFile(
                    alias=alias.text, item=item, file=file, span=item.span
                )
        for contract in loaded.contracts:
            name = contract.name.text
            if (loaded.file, name) in contracts:
                imports[name] = ImportedFile(
                    alias=name,
                    item=None,
                    file=contracts[loaded.file, name],
                    span=contract.name.span,
                )
        return FileScope(
            file=loaded.file,
            source=loaded.file,
            name=loaded.name,
            prefix=self._prefix(loaded),
            contract=None,
            contract_file=loaded.file,
            text=None,
            extends=None,
            functions=names.functions,
            consts=names.consts,
            states=names.states,
            imports=imports,
            structs=names.structs,
            enums=names.enums,
            executions=tuple(names.executions),
            handlers=tuple(names.handlers),
            invariants=tuple(names.invariants),
            declarations=tuple(names.declarations),
            roles=_by_name(loaded.roles),
            own_roles=_by_name(loaded.roles),
            proposals=_by_name(loaded.proposals),
            outer=None,
            values={},
            types={},
            incomplete=False,
        )

    def _prefix(self, loaded: LoadedFile) -> str:
        """Makes the prefix of ids; names contain no slash, so ids of different files differ."""
        return "" if loaded.file == self._loaded.root else f"{loaded.name.removesuffix('.ccl')}/"

    # --- contracts

    def _lineage(self, key: tuple[FileId, str]) -> tuple[_Text, ...]:
        """Lists the texts of a contract: those of its bases first, its own last."""
        lineage = [self._texts[key]]
        if key in self._too_high:
            self._incomplete.append(lineage[0].contract)
            return tuple(lineage)
        while (extends := lineage[0].contract.extends) is not None:
            base = self._base(lineage[0], extends)
            is_circle = any(base is each for each in lineage)
            if base is None or is_circle:
                self._incomplete.append(lineage[-1].contract)
            if base is None:
                break
            if is_circle:
                self._sink.report(
                    "CCL0223",
                    extends.span,
                    name=base.contract.name.text,
                    labels=tuple(
                        Label(each.contract.name.span, "in this cycle") for each in lineage
                    ),
                )
                break
            lineage.insert(0, base)
        return tuple(lineage)

    def _refuse_long_rows(self) -> None:
        """Reports the first contract of a chain that is too long."""
        for key, height in heights(self._texts, self._base_key).items():
            extends = self._texts[key].contract.extends
            if height > INHERITANCE_MAX and extends is not None:
                self._too_high.add(key)
                if height == INHERITANCE_MAX + 1:
                    self._sink.report(
                        "CCL0601", extends.span, limit=str(INHERITANCE_MAX), advice="extends"
                    )

    def _base_key(self, key: _Key) -> _Key | None:
        """Finds the contract that `Base` or `alias.Base` refers to, if any."""
        text = self._texts[key]
        if text.contract.extends is None:
            return None
        *alias, name = (each.text for each in text.contract.extends.names)
        file = self._file_called(text, alias)
        return (file, name) if file is not None and (file, name) in self._texts else None

    def _file_called(self, text: _Text, path: Sequence[str]) -> FileId | None:
        """Finds the file imported under this name; without a name, the contract's own file."""
        if not path:
            return text.file.file
        for item in text.file.module.items:
            if isinstance(item, ast.Import):
                given = import_alias(item)
                if given is not None and [given.text] == [*path]:
                    return text.file.imports.get(item.path.span)
        return None

    def _base(self, text: _Text, extends: ast.QualifiedName) -> _Text | None:
        """Resolves the base of a contract; None after reporting."""
        found = self._base_key((text.file.file, text.contract.name.text))
        if found in self._too_high:
            return None
        if found is not None:
            return self._texts[found]
        alias = [each.text for each in extends.names[:-1]]
        front = "".join(f"{each}." for each in alias)
        file = self._file_called(text, alias)
        known = [front + each for owner, each in self._texts if owner == file]
        near = nearest(extends.text, [each for each in known if each != extends.text])
        if near is None and not alias:
            near = self._imported_base(text, extends.text)
        fixes = (Fix(f"extend `{near}`", (Edit(extends.span, near),)),) if near else ()
        self._sink.report("CCL0222", extends.span, name=extends.text, nearest=near, fixes=fixes)
        return None

    def _imported_base(self, text: _Text, name: str) -> str | None:
        """Finds the contract `name` of an imported file, as written."""
        for item in text.file.module.items:
            given = import_alias(item) if isinstance(item, ast.Import) else None
            if given is not None and (self._file_called(text, [given.text]), name) in self._texts:
                return f"{given.text}.{name}"
        return None

    def _contract_scopes(self, first: ScopeId, lineage: tuple[_Text, ...]) -> None:
        """Builds one scope for each text; all refer to the last declaration of a name."""
        own = lineage[-1]
        members = Members(self._sink, complete=own.contract not in self._incomplete)
        for i, text in enumerate(lineage):
            members.add(text.names, FileId(first - i))
        roles = _by_name(each for text in lineage for each in text.contract.roles)
        proposals = _by_name(each for text in lineage for each in text.contract.proposals)
        for i, text in enumerate(lineage):
            number = FileId(first - i)
            file = self._files[text.file.file]
            functions = over(file.functions, members.functions, members.values)
            self._files[number] = FileScope(
                file=number,
                source=text.file.file,
                name=file.name,
                prefix=f"{self._prefix(own.file)}{own.contract.name.text}::",
                contract=own.contract.name.text,
                contract_file=own.file.file,
                text=text.contract.name.text,
                extends=text.contract.extends,
                functions=functions,
                consts=over(file.consts, members.consts, members.values),
                states=over(file.states, members.states, members.values),
                imports=over(file.imports, {}, members.values),
                structs=over(file.structs, members.structs, members.types),
                enums=over(file.enums, members.enums, members.types),
                executions=tuple(text.names.executions) if i in members.running else (),
                handlers=tuple(text.names.handlers),
                invariants=tuple(text.names.invariants),
                declarations=(),
                roles={**file.roles, **roles},
                own_roles=_by_name(text.contract.roles),
                proposals={**file.proposals, **proposals},
                outer=file,
                values=members.values,
                types=members.types,
                incomplete=own.contract in self._incomplete,
            )


def _by_name(symbols: Iterable[_Symbol]) -> dict[str, _Symbol]:
    """Indexes by name; the last declaration of a name overrides the earlier ones."""
    return {each.name.text: each for each in symbols}
