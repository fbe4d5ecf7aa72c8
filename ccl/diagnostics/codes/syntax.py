"""CCL01xx: lexing and syntax."""

from typing import Final

from ccl.diagnostics.codes.template import Severity, Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0101",
        title="unexpected character `{character}`",
        label="not valid here",
        help="remove it, or put it inside a string",
    ),
    Template(
        code="CCL0102",
        title="unterminated string",
        label="starts here",
        help='close it with `"`; write a line break inside a string as `\\n`',
    ),
    Template(
        code="CCL0103",
        title="unterminated block comment",
        label="starts here",
        help="close it with `*/`",
    ),
    Template(
        code="CCL0104",
        title="unknown escape `{escape}`",
        label="unknown escape",
        help='the escapes are `\\"` `\\\\` `\\n` `\\r` `\\t` `\\u{{1F600}}` and `\\(expression)`',
    ),
    Template(
        code="CCL0105",
        title="number literal is too large",
        label="does not fit in 64 bits",
        help="the largest Integer is 9223372036854775807, the largest Decimal 9223372036854",
    ),
    Template(
        code="CCL0106",
        title="too many decimal places",
        label="a Decimal has at most six",
        help="round it, or count in a smaller unit",
    ),
    Template(
        code="CCL0107",
        title="invalid suffix `{suffix}` for the number `{number}`",
        label="unknown unit",
        help="the units are `s m h d w y` for time and `B KiB MiB GiB TiB` for sizes",
        advice={"months": "months and quarters differ in length: count days, as in `90d`"},
    ),
    Template(
        code="CCL0108",
        title="`{text}` is not {form}",
        label="cannot be parsed",
        help="write durations as `30d`, timestamps as `2026-01-15T10:30:00Z`",
        advice={
            "date": "add the time and the zone to the date, as in `{text}T00:00:00Z`; put spaces "
            "around `-` in a difference of numbers",
            "no date": 'the calendar has no such day: for other text use a string, `"{text}"`; put '
            "spaces around `-` in a difference of numbers",
            "year": "the year of a timestamp has four digits, from 0001 to 9999, in UTC too",
            "day": "put it in quotes, or write a timestamp such as `2026-01-15T00:00:00Z`",
            "clock": 'there is no type for a time of day: use a string, `"{text}"`',
            "fraction": "use a smaller unit: `90m` is one and a half hours, `512MiB` half a GiB",
        },
    ),
    Template(
        code="CCL0109",
        title="invisible character {character}",
        label="invisible, or reorders the text around it",
        help="remove it",
        advice={
            "string": "remove it, or write it as the escape `{escape}`",
            "name": "remove it: a name contains only visible characters",
            "mark": "remove it: joiners, variation selectors and directional marks are only "
            "allowed in strings and comments",
            "comment": "remove it",
            "code": "remove it",
        },
    ),
    Template(
        code="CCL0110",
        title="unexpected single quote",
        label="single-quoted string",
        help='write strings with double quotes: `"…"`',
    ),
    Template(
        code="CCL0111",
        title="missing `;`",
        label="expected `;` here",
    ),
    Template(
        code="CCL0112",
        title="unexpected {found}",
        label="expected {expected}",
        help="remove it, or complete the text before it",
        advice={
            "count": "count with `while`: `let i = 0; while i < 10 {{ …; i += 1; }}`",
            "payload": "the payload of a variant is a list of types: `Square(Integer)`; for named "
            "fields, declare a struct and use it as the payload",
            "reason": "write `because` before the `;` of its statement",
            "tuple": "there are no tuples: declare a struct, or write pairs into a map: `let m = "
            'map_new(); m["a"] = 1;`',
            "tuple type": "there are no tuples: declare a struct, as in `struct Pair {{ first: "
            "Integer, second: String }}`, and use its name here",
            "rule": 'write the reason of a rule before its `{{`: `if condition because article "1" '
            "{{ … }}`",
            "require": 'write the reason after the `)`: `require(condition) because article "1";`',
            "invariant": 'write the reason of an invariant after its `}}`: `invariant "name" {{ … '
            '}} because article "1"`',
            "no reason": "only rules, bands, invariants, `require` and `emit` take a `because`: "
            "write any other reason as a comment",
            "function type": "there are no function types: leave the type out, as in `fn apply(f, "
            "x: Integer) {{ f(x) }}`",
            "bounds": "the bounds of a range pattern are literals: compare with constants in a "
            "guard, `n if n >= FIRST && n < LAST => …`",
            "function": "functions cannot be stored: declare `fn f(x) {{ x + 1 }}`, or pass `x => "
            "x + 1` as an argument",
            "default": "there are no default arguments: remove it, and pass the argument in each "
            "call",
            "quote": 'escape a quote inside a string: `\\"`',
            "colon": "a computed value needs a colon after its key: `key: 1 + 2;`",
        },
    ),
    Template(
        code="CCL0113",
        title="missing `{closer}`",
        label="expected `{closer}` here",
    ),
    Template(
        code="CCL0114",
        title="missing `{sign}` before {found}",
        label="expected `{sign}` here",
    ),
    Template(
        code="CCL0115",
        title="expected {what}, found {found}",
        label="{what} is missing here",
        help="add it, or remove the incomplete text",
        advice={
            "first value": "initialize it, as in `state total: Integer = 0;`",
            "variable": "initialize it, as in `let total: Integer = 0;`",
            "document": "a file has no outer braces: remove this `{{` and its `}}`",
        },
    ),
    Template(
        code="CCL0116",
        title="expected a name, found keyword `{word}`",
        label="reserved word",
        help="choose another name; keywords are valid names only after `.` and as keys before `:`",
    ),
    Template(
        code="CCL0117",
        title="comparison operators cannot be chained: `{first}` then `{second}`",
        label="second comparison",
        help="split it into two comparisons joined with `&&`",
    ),
    Template(
        code="CCL0118",
        title="positional and named arguments in one call",
        label="differs from the first argument",
        help="name all arguments, or none",
    ),
    Template(
        code="CCL0119",
        title="`{found}` is not valid in CCL",
        label="use `{instead}`",
        advice={
            "absent": 'give a default value with `try` and `catch`: `try m.get("a") catch 0`',
            "groups": "a comma ends a number: group its digits with `_`",
            "dots": "a dot begins the decimal places: group digits with `_`",
            "text": "interpolate a value with `\\(value)`",
            "trap": "`try` takes one Option or Result: `try parse_integer(text) catch 0`; a trap "
            "cannot be caught: check first with `if` or `require`",
            "shift": "call `{instead}`; see also `bit_and`, `bit_or`, `bit_xor` and `bit_not`",
        },
    ),
    Template(
        code="CCL0120",
        title="expected the name of a struct",
        label="not `Name` or `module.Name`",
        help="write the name of the struct directly before the `{{`",
    ),
    Template(
        code="CCL0121",
        title="{what} cannot be interpolated",
        label="contains `\\(…)`",
        help="write it without interpolation",
    ),
    Template(
        code="CCL0122",
        title="unexpected closing `{closer}`",
        label="no matching opening bracket",
        help="remove it, or add the bracket that it closes",
    ),
    Template(
        code="CCL0123",
        title="`{word}` statement outside of a function",
        label="not in a function",
        help="move it into `execution {{ … }}` or into the body of a function",
    ),
    Template(
        code="CCL0124",
        title="{what} is not allowed {place}",
        label="not {kind}",
        help="move it to the top level of the file, or into a section or contract",
    ),
    Template(
        code="CCL0125",
        title="struct literal in the head of `{word}` needs parentheses",
        label="`{{` is parsed as the start of the body",
        help="surround it with parentheses: `({literal} {{ … }})`",
    ),
    Template(
        code="CCL0126",
        title="`override` is not allowed here",
        label="cannot be overridden",
        help="remove the `override`",
    ),
    Template(
        code="CCL0128",
        title="expected statements in `{word}`, found entries",
        label="not a section",
        help='put the key in quotes, `"{word}"`, to make it a section, or write statements',
    ),
    Template(
        code="CCL0129",
        title="`execution` is parsed as the label of `{key}`",
        label="label on a line of its own",
        help="write the value of `{key}` before it, or the label on the line of its key",
    ),
    Template(
        code="CCL0127",
        title="non-ASCII digit in the number `{number}`",
        label="`{digit}` is {character}",
        help="write numbers with the digits 0 to 9; strings and names take those of any script",
    ),
    Template(
        code="CCL0130",
        title="leading zeros in the number `{number}`",
        label="use `{instead}`",
        help="remove the leading zeros; if they are significant, as in a postcode, use a string",
        advice={"groups": "a comma ends a number: group its digits with `_`"},
    ),
    Template(
        code="CCL0131",
        title="section `test` is never run",
        label="an entry of the charter, not a test",
        help="write a test as `{head} {{ … }}`; for a section, put the key `test` in quotes",
        severity=Severity.WARNING,
    ),
)
