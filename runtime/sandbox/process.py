"""Child processes that exchange frames: started clean, read and written without blocking."""

import os
import selectors
import subprocess
import sys
from collections import deque
from contextlib import suppress
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from runtime.sandbox.frames import FrameReader, frame

_PACKAGES: Final = ("runtime", "ccl", "wasmtime", "blake3", "msgspec", "lark", "disarm")
_READ_BYTES: Final = 1 << 20


class ChildEndedError(Exception):
    """A process that has ended; the text says how."""


@lru_cache(maxsize=1)
def _import_paths() -> tuple[str, ...]:
    """Lists the import paths that a process without site-packages needs, and no others."""
    paths = []
    for package in _PACKAGES:
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"the package {package} is not installed")
        paths.append(str(Path(spec.origin).parent.parent))
    return tuple(dict.fromkeys(paths))


def isolated(module: str, address_bytes: int, cpu_seconds: int, *more: str) -> list[str]:
    """Builds the command that runs `module.main()` in a fresh interpreter: isolated, no
    site-packages.

    Its arguments: this process's id, the two bounds, and what follows.
    """
    paths = list(_import_paths())
    boot = f"import sys; sys.path[:0] = {paths!r}; from {module} import main; main()"
    arguments = (os.getpid(), address_bytes, cpu_seconds, *more)
    return [sys.executable, "-I", "-S", "-c", boot, *map(str, arguments)]


class Child:
    """`module.main()` of ours in a fresh interpreter: isolated mode, no site-packages, empty
    environment, own session, no descriptors but its two pipes.

    On Linux it dies with the thread that started it.
    """

    def __init__(self, module: str, *, address_bytes: int, cpu_seconds: int) -> None:
        """Raises ChildEndedError if the system cannot start the process."""
        try:
            self._process = subprocess.Popen(
                isolated(module, address_bytes, cpu_seconds),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                close_fds=True,
                start_new_session=True,
            )
        except OSError as error:
            raise ChildEndedError(f"no process could be started: {error.strerror}") from None
        assert self._process.stdin is not None, "a pipe was requested"
        assert self._process.stdout is not None, "a pipe was requested"
        self.input: Final = self._process.stdin.fileno()
        self.output: Final = self._process.stdout.fileno()
        os.set_blocking(self.input, False)
        os.set_blocking(self.output, False)
        self._reader = FrameReader()
        self._outgoing: deque[memoryview] = deque()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, value: dict[str, Any]) -> None:
        """Queues a frame and writes as much as the pipe takes. Raises ChildEndedError."""
        self._outgoing.append(memoryview(frame(value)))
        self.flush()

    @property
    def has_outgoing(self) -> bool:
        return bool(self._outgoing)

    def flush(self) -> None:
        """Writes as much as the pipe takes. Raises ChildEndedError."""
        while self._outgoing:
            data = self._outgoing[0]
            try:
                written = os.write(self.input, data)
            except BlockingIOError:
                return
            except BrokenPipeError:
                raise ChildEndedError(self._ending()) from None
            if written < len(data):
                self._outgoing[0] = data[written:]
            else:
                self._outgoing.popleft()

    def receive(self) -> list[dict[str, Any]]:
        """Reads the frames that have arrived. Raises ChildEndedError, or FrameError for
        nonsense."""
        frames: list[dict[str, Any]] = []
        while True:
            try:
                data = os.read(self.output, _READ_BYTES)
            except BlockingIOError:
                return frames
            if not data:
                if frames:
                    return frames
                raise ChildEndedError(self._ending())
            frames.extend(self._reader.feed(data))
            if len(data) < _READ_BYTES:
                return frames

    def _ending(self) -> str:
        """Says how the process ended. A process that closed its pipe and lives on is ended here."""
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if code < 0:
            return f"the process was ended by signal {-code}"
        return f"the process ended with code {code}"

    @property
    def ended_by_signal(self) -> int | None:
        code = self._process.returncode
        return -code if code is not None and code < 0 else None

    def close(self) -> None:
        """Ends the process and waits for its end."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()


class Watch:
    """Readiness of children's pipes: output to read, or room for input to be written."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def begin(self, child: Child, owner: Any) -> None:
        """Watches the output of a child from now on, on behalf of `owner`."""
        self._selector.register(child.output, selectors.EVENT_READ, owner)

    def update(self, child: Child, owner: Any) -> None:
        """Watches the input of a child while there is something to write, and no longer."""
        registered = child.input in self._selector.get_map()
        if child.has_outgoing and not registered:
            self._selector.register(child.input, selectors.EVENT_WRITE, owner)
        elif registered and not child.has_outgoing:
            self._selector.unregister(child.input)

    def forget(self, child: Child) -> None:
        for descriptor in (child.input, child.output):
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)

    def owners(self, timeout: float | None) -> list[Any]:
        """Waits for an event, at most so many seconds; returns the owners of the pipes that are
        ready."""
        return [key.data for key, _ in self._selector.select(timeout)]

    def close(self) -> None:
        self._selector.close()
