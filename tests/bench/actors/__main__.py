"""`python -m tests.bench.actors [COMMIT]`: the cost of records, beside another commit's.

--sample: the figures of this tree alone, as JSON.
"""

import sys
import tempfile
from pathlib import Path

import msgspec

from tests.bench.actors.measuring import compare, measure_actors, sample

match sys.argv[1:]:
    case ["--sample"]:
        print(msgspec.json.encode(sample()).decode())
    case [commit]:
        with tempfile.TemporaryDirectory() as made:
            compare(commit, Path(made))
    case _:
        measure_actors()
