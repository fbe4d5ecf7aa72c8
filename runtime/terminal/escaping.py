"""Text that was not written by us, made harmless for a terminal.

Rule: a character that would move the cursor, change the terminal's state or reorder a line is
shown as its escape, never obeyed.
"""


def printable(text: str) -> str:
    """The text with control characters (terminal sequences among them) written visibly."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def printable_lines(text: str) -> str:
    """As `printable`, line by line."""
    return "\n".join(printable(line) for line in text.replace("\t", "    ").split("\n"))
