"""CCL07xx: modules and packaging."""

from typing import Final

from ccl.diagnostics.codes.template import Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0701",
        title="a program has one `execution`",
        label="a second one",
        help="put both into one block, or move this one into a function",
    ),
    Template(
        code="CCL0702",
        title="`execution` and `fn run` are both the program's entry",
        label="the second entry",
        help="keep one of them",
    ),
    Template(
        code="CCL0703",
        title='the module "{path}" cannot be packed: {reason}',
        label="packed along here",
        help="name a CCL file, relative to this one",
    ),
    Template(
        code="CCL0704",
        title='the module "{path}" would contain itself',
        label="this closes the circle",
        help="submit it by its CID",
    ),
    Template(
        code="CCL0706",
        title="`module` needs a plain path",
        label="not a string literal",
        help='write for instance `module("./count.ccl")`',
    ),
    Template(
        code="CCL0720",
        title="a test cannot have {what}",
        label="a test has no caller to give or take this",
        help="leave it out; a test calls what it needs itself",
        advice={
            "parameters": "a test has no caller: declare its values with `let`",
            "generic": "a test has no caller: write concrete types",
            "result": "check the value with `assert_eq`, or give a Result: an Err fails the test",
        },
    ),
    Template(
        code="CCL0721",
        title="`{name}` is for tests, and `{export}` reaches it",
        label="only a `test fn` and what it alone calls may do this",
        help="check what must hold with `require(condition, message)`",
    ),
    Template(
        code="CCL0722",
        title="`{name}` is a test",
        label="not a function that can be called",
        help="`ccl test` runs it; what others call belongs into a `fn`",
    ),
    Template(
        code="CCL0723",
        title="`{name}` is a test, and tests are not exported",
        label="part of no module",
        help="leave out `export`, or leave out `test`",
    ),
    Template(
        code="CCL0708",
        title="`{name}` has no one signature that could be exported",
        label="works for many types, or takes a function",
        help="export a function with types of its own that calls it",
        advice={
            "generic": "export a function with types that calls it: "
            "`export fn name(list: Array<Integer>) -> …`",
            "function": "export a function that calls it and gives the function itself",
        },
    ),
    Template(
        code="CCL0709",
        title="the module exports something else as `{name}`",
        label="this name is taken",
        help="give the function another name, or leave out `export`",
        advice={
            "charter": "`charter` replays what the file declares",
            "runtime": "the runtime needs an export of this name",
        },
    ),
)
