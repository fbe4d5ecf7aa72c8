"""CCL04xx: types."""

from typing import Final

from ccl.codes.template import Template

_UNWRAP_OPTION: Final = "it may be None: unwrap it with `?` or `try … catch …`"
_UNWRAP_RESULT: Final = "it may be an Err: unwrap it with `?` or `try … catch …`"

_CONVERSIONS: Final = {
    "decimal": "convert it by name: `decimal(…)`",
    "integer": "convert it by name: `integer(…)`",
    "whole": "say how it is rounded: `round(…)`, `floor(…)` or `ceil(…)`",
    "token": "say what it is: `token<…>(…)` with the class of the tokens",
    "duration": "say what it counts: `days(…)`, `hours(…)`, or `duration(…)` of seconds",
    "timestamp": "convert it by name: `timestamp(…)`",
    "interpolate": 'write it into a text: `"\\(…)"`',
    "parse": "read it with `parse_integer(…)`, which gives Option<Integer>",
    "compare": "compare it: `… != 0`",
    "unwrap option": _UNWRAP_OPTION,
    "unwrap result": _UNWRAP_RESULT,
    "map": "`{{}}` is an empty block; an empty map is `map_new()`",
}

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0401",
        title="expected {expected}, found {found}",
        label="this is {found}",
        advice=_CONVERSIONS,
    ),
    Template(
        code="CCL0402",
        title="`{operator}` does not work on {types}",
        label="not for {types}",
        help="convert one side, or compare and compute with values of one type",
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
        help="leave out the `[…]`, or take it of a value that has elements",
    ),
    Template(
        code="CCL0411",
        title="{found} has no fields",
        label="`.{name}` needs a struct",
        help="leave out `.{name}`; fields are those of structs and of host data",
        advice={
            "call": "`{name}` is a method: call it, with parentheses",
            "unwrap": "take the value out of it first, with `match`, `?` or `try … catch …`",
        },
    ),
    Template(
        code="CCL0412",
        title="{type} has no method `{name}`",
        label="no such method",
        help="did you mean {similar}?",
        advice={"shape": "did you mean `{shape}`?"},
    ),
    Template(
        code="CCL0413",
        title="{name} is not a struct",
        label="only structs are made with `{{ … }}`",
        help="give the value without the braces, or declare `struct {name} {{ … }}`",
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
        help="write method and identifier: `did:key:z6Mk…`",
    ),
    Template(
        code="CCL0421",
        title="{found} cannot be walked with `for`",
        label="needs an Array, a String or a Map",
        help="walk what holds the elements; to count, use `while`",
    ),
    Template(
        code="CCL0422",
        title="{name} takes {wanted} type {arguments}, {given} given",
        label="wrong number of type arguments",
        help="write `{example}`",
        advice={
            "none": "leave out the `<…>`",
            "call": "name a type for each, or leave out the `<…>`: they follow from the arguments",
        },
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
        help="write an expression that has a value",
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
        help="walk it with one name, and count beside it: "
        "`let i = 0; for item in … {{ …; i += 1; }}`",
    ),
    Template(
        code="CCL0435",
        title="`{name}` would have no value",
        label="this gives nothing",
        help="leave out the `let`",
    ),
    Template(
        code="CCL0436",
        title="`{name}` takes {wanted}, {given} given",
        label="too many",
        help="leave out what is too many",
    ),
    Template(
        code="CCL0437",
        title="`has` needs a field of host data",
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
        help="compute the value in {goal}, or convert it in two steps",
        advice={"whole": "say how it is rounded: `round(…)`, `floor(…)` or `ceil(…)`"},
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
        title="cannot infer the type of {what}",
        label="neither the body nor a call in this file decides it",
        help="write it: `{example}`",
        advice={
            "parameter": "write the type of `{name}` after a `:`",
            "question": "`?` gives an Err to the caller: let the body end in `Ok(…)`, "
            "or take the Err here, with `try … catch`",
        },
    ),
    Template(
        code="CCL0443",
        title="`{name}` carries {wanted}, {given} given",
        label="wrong number of values",
        help="give {wanted}, in the order of the declaration",
        advice={"none": "leave out the `(…)`"},
    ),
    Template(
        code="CCL0444",
        title="`{parameter}` needs a function",
        label="not a function",
        help="give the name of a function, or an inline function such as `x => x + 1`",
    ),
    Template(
        code="CCL0445",
        title="this function is called with {wanted}, but has {given}",
        label="wrong number of parameters",
        help="name as many as it is called with: `(a, b) => …`; `_` for one not needed",
    ),
    Template(
        code="CCL0446",
        title="an inline function cannot set `{name}`, a variable of the function around it",
        label="set here",
        help="give the value back, or write a `for` loop",
    ),
    Template(
        code="CCL0447",
        title="unexpected inline function",
        label="no function is taken here",
        help="pass it to a parameter without a type that the callee calls",
    ),
    Template(
        code="CCL0448",
        title="one call changes an object that another argument of it may be, or be a part of",
        label="this call {does} it as well",
        help="copy one of them into a variable first, or make two calls",
    ),
    Template(
        code="CCL0460",
        title="`{name}` does not work on {found}",
        label="needs numbers of one kind",
        help="give it Integers, Decimals, Mana, Durations or tokens of one class",
    ),
    Template(
        code="CCL0461",
        title="this is not a class of tokens",
        label="a type or a type parameter, not a name of its own",
        help="write the name of the class, for instance `Token<USD>`",
    ),
    Template(
        code="CCL0462",
        title="the class of these tokens is open",
        label="tokens of which class?",
        help="write the class, for instance `token<USD>(amount)`",
    ),
    Template(
        code="CCL0463",
        title="Data is not indexed by {found}",
        label="this is {found}",
        help="a list is indexed by an Integer, a record by a String",
    ),
    Template(
        code="CCL0464",
        title="a rule does not look for elements of host data",
        label="not known to be there",
        help="select a field by its name, or decide it in a function that takes `Data`",
    ),
    Template(
        code="CCL0465",
        title="the function {does}, and `{callee}` {needs}",
        label="{does}",
        help="give a function that fits, for instance an inline one: `x => …`",
        advice=_CONVERSIONS,
    ),
    Template(
        code="CCL0449",
        title="`{function}` {through} the state `{name}` through this parameter, and {by_name} it "
        "by name",
        label="two ways to one object",
        help="use only the parameter in it or only the state, or copy the argument first",
    ),
    Template(
        code="CCL0450",
        title="{what} must not change anything",
        label="this does",
        help="only look there, and change in a function that is called for it",
    ),
    Template(
        code="CCL0451",
        title="a value of type {found} has no name to be emitted by",
        label="neither a struct, a variant of an enum, nor a text",
        help='write `emit "name" {{ value: … }}`, or emit a struct',
    ),
    Template(
        code="CCL0452",
        title="the event `{name}` is not declared",
        label="no struct of this name",
        help='declare it, `struct {name} {{ … }}`, or write `emit "{name}" {{ … }}`',
    ),
    Template(
        code="CCL0453",
        title="an argument changes an object that an earlier one may be, or be a part of",
        label="changed while the arguments are evaluated",
        help="put this argument into a variable before the call: `let value = …;`",
    ),
)
