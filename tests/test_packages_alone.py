"""tools/packages.py over a sample: built, complete, installed alone, registered; faults are told.

`make packages` does it for every distribution (docs/packages-checked.md).
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import packages  # noqa: E402
from new_packages import Tried, everywhere  # noqa: E402

#: Beside the core: one that requires little, and one with a requirement of its own.
SAMPLE = ("s3eval-judge-lexicon", "s3eval-hub")


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    for module in ("build", "readme_renderer", "twine", "uv"):
        pytest.importorskip(module, reason="pip install -e '.[release]' brings it")
    patch = pytest.MonkeyPatch()
    patch.setattr(packages, "DIST", tmp_path_factory.mktemp("dist"))
    assert packages.build(packages.chosen(["s3eval-core", *SAMPLE])) == []
    yield packages.DIST
    patch.undo()


@pytest.mark.slow
def test_the_archives_are_complete(dist):
    some = packages.chosen(["s3eval-core", *SAMPLE])
    assert packages.check(some) == []
    assert len(list(dist.iterdir())) == 2 * len(some)


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLE)
def test_each_registers_alone(dist, name):
    (one,) = packages.chosen([name])
    done = packages.alone(one)
    assert done.reason == ""
    wanted = {
        f"{kind} {thing}"
        for kind, thing, package in (
            row.split(",") for row in packages_table() if row.endswith(f",{name}")
        )
    }
    assert {*done.names} == wanted


def packages_table() -> list[str]:
    return (ROOT / "s3eval" / "distributions.csv").read_text(encoding="utf-8").splitlines()


@pytest.mark.slow
def test_what_is_wrong_with_an_archive_is_told(dist, tmp_path, monkeypatch):
    (one,) = packages.chosen(["s3eval-hub"])
    for archive in one.archives():
        (tmp_path / archive.name).write_bytes(archive.read_bytes())
    wheel = next(tmp_path.glob("*.whl"))
    with zipfile.ZipFile(wheel) as old:
        kept = {n: old.read(n) for n in old.namelist() if not n.endswith("/LICENSE")}
    with zipfile.ZipFile(wheel, "w") as new:
        for name, content in {**kept, "tests/test_a.py": b""}.items():
            new.writestr(name, content)
    monkeypatch.setattr(packages, "DIST", tmp_path)
    said = "\n".join(packages.check([one]))
    assert ".whl holds no dist-info/licenses/LICENSE" in said
    assert ".whl holds tests/test_a.py" in said


@pytest.mark.slow
def test_an_installation_that_fails_gives_its_reason(dist, monkeypatch):
    (one,) = packages.chosen(["s3eval-judge-gpt"])
    monkeypatch.setattr(packages.Distribution, "wheel", lambda self: Path("no-such.whl"))
    assert packages.alone(one).reason


@pytest.mark.slow
def test_a_first_installation_from_dist_is_tried(dist, monkeypatch, capsys):
    monkeypatch.setattr(packages, "FIRST", ("s3eval-core", "s3eval-judge-lexicon"))
    assert packages.first_use() == []
    assert "s3eval-core and s3eval-judge-lexicon installed" in capsys.readouterr().out
    broken = packages.Installed(reason="no numpy")
    monkeypatch.setattr(packages, "_installed", lambda some: broken)
    assert packages.first_use() == ["s3eval-core and s3eval-judge-lexicon from dist/: no numpy"]


@pytest.mark.slow
def test_what_else_lies_in_dist_is_told(dist):
    assert packages.unasked() == []
    other = dist / "s3eval_gone-0.1.0-py3-none-any.whl"
    other.write_bytes(b"")
    assert packages.unasked() == [f"dist/ holds {other.name}: remove it"]
    other.unlink()


@pytest.mark.slow
def test_a_new_package_passes_beside_the_core_s_wheel(dist, monkeypatch):
    (core,) = packages.chosen(["s3eval-core"])
    monkeypatch.setattr("new_packages.KINDS", ("judge",))
    (one,) = everywhere({"this": sys.executable}, core.wheel())
    assert (one.kind, one.reason) == ("judge", "")
    assert one.seconds > 0
    (none,) = everywhere({"this": sys.executable}, Path("no-such.whl"))
    assert "no-such.whl" in none.reason


def test_versions_move_together():
    assert packages.versions() == []


def test_versions_that_do_not_are_told(monkeypatch, tmp_path):
    every = packages.distributions()
    odd = packages.Distribution(every[1].folder, every[1].name, "0.1.9")
    monkeypatch.setattr(packages, "distributions", lambda: [every[0], odd])
    assert packages.versions() == [f"{odd.name} is 0.1.9, the core {every[0].version}"]


def test_a_name_that_is_none_is_refused():
    with pytest.raises(SystemExit, match="s3eval-hubb"):
        packages.chosen(["s3eval-hubb"])


def test_the_page_says_what_failed():
    one = packages.distributions()[1]
    text = packages.page(
        [(one, packages.Installed(("judge gpt",), "", 3, "3.11.7")),
         (one, packages.Installed(reason="no numpy"))],
        [("a", "b, Python 3.12", "av is pinned")],
        {"3.10": "yes (3.10.13)", "3.13": "not on the machine"},
        [Tried("3.10.13", "model", 8.4), Tried("3.10.13", "task", reason="no numpy")],
    )  # fmt: skip
    assert "1 of 2 distributions" in text
    assert "**no**: no numpy" in text
    assert "| `a` | b, Python 3.12 | av is pinned |" in text
    assert "| 3.13 | not on the machine |" in text
    assert "| 3.10.13 | passed, 8 s | **no**: no numpy |" in text


def test_what_cannot_live_together_is_a_row_for_what_it_is(monkeypatch):
    some = packages.distributions()[:3]
    core, second, _ = (f"{d.name}=={d.version}" for d in some)
    clashes = {
        ("3.10", "new"): "needs Python 3.12",
        ("3.11", "new"): "needs Python 3.12",
        ("3.12", "new", second): "numpy is pinned",
        ("3.12", "old", core): "av is pinned",
    }

    def unresolved(requirements, python="3.11"):
        asked = {python, *requirements}
        return next((why for needs, why in clashes.items() if asked >= {*needs}), "")

    monkeypatch.setattr(packages, "OTHERS", ("new", "old", "easy"))
    monkeypatch.setattr(packages, "pythons", lambda: {v: v for v in ("3.10", "3.11", "3.12")})
    monkeypatch.setattr(packages, "_unresolved", unresolved)
    assert packages.together(some) == [
        ("new", "Python 3.10, 3.11", "needs Python 3.12"),
        ("new", f"{some[1].name}, Python 3.12", "numpy is pinned"),
        ("old", "all packages, Python 3.12", "av is pinned"),
    ]


def test_extras_that_clash_only_at_once_are_no_silent_success(monkeypatch):
    monkeypatch.setattr(packages, "OTHERS", ())
    monkeypatch.setattr(packages, "_unresolved", lambda some: "torch" if len(some) > 2 else "")
    apart = packages.together(packages.distributions()[:3])
    assert apart == [("all packages", "all their extras", "torch")]
