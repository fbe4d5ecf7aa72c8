"""A process that counts turns in a row: for tests of a file that processes share.

It waits for a line before it commits each of them.
"""

import sys
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace
from row_tables import ANN, COUNTERS, QUOTA_BYTES, TABLES, Colour, Counter, block, moment

from mesh.adapters.sqlite.rows.store import SqliteStore


def main() -> None:
    path, turns = sys.argv[1:]
    with closing(SqliteStore(Path(path), TABLES, quota_bytes=QUOTA_BYTES)) as store:
        for number in range(int(turns)):
            with store.turn(moment()) as turn:
                with turn.delivery(ANN) as tx:
                    rows = tx.rows(COUNTERS)
                    before = rows.get(Colour.RED) or Counter(name=Colour.RED, count=0)
                    rows.put(replace(before, count=before.count + 1))
                    tx.blocks.put(*block(str(before.count)))
                print(f"written {number}", flush=True)
                sys.stdin.readline()
            print(f"committed {number}", flush=True)


if __name__ == "__main__":
    main()
