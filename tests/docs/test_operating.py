"""docs/operating.md lists every setting with the default and the range that the code has."""

from dataclasses import fields
from pathlib import Path

from mesh.home import RANGES, Config

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"


def test_every_setting_is_documented_as_it_is() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    found = {row[0].strip("`"): tuple(row[1:4]) for row in rows}
    default = Config()
    expected = {}
    for field in fields(Config):
        value = getattr(default, field.name)
        least, most = RANGES.get(field.name, ("–", "–"))
        shown = f'"{value}"' if isinstance(value, str) else str(value)
        expected[field.name] = (shown, str(least), str(most))
    assert found == expected
    assert all(row[4] for row in rows)


def test_the_defaults_are_within_their_ranges() -> None:
    numbers = {field.name for field in fields(Config) if field.type is int or field.type == "int"}
    assert numbers == set(RANGES)
    for name, (least, most) in RANGES.items():
        assert least <= getattr(Config(), name) <= most
