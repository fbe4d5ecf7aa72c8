"""CCL programs of a wanted length, for measuring the compiler."""

_FUNCTION = """\
/// Adds the votes of part {n} and says whether a majority was reached.
fn part_{n}(votes: Array<Integer>, eligible: Integer) -> Bool {{
  let total = 0;
  let weighted: Map<String, Integer> = map_new();
  for vote in votes {{
    if vote < 0 {{
      continue;
    }}
    total += vote * {n} % 7;
    weighted["part-{n}"] = total;
  }}
  let label = "part \\(total) of \\(eligible)";
  if label.length() > 200 || total > eligible * 2 {{
    return false;
  }}
  total * 2 > eligible && weighted["part-{n}"] >= 0
}}

"""
_LINES_PER_FUNCTION = _FUNCTION.count("\n")


def program_of(lines: int) -> str:
    """A program of about `lines` lines: functions as people write them, and a run of them all."""
    count = max(1, lines // _LINES_PER_FUNCTION)
    functions = "".join(_FUNCTION.format(n=n) for n in range(count))
    calls = "".join(f"  part_{n}([1, 2, {n}], {n});\n" for n in range(count))
    return f"{functions}execution {{\n{calls}}}\n"
