"""Peephole optimisation: one pass over the instructions of a function."""

from collections.abc import Sequence

from ccl.wasm.model import Instruction

_ENDINGS = ("br $", "return", "unreachable")


def optimised(body: Sequence[Instruction]) -> list[Instruction]:
    """Tees a value that is set and read at once, and removes what follows a jump."""
    out: list[Instruction] = []
    last = ""
    was_local = False
    for line in body:
        is_local = line.startswith("local.")
        if not is_local and line == "unreachable" and last.startswith(_ENDINGS):
            continue
        if is_local and was_local:
            word, name = line[6:9], line[9:]
            if last[9:] == name:
                if word == "get" and last[6:9] == "set":
                    out[-1] = last = "local.tee" + name
                    continue
                if word == "set" and last[6:9] != "set":
                    # (a value that is read and set back is unchanged)
                    if last[6:9] == "get":
                        out.pop()
                    else:
                        out[-1] = "local.set" + name
                    last = out[-1] if out else ""
                    was_local = last.startswith("local.")
                    continue
        out.append(line)
        last, was_local = line, is_local
    return out
