"""CCL01xx: lexing and syntax."""

from typing import Final

from ccl.diagnostics.codes.template import Severity, Template

TEMPLATES: Final[tuple[Template, ...]] = (
    Template(
        code="CCL0101",
        title="`{character}` is not used in CCL",
        label="not a character of the language",
        help="remove it, or put it inside a string",
    ),
    Template(
        code="CCL0102",
        title="this string is not closed on its line",
        label="opened here",
        help='close it with `"`; a line break inside a string is written `\\n`',
    ),
    Template(
        code="CCL0103",
        title="this comment is never closed",
        label="opened here",
        help="close it with `*/`",
    ),
    Template(
        code="CCL0104",
        title="`{escape}` is not an escape",
        label="unknown escape",
        help='the escapes are `\\"` `\\\\` `\\n` `\\r` `\\t` `\\u{{1F600}}` and `\\(expression)`',
    ),
    Template(
        code="CCL0105",
        title="this number does not fit in 64 bits",
        label="too large",
        help="the largest Integer is 9223372036854775807, the largest Decimal 9223372036854",
    ),
    Template(
        code="CCL0106",
        title="a Decimal has at most six places",
        label="more than six places",
        help="round it, or count in smaller units",
    ),
    Template(
        code="CCL0107",
        title="`{suffix}` cannot follow the number `{number}`",
        label="not a unit",
        help="the units are `s m h d w y` for time and `B KiB MiB GiB TiB` for sizes",
        advice={"months": "months and quarters differ in length: count days, as in `90d`"},
    ),
    Template(
        code="CCL0108",
        title="`{text}` is not {form}",
        label="cannot be read",
        help="write durations as `30d`, timestamps as `2026-01-15T10:30:00Z`",
        advice={
            "date": "a date needs its time and zone, as in `{text}T00:00:00Z`; "
            "a difference of numbers is written with blanks",
            "no date": "the calendar has no such day: put what is no date in quotes, "
            '`"{text}"`; a difference of numbers is written with blanks',
            "year": "a moment has a year of four digits, from 0001 to 9999, in UTC too",
            "day": "put it in quotes, or write a timestamp such as `2026-01-15T00:00:00Z`",
            "clock": 'a time of day has no type of its own: put it in quotes, `"{text}"`',
            "fraction": "count a smaller unit: `90m` is one and a half hours, `512MiB` half a GiB",
        },
    ),
    Template(
        code="CCL0109",
        title="invisible character {character}",
        label="cannot be seen, or changes the order of what can",
        help="remove it",
        advice={
            "string": "remove it, or write it as the escape `{escape}`",
            "name": "remove it: a name is made of visible characters",
            "mark": "remove it: joiners, variation selectors and marks of direction belong in "
            "strings and comments alone",
            "comment": "remove it",
            "code": "remove it",
        },
    ),
    Template(
        code="CCL0110",
        title="strings are written with double quotes",
        label="single quotes",
        help='write `"…"`',
    ),
    Template(
        code="CCL0111",
        title="a `;` is missing",
        label="expected `;` here",
    ),
    Template(
        code="CCL0112",
        title="unexpected {found}",
        label="expected {expected}",
        help="remove it, or complete what comes before it",
        advice={
            "count": "count with `while`: `let i = 0; while i < 10 {{ …; i += 1; }}`",
            "payload": "a variant carries types: `Square(Integer)`; for named fields declare a "
            "struct, and let the variant carry it",
            "reason": "`because` comes before the `;` of what it gives the reason of",
            "tuple": "there are no tuples: declare a struct for values that belong together, or "
            'write pairs into a map: `let m = map_new(); m["a"] = 1;`',
            "tuple type": "there are no tuples: declare a struct, as in "
            "`struct Pair {{ first: Integer, second: String }}`, and name it here",
            "rule": "the reason of a rule comes before its `{{`: "
            '`if condition because article "1" {{ … }}`',
            "require": 'the reason comes behind the `)`: `require(condition) because article "1";`',
            "invariant": "the reason of an invariant comes behind its `}}`: "
            '`invariant "name" {{ … }} because article "1"`',
            "no reason": "rules, bands, invariants, `require` and `emit` have reasons: write any "
            "other as a comment",
            "function type": "functions have no types: leave it out, as in "
            "`fn apply(f, x: Integer) {{ f(x) }}`",
            "bounds": "the bounds of a range are literals: compare constants in a guard, "
            "`n if n >= FIRST && n < LAST => …`",
            "function": "functions are passed, not stored: declare `fn f(x) {{ x + 1 }}`, or write "
            "`x => x + 1` where it is passed",
            "default": "there are no default values: remove it, and give the argument in each call",
            "quote": 'a quote within a text is written `\\"`',
            "colon": "a value that is computed needs a colon after its key: `key: 1 + 2;`",
        },
    ),
    Template(
        code="CCL0113",
        title="a `{closer}` is missing",
        label="expected `{closer}` here",
    ),
    Template(
        code="CCL0114",
        title="a `{sign}` is missing before {found}",
        label="expected `{sign}` here",
    ),
    Template(
        code="CCL0115",
        title="{what} is missing before {found}",
        label="expected {what}",
        help="write it, or remove the text that needs it",
        advice={
            "first value": "give it its first value, as in `state total: Integer = 0;`",
            "variable": "give it its first value, as in `let total: Integer = 0;`",
            "document": "a file is its own outer braces: remove this `{{` and its `}}`",
        },
    ),
    Template(
        code="CCL0116",
        title="`{word}` is a keyword and cannot be a name",
        label="keyword",
        help="choose another name; keywords are names only after `.` and as keys before `:`",
    ),
    Template(
        code="CCL0117",
        title="comparisons cannot be chained: `{first}` and then `{second}`",
        label="second comparison",
        help="compare twice and join with `&&`",
    ),
    Template(
        code="CCL0118",
        title="a call is either positional or named, not both",
        label="differs from the first argument",
        help="name all arguments, or none",
    ),
    Template(
        code="CCL0119",
        title="`{found}` is not CCL",
        label="CCL writes `{instead}`",
        advice={
            "absent": "take what may be absent with `get`, with a value in its place: "
            '`try m.get("a") catch 0`',
            "groups": "a comma ends a number: `_` groups its digits",
            "dots": "a dot begins the places of a Decimal: `_` groups digits",
            "text": "a value within a text is written `\\(value)`",
            "trap": "`try` takes one Option or Result: `try parse_integer(text) catch 0`; a trap "
            "is not caught, so check before, with `if` or `require`",
            "shift": "call `{instead}`; `bit_and`, `bit_or`, `bit_xor` and `bit_not` go with it",
        },
    ),
    Template(
        code="CCL0120",
        title="a struct is named by a path such as `Name` or `module.Name`",
        label="not a path",
        help="put the name of the struct directly before the `{{`",
    ),
    Template(
        code="CCL0121",
        title="{what} is plain text",
        label="this contains `\\(…)`",
        help="write it without interpolation",
    ),
    Template(
        code="CCL0122",
        title="this `{closer}` closes nothing",
        label="nothing open here that it closes",
        help="remove it, or open the bracket that it should close",
    ),
    Template(
        code="CCL0123",
        title="the statement `{word}` outside of a function",
        label="outside of any function",
        help="put it into `execution {{ … }}` or into the body of a function",
    ),
    Template(
        code="CCL0124",
        title="{what} is not allowed {place}",
        label="not {kind}",
        help="move it to the top level of the file, or into a section or contract",
    ),
    Template(
        code="CCL0125",
        title="a struct literal in the head of `{word}` needs parentheses",
        label="its `{{` is taken for the beginning of the body",
        help="write `({literal} {{ … }})`",
    ),
    Template(
        code="CCL0126",
        title="nothing of this kind can be overridden",
        label="nothing to override",
        help="leave it out",
    ),
    Template(
        code="CCL0128",
        title="`{word}` holds statements, and these are entries",
        label="not a section",
        help='put the key in quotes, `"{word}"`, to make it a section, or write statements',
    ),
    Template(
        code="CCL0129",
        title="`execution` is the label of `{key}` here, and begins no block",
        label="on a line of its own",
        help="write the value of `{key}` before it, or the label on the line of its key",
    ),
    Template(
        code="CCL0127",
        title="`{number}` is not written with the digits 0 to 9",
        label="`{digit}` is {character}",
        help="write numbers with the digits 0 to 9; strings and names take those of any script",
    ),
    Template(
        code="CCL0130",
        title="the number `{number}` begins with zeros",
        label="CCL writes `{instead}`",
        help="leave out the zeros; what has zeros that count, as a postcode, is a text in quotes",
        advice={"groups": "a comma ends a number: `_` groups its digits"},
    ),
    Template(
        code="CCL0131",
        title="this section `test` is not a test",
        label="kept in the charter, never run",
        help="a test is written `{head} {{ … }}`; for a section put the key `test` in quotes",
        severity=Severity.WARNING,
    ),
)
