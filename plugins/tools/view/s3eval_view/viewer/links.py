"""Addresses of pages: of the server, and of the same pages as files in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from s3eval_view.report.cells import stem

__all__ = ["FileLinks", "Links"]


@dataclass(frozen=True)
class Links:
    """Addresses on the server.

    Attributes:
        root: what they begin with: "/TOKEN".
        is_static: whether pages are files, without a server behind them.
    """

    root: str
    is_static = False

    def home(self) -> str:
        """The list of videos."""
        return f"{self.root}/"

    def run(self, run: str) -> str:
        """How a run was made, its failures and scores."""
        return f"{self.root}/run/{run}"

    def video(self, key: str) -> str:
        """A video."""
        return f"{self.root}/video/{key}"

    def findings(self, key: str, run: str, anchor: str = "") -> str:
        """All that a run said about a video, at one of its findings."""
        return f"{self.root}/video/{key}/run/{run}" + (f"#{anchor}" if anchor else "")

    def beside(self, key: str) -> str:
        """Two runs side by side; takes ``a`` and ``b``."""
        return f"{self.root}/video/{key}/beside"

    def clip(self, key: str, run: str, clip: int) -> str:
        """The frames and sound of a clip."""
        return f"{self.root}/video/{key}/run/{run}/clip/{clip}"

    def picture(self, key: str, run: str, clip: int, number: int) -> str:
        """One frame, reduced."""
        return f"{self.root}/frame/{key}/{run}/{clip}/{number}.jpg"

    def exact(self, key: str, run: str, clip: int, number: int) -> str:
        """One frame as it is; "" where there is none."""
        return f"{self.root}/frame/{key}/{run}/{clip}/{number}.png"

    def sound(self, key: str, run: str, clip: int) -> str:
        """The sound of a clip."""
        return f"{self.root}/sound/{key}/{run}/{clip}.wav"

    def score(self, run: str, task: str, item: str) -> str:
        """The arithmetic of an item's scores."""
        return f"{self.root}/score/{run}/{quote(task, safe='')}/{quote(item, safe='')}"


@dataclass(frozen=True)
class FileLinks(Links):
    """Addresses of files that lie in one folder.

    Attributes:
        has_frames: whether frames were written.
        scored: (run, task, item) that have a page of arithmetic.
    """

    root: str = "."
    has_frames: bool = False
    scored: frozenset[tuple[str, str, str]] = frozenset()
    is_static = True

    def home(self) -> str:
        """index.html."""
        return "./index.html"

    def run(self, run: str) -> str:
        """A file for each run."""
        return f"./run-{run}.html"

    def video(self, key: str) -> str:
        """A file for each video."""
        return f"./video-{key}.html"

    def findings(self, key: str, run: str, anchor: str = "") -> str:
        """A file for each video and run."""
        return f"./said-{key}-{run}.html" + (f"#{anchor}" if anchor else "")

    def beside(self, key: str) -> str:
        """There is none without a server."""
        return ""

    def clip(self, key: str, run: str, clip: int) -> str:
        """A file for each clip, where frames were asked for."""
        return f"./clip-{key}-{run}-{clip}.html" if self.has_frames else ""

    def picture(self, key: str, run: str, clip: int, number: int) -> str:
        """One frame, reduced."""
        return f"./frames/{key}-{run}-{clip}-{number}.jpg"

    def exact(self, key: str, run: str, clip: int, number: int) -> str:
        """Frames at full size are not written."""
        return ""

    def sound(self, key: str, run: str, clip: int) -> str:
        """The sound of a clip."""
        return f"./frames/{key}-{run}-{clip}.wav"

    def score(self, run: str, task: str, item: str) -> str:
        """A file for each run, task and item that has scores."""
        if (run, task, item) not in self.scored:
            return ""
        return f"./score-{run}-{stem(task)}-{stem(item)}.html"
