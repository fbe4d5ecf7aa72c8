"""Help texts of all commands: a description, examples, then options."""

import pytest
from commandlines import LINES, commands_of
from commands import run

from runtime.terminal.help import EXIT_CODES

COMMANDS = [(name, words) for name, line in LINES.items() for words, _ in commands_of(line)]


@pytest.mark.parametrize(("name", "words"), COMMANDS)
def test_help_has_examples_between_text_and_options(
    name: str, words: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.getbasetemp()
    done = run(name, *words.split(), "-h", home=home)
    assert (done.code, done.err) == (0, "")
    assert done.out == run(name, *words.split(), "--help", home=home).out
    lines = done.out.splitlines()
    assert lines[0].strip().startswith(f"Usage: {name} {words} [OPTIONS]")
    examples = next(i for i, line in enumerate(lines) if line in ("  Example:", "  Examples:"))
    assert examples < lines.index("Options:")
    assert lines[examples + 1].startswith(f"    {name} {words}")
    assert (lines[examples] == "  Examples:") == bool(lines[examples + 2].strip())
    assert all(len(line) <= 100 for line in lines)


@pytest.mark.parametrize("name", LINES)
def test_exit_codes_are_in_each_first_help(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    done = run(name, "--help", home=tmp_path_factory.getbasetemp())
    assert EXIT_CODES.removeprefix("\b\n").splitlines()[0] in done.out
    assert "  Examples:" in done.out


@pytest.mark.parametrize("option", ["-o", "-q", "--output", "--mesh-home", "--timeout"])
def test_option_of_several_commands_is_worded_alike(option: str) -> None:
    """Within one of the three, since what is printed differs between them."""
    for line in LINES.values():
        found = {
            (tuple(each.opts), each.metavar)
            for _, command in commands_of(line)
            for each in command.params
            if option in each.opts and command.name != "compile"
        }
        assert len({tuple(sorted(opts)) for opts, _ in found}) <= 1, found
