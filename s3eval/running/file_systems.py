"""Which file systems a run's answers may be written to, and how.

SQLite's write-ahead log wants memory that all who open a database share, which no network file
system has, and a lock that other machines see. On a local disk the log is used. On a network file
system answers are written with a rollback journal and every one is flushed to the server; where
the mount keeps its locks to this machine, two machines would overwrite each other's answers, and
the run is refused.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from s3eval.errors import S3EvalError

__all__ = ["Mount", "is_shared", "mount_of", "refuse_without_locks"]

_MOUNTS = Path("/proc/self/mountinfo")
#: Names as the kernel has them. What runs in user space (fuse) is anybody's guess and is treated
#: alike, save what is known to be of this machine.
_NETWORK = frozenset(
    {
        "9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs",
        "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "pvfs2", "smb3", "smbfs",
        "virtiofs", "wekafs",
    }
)  # fmt: skip
_LOCAL_FUSE = frozenset({"fuseblk", "fuse.ntfs", "fuse.ntfs-3g", "fuse.fuse-overlayfs"})
#: Mount options by which locks are not passed to the server.
_UNLOCKED = frozenset({"nolock", "local_lock=all", "local_lock=flock", "nobrl", "localflock"})


@dataclass(frozen=True)
class Mount:
    """What a folder lies on.

    Attributes:
        kind: the file system's name, "" where it is not known.
        options: of the mount.
    """

    kind: str = ""
    options: frozenset[str] = frozenset()

    @property
    def is_shared(self) -> bool:
        """Whether other machines may write there too."""
        is_fuse = self.kind.startswith("fuse") and self.kind not in _LOCAL_FUSE
        return self.kind in _NETWORK or is_fuse

    @property
    def has_locks(self) -> bool:
        """Whether a lock taken here is seen by other machines, as far as the mount says."""
        return not self.options & _UNLOCKED


def mount_of(folder: Path, table: Path = _MOUNTS) -> Mount:
    """The mount of a folder; an unknown one where the system does not say (only Linux does).

    Args:
        table: the kernel's list of mounts, as in ``/proc/self/mountinfo``.
    """
    if sys.platform != "linux" and table is _MOUNTS:
        return Mount()
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return Mount()
    whole = folder.resolve()
    places = {whole, *whole.parents}
    mount, depth = Mount(), -1
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, facts = before.split(" "), after.split(" ")
        if len(fields) < 6 or len(facts) < 3:
            continue
        place = Path(_unescaped(fields[4]))
        # Of two mounts on one place the later one is seen.
        if place in places and len(place.parts) >= depth:
            options = frozenset((*fields[5].split(","), *facts[2].split(",")))
            mount, depth = Mount(facts[0], options), len(place.parts)
    return mount


def _unescaped(path: str) -> str:
    """A path of the list of mounts, in which blanks and backslashes are octal.

    >>> _unescaped(r"/mnt/my\\040disk")
    '/mnt/my disk'
    """
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), path)


def is_shared(folder: Path) -> bool:
    """Whether a folder lies on a file system that other machines may write to."""
    return mount_of(folder).is_shared


def refuse_without_locks(folder: Path) -> None:
    """Refuse a folder that two machines could write to without noticing each other.

    Raises:
        S3EvalError: it lies on a network file system whose locks stay on this machine.
    """
    mount = mount_of(folder)
    if mount.is_shared and not mount.has_locks:
        raise S3EvalError(
            f"Answers cannot be kept safely on this file system ({mount.kind})",
            where=folder.name,
            why="it is mounted so that other machines do not see its locks",
            fix="--out on a local disk, then copy the folder, or a part for each machine "
            "(--shard) and s3eval merge",
        )
