"""Counts wards with stvpoll, in the Python of its own environment: not imported by anything.

The wards are arguments. For each line on standard input it counts all of them once and
answers with a line of JSON: seconds for reading and for counting, by ward, and the elected.
"""

import csv
import io
import json
import sys
from pathlib import Path
from time import perf_counter

from stvpoll.scottish_stv import calculate_scottish_stv


def read(text):
    rows = [[cell for cell in row if cell] for row in csv.reader(io.StringIO(text)) if row]
    size, seats = map(int, rows[0])
    names = tuple(row[1] for row in rows[-1 - size : -1])
    ballots = [
        (tuple(names[int(cell) - 1] for cell in row[1:]), int(row[0]))
        for row in rows[1 : -1 - size]
    ]
    return names, seats, ballots


def main():
    texts = [Path(path).read_text("utf-8") for path in sys.argv[1:]]
    for _ in sys.stdin:
        answer = {"reading": [], "counting": [], "elected": []}
        for text in texts:
            start = perf_counter()
            names, seats, ballots = read(text)
            read_at = perf_counter()
            result = calculate_scottish_stv(names, ballots, seats)
            counted_at = perf_counter()
            answer["reading"].append(read_at - start)
            answer["counting"].append(counted_at - read_at)
            answer["elected"].append(sorted(result.elected_as_tuple()))
        print(json.dumps(answer), flush=True)


main()
