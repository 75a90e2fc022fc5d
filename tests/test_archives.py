"""tools/archives.py: what is wrong with an archive is said of small ones that are made here."""

from __future__ import annotations

import io
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from archives import problems, stray  # noqa: E402

README = "# s3eval-thing\n\nSee [the index](https://example.org/).\n"
FACTS = {
    "Metadata-Version": "2.4",
    "Name": "s3eval-thing",
    "Version": "0.2.0",
    "Summary": "a thing",
    "License-Expression": "Apache-2.0",
    "License-File": "LICENSE",
    "Requires-Python": ">=3.10",
    "Description-Content-Type": "text/markdown",
}


@pytest.fixture(autouse=True)
def renderer():
    pytest.importorskip("readme_renderer", reason="pip install -e '.[release]' brings it")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "package" / "s3eval_thing"
    folder.mkdir(parents=True)
    for name in ("__init__.py", "py.typed", "words.toml"):
        (folder / name).write_text("")
    return folder.parent


def metadata(readme: str = README, **other: str) -> str:
    facts = FACTS | {key.replace("_", "-"): value for key, value in other.items()}
    return "".join(f"{key}: {value}\n" for key, value in facts.items() if value) + "\n" + readme


def wheel(folder: Path, text: str, *more: str, without: str = "") -> Path:
    info = "s3eval_thing-0.2.0.dist-info"
    names = ["s3eval_thing/__init__.py", "s3eval_thing/py.typed", "s3eval_thing/words.toml"]
    names += [f"{info}/licenses/LICENSE", f"{info}/entry_points.txt", *more]
    path = folder / "s3eval_thing-0.2.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{info}/METADATA", text)
        for name in names:
            if name != without:
                archive.writestr(name, "")
    return path


def sdist(folder: Path, text: str, *more: str) -> Path:
    names = ["LICENSE", "pyproject.toml", "s3eval_thing/__init__.py", "s3eval_thing/py.typed"]
    path = folder / "s3eval_thing-0.2.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("PKG-INFO", *names, "s3eval_thing/words.toml", *more):
            content = text.encode() if name == "PKG-INFO" else b""
            info = tarfile.TarInfo(f"s3eval_thing-0.2.0/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("make", [wheel, sdist])
def test_a_complete_archive_has_no_problems(make, package, tmp_path):
    assert list(problems(make(tmp_path, metadata()), package)) == []


def test_what_is_missing_is_named(package, tmp_path):
    archive = wheel(tmp_path, metadata(), without="s3eval_thing/words.toml")
    assert list(problems(archive, package)) == [".whl lacks s3eval_thing/words.toml"]


def test_a_missing_licence_is_named(package, tmp_path):
    without = "s3eval_thing-0.2.0.dist-info/licenses/LICENSE"
    archive = wheel(tmp_path, metadata(), without=without)
    assert list(problems(archive, package)) == [".whl holds no dist-info/licenses/LICENSE"]


@pytest.mark.parametrize(
    "name",
    ["tests/test_a.py", "s3eval_thing/tests/data.csv", "conftest.py", "s3eval_thing/x.pyc"],
)
@pytest.mark.parametrize(("make", "kind"), [(wheel, ".whl"), (sdist, ".tar.gz")])
def test_a_stray_file_is_named(make, kind, name, package, tmp_path):
    archive = make(tmp_path, metadata(), name)
    assert list(problems(archive, package)) == [f"{kind} holds {name}"]


def test_our_own_modules_for_tests_of_others_are_not_stray():
    assert list(stray(["s3eval/testing/conformance.py", "s3eval_synth/testing.py"])) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (metadata("# a\n\n[b](docs/b.md)\n"), "the README links to docs/b.md, which is not on"),
        (metadata('# a\n\n<img src="a.png">\n'), "the README links to a.png, which is not on"),
        (metadata("No heading.\n"), "the README is not rendered"),
        (metadata(""), "no README in Markdown"),
        (metadata(Description_Content_Type="text/x-rst"), "no README in Markdown"),
        (metadata(License_Expression="MIT"), "expected the licence Apache-2.0"),
        (metadata(License_File=""), "expected the licence Apache-2.0"),
        (metadata(License_Expression="Apache 2"), "'Apache 2' is invalid for 'license-expression'"),
        (metadata(Requires_Python=">=3.8"), "expected Python >=3.10, got >=3.8"),
    ],
)
def test_what_the_index_would_refuse_or_show_wrongly_is_told(text, problem, package, tmp_path):
    (wrong,) = problems(sdist(tmp_path, text), package)
    assert wrong.startswith(".tar.gz: ") and problem in wrong
