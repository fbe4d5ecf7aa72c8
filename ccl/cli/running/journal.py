"""The record of one run that is not finished: which jobs it submits, by their ids.

It is written before anything is submitted and removed once the results were shown. A run
that was killed or interrupted leaves it behind; the same command then continues the same
jobs, whatever they have come to, and submits none twice.
"""

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mesh.records import JobId
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode

FOLDER: Final = "runs"


@dataclass(frozen=True, slots=True)
class RunJournal:
    """The file of one run."""

    path: Path

    @staticmethod
    def of(
        home: Path, *, program: Cid, entry: str, arguments: bytes | None, input_cid: Cid | None
    ) -> "RunJournal":
        """The journal of this program with these arguments and this input, under a home."""
        key = cid_of(encode([program, entry, arguments, input_cid]), Codec.DAG_CBOR)
        return RunJournal(home / FOLDER / f"{key}.json")

    def unfinished(self, count: int) -> tuple[JobId, ...] | None:
        """The ids of the `count` jobs of an unfinished run, None if there is none."""
        try:
            value = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            return None
        return tuple(map(JobId, value)) if len(value) == count else None

    def begin(self, ids: Sequence[JobId]) -> tuple[JobId, ...]:
        """Keep the ids on disk before they are used. Raises OSError."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path.with_suffix(f".{os.getpid()}")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(list(ids), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        return tuple(ids)

    def finish(self) -> None:
        """The results were shown: the same command now begins anew."""
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
