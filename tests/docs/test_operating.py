"""docs/operating.md lists every setting with the default and the range that the code has."""

from pathlib import Path

from msgspec.structs import asdict

from mesh.home.config import RANGES, Config

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
    for name in Config.__struct_fields__:
        value = getattr(default, name)
        least, most = RANGES.get(name, ("–", "–"))
        shown = f'"{value}"' if isinstance(value, str) else str(value)
        expected[name] = (shown, str(least), str(most))
    assert found == expected
    assert all(row[4] for row in rows)


def test_defaults_are_within_their_ranges() -> None:
    numbers = {name for name, value in asdict(Config()).items() if type(value) is int}
    assert numbers == set(RANGES)
    for name, (least, most) in RANGES.items():
        assert least <= getattr(Config(), name) <= most
