"""Packages that are written by the API; tests/cli/test_new.py installs and runs them."""

from __future__ import annotations

import sys

import pytest

from s3eval.api.new_package import KINDS, Package, new_package, package_files
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.plugins import Plugin, Registry
from s3eval.specs import ModelSpec

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NOTHING = Registry(())


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_is_what_is_said(kind, tmp_path):
    written = new_package(kind, "optical-flow", tmp_path, registry=NOTHING)
    assert written.folder == tmp_path / f"s3eval-{kind}-optical-flow"
    there = {str(p.relative_to(written.folder)) for p in written.folder.rglob("*") if p.is_file()}
    assert {*written.files} == there
    assert written.first in there and written.first.endswith(f"/{kind}.py")
    assert written.as_json() == {
        "distribution": f"s3eval-{kind}-optical-flow",
        "folder": str(written.folder),
        "files": [*written.files],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_files_name_the_package_and_leave_no_blank_to_fill(kind):
    files = package_files(Package(kind, "optical-flow"))
    facts = tomllib.loads(files["pyproject.toml"])
    assert facts["project"]["name"] == f"s3eval-{kind}-optical-flow"
    module = f"s3eval_{kind}_optical_flow"
    assert module in facts["project"]["entry-points"]["s3eval"].values()
    hooks = files[f"{module}/__init__.py"]
    compile(hooks, "hooks", "exec")
    assert 'name="optical-flow"' in hooks or '"optical-flow"' in hooks
    assert not any("${" in text or "$name" in text for text in files.values())


@pytest.mark.parametrize(
    ("name", "instead"),
    [("Optical Flow", "optical-flow"), ("3d", "d"), ("flow--2", "flow"), ("été", "t")],
)
def test_no_package_has_a_name_that_is_none(name, instead):
    with pytest.raises(S3EvalError) as caught:
        Package("model", name)
    assert caught.value.fix == f"s3eval new model {instead}"
    Package("model", instead)


@pytest.mark.parametrize("name", ["Mine", "mine"])
def test_a_name_that_is_proposed_is_free(name, tmp_path):
    taken = [ModelSpec(n, "a:M") for n in ("mine", "my-mine", "my-mine-2")]
    registry = Registry(tuple(Plugin("model", spec, "acme", "1.0") for spec in taken))
    with pytest.raises(S3EvalError) as caught:
        new_package("model", name, tmp_path, registry=registry)
    assert caught.value.fix == "s3eval new model my-mine-3"
    new_package("model", "my-mine-3", tmp_path, registry=registry)


def test_a_proposed_name_of_this_project_is_free_and_no_longer_than_allowed(tmp_path):
    with pytest.raises(S3EvalError) as caught:
        new_package("task", "Recognition", tmp_path, registry=NOTHING)
    assert caught.value.fix == "s3eval new task my-recognition"
    longest = "a" * 24
    registry = Registry((Plugin("model", ModelSpec(longest, "a:M"), "acme", "1.0"),))
    with pytest.raises(S3EvalError) as caught:
        new_package("model", longest, tmp_path, registry=registry)
    Package("model", caught.value.fix.split()[-1])


def test_folders_that_are_made_are_named(tmp_path):
    there = new_package("judge", "mine", tmp_path, registry=NOTHING)
    deep = new_package("judge", "mine", tmp_path / "a" / "b", registry=NOTHING)
    assert (there.made, deep.made) == (None, tmp_path / "a" / "b")
    assert deep.folder.is_dir()


@pytest.mark.parametrize("name", ["all", "none"])
def test_words_that_stand_for_every_one_and_no_one_are_no_names(name, tmp_path):
    with pytest.raises(S3EvalError, match=f"stands for (every|no) one.*my-{name}"):
        new_package("task", name, tmp_path, registry=NOTHING)
    assert not [*tmp_path.iterdir()]


def test_a_kind_that_is_none_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'judge'"):
        Package("judgge", "mine")


def test_what_somebody_has_is_not_written(tmp_path):
    mine = Plugin("model", ModelSpec("mine", "a:M"), "acme", "1.0")
    for registry in (Registry((mine,)), Registry((), (), {("model", "mine"): ("acme", "other")})):
        with pytest.raises(S3EvalError, match="acme brings it"):
            new_package("model", "mine", tmp_path, registry=registry)
    # Another kind may have the name.
    assert new_package("judge", "mine", tmp_path, registry=Registry((mine,))).folder.is_dir()
    assert [p.name for p in tmp_path.iterdir()] == ["s3eval-judge-mine"]


def test_a_name_of_this_project_is_taken_where_its_package_is_not_installed(tmp_path):
    with pytest.raises(S3EvalError, match="s3eval-task-recognition brings it"):
        new_package("task", "recognition", tmp_path, registry=NOTHING)


def test_a_distribution_that_is_installed_is_not_written_again(tmp_path):
    # This one brings several models, and none of them has the distribution's name.
    with pytest.raises(S3EvalError, match="'s3eval-model-baselines' is installed here already"):
        new_package("model", "baselines", tmp_path, registry=NOTHING)
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_is_filled_and_another_is_left_alone(tmp_path):
    folder = tmp_path / "s3eval-task-mine"
    folder.mkdir()
    new_package("task", "mine", tmp_path, registry=NOTHING)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    with pytest.raises(S3EvalError, match="There is something already"):
        new_package("task", "mine", tmp_path, registry=NOTHING)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
