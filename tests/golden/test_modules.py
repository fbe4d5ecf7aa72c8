"""The modules of fixed programs, section by section, as they are recorded in `modules.json`.

`tests/spec` compares the blocks of the specification, which it compiles anyway.
"""

from module_digests import SPEC, file_modules, recorded, spec_name
from spec_blocks import BLOCKS


def test_files_and_pages_compile_to_the_recorded_modules() -> None:
    known = {name: each for name, each in recorded().items() if not name.startswith(SPEC)}
    found = dict(file_modules())
    different = {
        f"{name}: {section}"
        for name in known | found
        for section in known.get(name, {}) | found.get(name, {})
        if known.get(name, {}).get(section) != found.get(name, {}).get(section)
    }
    assert not different, "is it meant? then run tests/support/module_digests.py"


def test_no_block_of_the_specification_is_recorded_that_is_gone() -> None:
    blocks = {spec_name(block) for block in BLOCKS}
    assert {name for name in recorded() if name.startswith(SPEC)} <= blocks
