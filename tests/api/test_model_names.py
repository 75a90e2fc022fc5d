"""A model named with a value and options of its own."""

from __future__ import annotations

import pytest

from s3eval.api.model_names import named_model, named_models
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.plugins import installed


def test_a_plain_name_is_the_model():
    found = named_model("motion", installed())
    assert (found.spec.name, dict(found.options), found.folder) == ("motion", {}, "motion")


def test_a_value_sets_the_option_of_the_spec_and_options_follow():
    found = named_model("hf:/weights/my model/?dtype=bfloat16&batch=4&note=a+b%26c", installed())
    assert found.spec.name == "hf"
    assert found.options == {
        "checkpoint": "/weights/my model/",
        "dtype": "bfloat16",
        "batch": 4,
        "note": "a+b&c",
    }
    assert found.folder.startswith("hf-my-model-")


def test_runs_of_other_options_do_not_meet():
    names = ("hf", "hf:a/b", "hf:a/c", "hf:a/b?dtype=float32", "hf:a/b?dtype=bfloat16")
    folders = [named_model(n, installed()).folder for n in names]
    assert len(set(folders)) == len(folders)
    assert folders[1] == "hf-b"


@pytest.mark.parametrize("value", ["..", "/", "a/../..", "?x=1", "\u202e", ""])
def test_a_folder_never_leaves_its_place(value):
    folder = named_model(f"hf:{value}", installed()).folder
    assert folder.startswith("hf") and "/" not in folder and folder.isascii()


def test_a_model_without_a_value_takes_options_too():
    plain, one, two = (named_model(n, installed()) for n in ("motion", "motion?a=1", "motion?a=2"))
    assert (one.spec.name, one.options) == ("motion", {"a": 1})
    assert len({plain.folder, one.folder, two.folder}) == 3
    with pytest.raises(UnknownNameError, match="motoin"):
        named_model("motoin?a=1", installed())


@pytest.mark.parametrize("name", ["motion?", "hf:a?"])
def test_options_that_are_announced_are_named(name):
    with pytest.raises(S3EvalError, match="key=value"):
        named_model(name, installed())


def test_no_model_is_no_run():
    with pytest.raises(S3EvalError, match="No model is named"):
        named_models([])


def test_wrong_names_are_told():
    with pytest.raises(S3EvalError, match="takes no value after ':'"):
        named_model("motion:fast", installed())
    with pytest.raises(UnknownNameError, match="motoin"):
        named_model("motoin:fast", installed())
    with pytest.raises(S3EvalError, match="key=value"):
        named_model("hf:a?dtype", installed())
