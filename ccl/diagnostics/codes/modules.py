"""CCL07xx: modules and packaging."""

from typing import Final

from ccl.diagnostics.codes.template import Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0701",
        title="duplicate `execution` block",
        label="second block",
        help="merge the two blocks, or move this one into a function",
    ),
    Template(
        code="CCL0702",
        title="two entry points: `execution` and `fn run`",
        label="second entry point",
        help="remove one of them",
    ),
    Template(
        code="CCL0703",
        title='cannot pack the module "{path}": {reason}',
        label="packed here",
        help="give the path of a CCL file, relative to this one",
    ),
    Template(
        code="CCL0704",
        title='the module "{path}" packs itself',
        label="closes the cycle",
        help="submit it by its CID",
    ),
    Template(
        code="CCL0706",
        title="the path of `module` must be a string literal",
        label="not a string literal",
        help='write a literal, such as `module("./count.ccl")`',
    ),
    Template(
        code="CCL0720",
        title="a test cannot have {what}",
        label="a test has no caller",
        advice={
            "parameters": "declare the values with `let`",
            "generic": "write concrete types",
            "result": "check the value with `assert_eq`, or return a Result: an Err fails the test",
        },
    ),
    Template(
        code="CCL0721",
        title="`{name}` is only available in tests, but `{export}` can reach it",
        label="only tests and their helper functions may call this",
        help="check conditions with `require(condition, message)`",
    ),
    Template(
        code="CCL0722",
        title="cannot call the test `{name}`",
        label="tests cannot be called",
        help="move the shared code into a `fn`; `ccl test` runs the test",
    ),
    Template(
        code="CCL0723",
        title="cannot export the test `{name}`",
        label="tests are not compiled into the module",
        help="remove `export`, or remove `test`",
    ),
    Template(
        code="CCL0708",
        title="cannot export `{name}` without a concrete signature",
        label="generic, or takes a function",
        help="export a function with concrete types that calls it",
        advice={
            "generic": "export a function with concrete types that calls it: `export fn name(list: "
            "Array<Integer>) -> …`",
            "function": "export a function that calls it and passes the function itself",
        },
    ),
    Template(
        code="CCL0709",
        title="the export name `{name}` is reserved",
        label="reserved name",
        help="rename the function, or remove `export`",
        advice={
            "charter": "`charter` exports the charter of the file: rename the function, or remove "
            "`export`",
            "runtime": "the runtime uses an export of this name: rename the function, or remove "
            "`export`",
        },
    ),
)
