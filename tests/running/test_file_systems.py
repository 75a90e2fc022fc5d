"""Answers on network file systems: written without shared memory, or refused with advice."""

from __future__ import annotations

import errno
import sqlite3

import pytest
from filelock import FileLock

from s3eval.errors import S3EvalError
from s3eval.model import Answer
from s3eval.running import file_systems, store
from s3eval.running.file_systems import mount_of
from s3eval.running.lock import locked
from s3eval.running.store import AnswerStore, StoredAnswer

# As the kernel writes it: number, parent, device, root, place, options, more - kind, what, options.
LINE = "{n} 1 0:{n} / {place} rw,relatime shared:1 - {kind} host:/export rw,{options}\n"


@pytest.fixture
def mounted(tmp_path, monkeypatch):
    """Says that tmp_path/"net work" is mounted as a kind, with options."""

    def say(kind: str, options: str = "vers=4.2,local_lock=none"):
        table = tmp_path / "mountinfo"
        place = str(tmp_path / "net work").replace(" ", "\\040")
        table.write_text(
            LINE.format(n=20, place="/", kind="ext4", options="rw")
            + LINE.format(n=30, place=place, kind=kind, options=options)
        )
        monkeypatch.setattr(
            file_systems, "mount_of", lambda folder, real=mount_of: real(folder, table)
        )
        (tmp_path / "net work" / "run").mkdir(parents=True, exist_ok=True)
        return tmp_path / "net work" / "run"

    return say


def put(opened: AnswerStore, key: str) -> None:
    opened.put(StoredAnswer(key, "v", 0.0, 1.0, "q", Answer.of("yes")))


def test_the_nearest_mount_counts(mounted, tmp_path):
    folder = mounted("nfs4")
    assert file_systems.mount_of(folder).kind == "nfs4"
    assert file_systems.mount_of(folder.parent.parent).kind == "ext4"
    assert file_systems.is_shared(folder) and not file_systems.is_shared(tmp_path)


@pytest.mark.parametrize("kind", ["nfs", "cifs", "lustre", "fuse.sshfs", "9p"])
def test_answers_on_a_network_file_system_need_no_shared_memory(mounted, kind):
    folder = mounted(kind)
    with AnswerStore(folder / "answers.sqlite") as opened:
        put(opened, "1")
        assert not (folder / "answers.sqlite-shm").exists()
        assert not (folder / "answers.sqlite-wal").exists()
        assert opened._db.execute("PRAGMA synchronous").fetchone() == (2,)
        # Nobody else writes meanwhile, lock file or not.
        other = sqlite3.connect(folder / "answers.sqlite", timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO media VALUES ('a', 1, 1, 'h')")
        other.close()
    with AnswerStore(folder / "answers.sqlite", read_only=True) as opened:
        assert len(opened) == 1


def test_a_run_begun_on_a_local_disk_goes_on_after_it_was_moved(mounted, tmp_path):
    with AnswerStore(tmp_path / "answers.sqlite") as opened:
        put(opened, "1")
    folder = mounted("nfs4")
    (tmp_path / "answers.sqlite").rename(folder / "answers.sqlite")
    with AnswerStore(folder / "answers.sqlite") as opened:
        put(opened, "2")
        assert len(opened) == 2
        assert not (folder / "answers.sqlite-wal").exists()


@pytest.mark.parametrize("options", ["nolock", "local_lock=all", "nobrl"])
def test_locks_that_other_machines_do_not_see_are_refused(mounted, options):
    folder = mounted("nfs4", options)
    advice = r"not see its locks.*--shard"
    with pytest.raises(S3EvalError, match=advice) as told, locked(folder):
        pass
    assert "nfs4" in str(told.value)


def test_a_file_system_without_locks_is_refused(tmp_path, monkeypatch):
    def none(self, *args, **options):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(FileLock, "acquire", none)
    with pytest.raises(S3EvalError, match="no locks"), locked(tmp_path):
        pass


def test_answers_that_another_program_writes_are_told(tmp_path, monkeypatch):
    with AnswerStore(tmp_path / "a.sqlite"):
        pass
    other = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    real = sqlite3.connect
    monkeypatch.setattr(
        store.sqlite3, "connect", lambda *a, **k: real(*a, **{**k, "timeout": 0.01})
    )
    written = pytest.raises(S3EvalError, match="written by another program")
    with written, AnswerStore(tmp_path / "a.sqlite") as opened:
        put(opened, "1")
    other.close()
