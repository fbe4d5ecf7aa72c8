"""CCL04xx: types."""

from typing import Final

from ccl.codes.template import Template

_UNWRAP_OPTION: Final = "it may be None: unwrap it with `?` or `try … catch …`"
_UNWRAP_RESULT: Final = "it may be an Err: unwrap it with `?` or `try … catch …`"

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0401",
        title="expected {expected}, found {found}",
        label="this is {found}",
        advice={
            "decimal": "convert it by name: `decimal(…)`",
            "integer": "convert it by name: `integer(…)`",
            "interpolate": 'write it into a text: `"\\(…)"`',
            "parse": "read it with `parse_integer(…)`, which gives Option<Integer>",
            "compare": "compare it: `… != 0`",
            "unwrap option": _UNWRAP_OPTION,
            "unwrap result": _UNWRAP_RESULT,
            "map": "`{{}}` is an empty block; an empty map is `map_new()`",
        },
    ),
    Template(
        code="CCL0402",
        title="`{operator}` does not work on {types}",
        label="not for {types}",
        advice={
            "interpolate": 'write the value into the text: `"… \\(value)"`',
            "decimal": "convert the Integer by name: `decimal(…)`",
            "unwrap option": _UNWRAP_OPTION,
            "unwrap result": _UNWRAP_RESULT,
        },
    ),
    Template(
        code="CCL0403",
        title="`{name}` needs {missing}",
        label="missing: {missing}",
        help="give every argument of `{name}`",
    ),
    Template(
        code="CCL0404",
        title="`{name}` has no argument `{argument}`",
        label="arguments: {known}",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0405",
        title="the argument `{name}` is given twice",
        label="given again here",
        help="leave one of them out",
    ),
    Template(
        code="CCL0407",
        title="{value} does not fit an Integer",
        label="outside of -9223372036854775808 … 9223372036854775807",
        help="an Integer has 64 bits",
    ),
    Template(
        code="CCL0408",
        title="{left} / {right} leaves a remainder of {remainder}",
        label="Integer division would give {quotient}",
        help="write `{left}.0 / {right}.0` for a Decimal, or `{quotient}` if that is meant",
    ),
    Template(
        code="CCL0409",
        title="the type of {what} is open",
        label="nothing says which type this is",
        help="write the type, for instance `let name: Array<Integer> = …`",
        advice={"map": "write the type, for instance `let name: Map<String, Integer> = …`"},
    ),
    Template(
        code="CCL0410",
        title="{found} has no elements",
        label="`[…]` needs an Array or a Map",
    ),
    Template(
        code="CCL0411",
        title="{found} has no fields",
        label="`.{name}` needs a struct",
    ),
    Template(
        code="CCL0412",
        title="{type} has no method `{name}`",
        label="no such method",
        help="did you mean `{nearest}`?",
    ),
    Template(
        code="CCL0413",
        title="{name} is not a struct",
        label="only structs are made with `{{ … }}`",
    ),
    Template(
        code="CCL0414",
        title="{struct} needs {fields}",
        label="missing: {fields}",
        help="give every field a value",
    ),
    Template(
        code="CCL0415",
        title="this `if` has no value when its condition is false",
        label="expected {expected}",
        help="add an `else` branch",
    ),
    Template(
        code="CCL0416",
        title="a String has no elements",
        label="a String is not indexed",
        help="take one character with `char_at(text, index)`",
    ),
    Template(
        code="CCL0417",
        title="{found} cannot be the key of a map",
        label="not a key",
        help="keys are Integer, Decimal, Bool, String, Did, Cid, Timestamp, Duration or Mana",
    ),
    Template(
        code="CCL0419",
        title="malformed CID: {reason}",
        label="not a CID",
        help='copy the whole CID again, or use `module("./file.ccl")`',
    ),
    Template(
        code="CCL0420",
        title="malformed DID: {reason}",
        label="not a DID",
    ),
    Template(
        code="CCL0421",
        title="{found} cannot be walked with `for`",
        label="needs an Array, a String or a Map",
    ),
    Template(
        code="CCL0422",
        title="{name} takes {wanted} type {arguments}, {given} given",
        label="wrong number of type arguments",
        help="write `{example}`",
    ),
    Template(
        code="CCL0423",
        title="{what} is not constant",
        label="not known at compile time",
        help="a constant is computed from literals, other constants and calls such as `max(1, 2)`",
    ),
    Template(
        code="CCL0424",
        title="{problem} in an expression of constants",
        label="this can never be computed",
        help="change the numbers",
    ),
    Template(
        code="CCL0425",
        title="{found} cannot fail",
        label="`?` and `try` need a Result or an Option",
        help="leave out the `?` or `try`",
    ),
    Template(
        code="CCL0426",
        title="`{name}` is {inner} here and {outer} outside",
        label="a new `{name}` would hide the outer one",
        help="choose another name for one of them",
    ),
    Template(
        code="CCL0427",
        title="{what} cannot be assigned",
        label="not a variable",
        help="assign a variable, or a field or element of one",
    ),
    Template(
        code="CCL0428",
        title="changing the loop variable `{name}` changes nothing else",
        label="this is a copy",
        help="walk the positions with `while` and write into the array itself",
    ),
    Template(
        code="CCL0429",
        title="this change of the copy `{name}` is lost",
        label="`{name}` is not read afterwards",
        help="write it back, or change the original in place",
    ),
    Template(
        code="CCL0430",
        title='"{value}" is not a {parameter}',
        label="must be one of {choices}",
        help='did you mean "{nearest}"?',
    ),
    Template(
        code="CCL0431",
        title="{found} has no text form",
        label="cannot be written into a text",
        help="write the parts that have one",
    ),
    Template(
        code="CCL0432",
        title="{value} does not fit a Decimal",
        label="six places, and at most 9223372036854.775807",
        help="round it to six places",
    ),
    Template(
        code="CCL0433",
        title="a map is walked with two names",
        label="one name for pairs of two",
        help="write `for key, value in …`",
    ),
    Template(
        code="CCL0434",
        title="{found} is not a map",
        label="two names need a Map",
        help="write `for item in …`",
    ),
    Template(
        code="CCL0435",
        title="`{name}` would have no value",
        label="this gives nothing",
        help="leave out the `let`",
    ),
    Template(
        code="CCL0436",
        title="`{name}` takes {wanted} arguments, {given} given",
        label="too many",
    ),
    Template(
        code="CCL0437",
        title="`has` asks for a field of host data",
        label="not a path into host data",
        help="write for instance `has(ctx.member)`",
    ),
    Template(
        code="CCL0438",
        title="this is not a time",
        label="not RFC 3339",
        help='write for instance `timestamp("2024-12-31T23:59:59Z")`',
    ),
    Template(
        code="CCL0439",
        title="{found} does not convert to {goal}",
        label="this is {found}",
    ),
    Template(
        code="CCL0440",
        title="None carries nothing to give a name to",
        label="no value here",
        help="write `try … catch …` without the name",
    ),
    Template(
        code="CCL0441",
        title="`?` hands on {what}, and this function returns {found}",
        label="cannot leave from here",
        help="give the function a matching result type, or write `try … catch …`",
    ),
    Template(
        code="CCL0442",
        title="the type of {what} is open",
        label="neither the body nor a call says",
        help="write it: `{example}`",
    ),
    Template(
        code="CCL0443",
        title="`{name}` carries {wanted}, {given} given",
        label="wrong number of values",
    ),
    Template(
        code="CCL0444",
        title="`{parameter}` needs a function",
        label="not a function",
        help="give the name of a function, or an inline function such as `x => x + 1`",
    ),
    Template(
        code="CCL0445",
        title="this function is called with {wanted} values, but has {given} parameters",
        label="wrong number of parameters",
    ),
    Template(
        code="CCL0446",
        title="an inline function cannot set `{name}`, a variable of the function around it",
        label="set here",
        help="give the value back, or write a `for` loop",
    ),
    Template(
        code="CCL0447",
        title="an inline function stands only where a function is expected",
        label="no function is taken here",
        help="pass it to a parameter without a type that the callee calls",
    ),
    Template(
        code="CCL0448",
        title="one call changes an object and a part of it, or one object twice",
        label="changed by this call as well",
        help="copy one of them into a variable first, or make two calls",
    ),
)
