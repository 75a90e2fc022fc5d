"""Keeping the frames of pending clips, each once, within a bound of memory."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, TypeVar

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s3eval.footage.selection import Choice

__all__ = ["MEMORY", "Shelf"]

Size = tuple[int, int]
T = TypeVar("T")
# Bytes of pending frames kept in memory; two 30-s windows at 720p are 330 MB.
MEMORY = 192 * 2**20


@dataclass
class Shelf:
    """Keeps each (frame, size) once, in the array of the clip that is complete last.

    A clip's frames are one array, allocated empty (the system commits only what is written).
    A frame that several clips want is written to the array of the last of them; the others copy
    it when they are complete. So the distinct frames of the pending clips are kept and no frame
    twice, and a clip that shares nothing is never copied.

    Args:
        choices: all clips of the pass, in the order they will be taken.
        sizes: (width, height) of each.
        memory: bytes kept in memory; what is beyond waits in temporary files without a name.
    """

    choices: Sequence[Choice]
    sizes: Sequence[Size]
    memory: int = MEMORY
    _home: dict[tuple[int, Size], tuple[int, int]] = field(default_factory=dict, repr=False)
    _rows: dict[int, NDArray[np.uint8] | _Spilled] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for index, choice in enumerate(self.choices):
            for row, number in enumerate(choice.numbers):
                self._home[number, self.sizes[index]] = (index, row)

    def wanted(self) -> list[int]:
        """The shown numbers any clip wants, ascending."""
        return sorted({n for choice in self.choices for n in choice.numbers})

    def sizes_of(self, number: int) -> list[Size]:
        """The sizes at which some clip not taken yet wants this frame."""
        return [s for s in dict.fromkeys(self.sizes) if (number, s) in self._home]

    def put(self, number: int, size: Size, image: NDArray[np.uint8]) -> None:
        """Store a frame, shape (height, width, 3), if a clip not taken yet wants it."""
        home = self._home.get((number, size))
        if home is not None:
            self._rows_of(home[0])[home[1]] = image

    def take(self, index: int) -> NDArray[np.uint8]:
        """The frames of a clip, shape (n, height, width, 3); its own array is given away."""
        import numpy as np

        choice, size = self.choices[index], self.sizes[index]
        own = self._rows.get(index)
        frames = own if isinstance(own, np.ndarray) else np.empty(self._shape(index), np.uint8)
        for row, number in enumerate(choice.numbers):
            home = self._home[number, size]
            if frames is not own or home != (index, row):
                frames[row] = self._rows_of(home[0])[home[1]]
        self.drop(index)
        return frames

    def drop(self, index: int) -> None:
        """Forget a clip; what it shares with clips yet to come lies in their arrays."""
        size = self.sizes[index]
        for number in set(self.choices[index].numbers):
            if self._home.get((number, size), (None,))[0] == index:
                del self._home[number, size]
        rows = self._rows.pop(index, None)
        if isinstance(rows, _Spilled):
            rows.close()

    def close(self) -> None:
        """Forget everything."""
        for index in [*self._rows]:
            self.drop(index)

    def _shape(self, index: int) -> tuple[int, int, int, int]:
        width, height = self.sizes[index]
        return len(self.choices[index].numbers), height, width, 3

    def _rows_of(self, index: int) -> NDArray[np.uint8] | _Spilled:
        import numpy as np

        if index not in self._rows:
            count, height, width, _ = shape = self._shape(index)
            kept = sum(r.nbytes for r in self._rows.values() if isinstance(r, np.ndarray))
            room = kept + count * height * width * 3 <= self.memory
            self._rows[index] = np.empty(shape, np.uint8) if room else _Spilled(shape[1:])
        return self._rows[index]


class _Spilled:
    """Rows of frames in an unnamed temporary file, which nobody else can open."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape, self.bytes = shape, shape[0] * shape[1] * shape[2]
        self.file: IO[bytes] = _guarded(
            lambda: tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (closed by the shelf)
        )

    def __setitem__(self, row: int, image: NDArray[np.uint8]) -> None:
        import numpy as np

        data = np.ascontiguousarray(image).data.cast("B")
        _guarded(lambda: self._write(row * self.bytes, data))

    def __getitem__(self, row: int) -> NDArray[np.uint8]:
        import numpy as np

        self.file.seek(row * self.bytes)
        return np.frombuffer(self.file.read(self.bytes), np.uint8).reshape(self.shape)

    def _write(self, at: int, data: memoryview) -> None:
        self.file.seek(at)
        while data:
            data = data[self.file.write(data) :]

    def close(self) -> None:
        self.file.close()


def _guarded(action: Callable[[], T]) -> T:
    try:
        return action()
    except OSError as error:
        raise S3EvalError(
            "No room for pending frames in the temporary folder",
            why=error.strerror or "",
            fix="TMPDIR=<a folder with room> s3eval ...",
        ) from error
