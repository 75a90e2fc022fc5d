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
    found = named_model("hf:/weights/my model/?dtype=bfloat16&batch=4&revision=a+b%26c%2Cd")
    assert found.spec.name == "hf"
    assert found.options == {
        "checkpoint": "/weights/my model/",
        "dtype": "bfloat16",
        "batch": 4,
        "revision": "a+b&c,d",
    }
    assert found.folder.startswith("hf-my-model-")


def test_runs_of_other_options_do_not_meet():
    names = ("hf:a/b", "hf:a/c", "hf:a/b?dtype=float32", "hf:a/b?dtype=bfloat16")
    folders = [named_model(n).folder for n in names]
    assert len(set(folders)) == len(folders)
    assert folders[0] == "hf-b"


#: As version 0.1 named them; another name would orphan the runs that are there.
FOLDERS = {
    "motion": "motion",
    "hf:a/b": "hf-b",
    "hf?checkpoint=a/b": "hf-7927e3",
    "hf:/weights/llava?dtype=bfloat16": "hf-llava-4bd0de",
    "hf:/weights/my model/?batch=4&dtype=bfloat16": "hf-my-model-34744e",
    "hf:a/b?memory_limit=8": "hf-b-f0e0a5",
    "hf:a/b?memory_limit=0.5": "hf-b-37418f",
    "hf:a/b?sound=false": "hf-b-bf4990",
    "hf:a/b?revision=none": "hf-b-fc979f",
    "prevalence?seed=1": "prevalence-39c082",
    "prevalence?file=shares.csv&seed=1": "prevalence-f1b138",
    'server:m?extra_body={"top_k":1}': "server-m-e48f5b",
    "lmms-eval:qwen2_5_vl?max_num_frames=60&pretrained=FOLDER": "lmms-eval-qwen2_5_vl-6defbd",
    "lmms-eval:x?device_map=a%26b": "lmms-eval-x-45aac9",
}


@pytest.mark.parametrize(("name", "folder"), FOLDERS.items())
def test_folders_of_earlier_versions_keep_their_names(name, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shares.csv").touch()
    found = named_model(name)
    assert (found.folder, found.earlier) == (folder, folder)


@pytest.mark.parametrize(
    "names",
    [
        ("hf:a/b?memory_limit=0.2", "hf:a/b?memory_limit=.2", 'hf:a/b?memory_limit="0.20"'),
        ("hf:a/b?memory_limit=8", "hf:a/b?memory_limit=8.0", "hf:a/b?memory_limit=8e0"),
        ("hf:a/b?batch=4&sound=false", "hf:a/b?sound=False&batch=4", "hf:a/b?sound=0&batch=4.0"),
        ("prevalence?seed=1", "prevalence?seed=1.0", 'prevalence?seed="1"'),
        ("hf:a/b?revision=none", "hf:a/b?revision=null", "hf:a/b?revision=None"),
        ("lmms-eval:m?x=a,b%26", "lmms-eval:m?x=a%2Cb%26", "lmms-eval:m?x=%61%2cb%26"),
    ],
)
def test_however_options_are_spelt_it_is_one_model_in_one_folder(names):
    first, *others = [named_model(name) for name in names]
    for other in others:
        assert (dict(other.options), other.folder) == (dict(first.options), first.folder)
    assert named_models(names) == [first]


def test_however_the_path_of_a_file_is_spelt_it_is_one_option(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").touch()
    (tmp_path / "b.csv").touch()
    monkeypatch.chdir(tmp_path / "in")
    spellings = ("a.csv", "./a.csv", "../in/a.csv", f"{tmp_path}/in/a.csv")
    (model,) = named_models([f"replay?file={path}" for path in spellings])
    assert model.options == {"file": "a.csv"}
    assert named_model("replay?file=../b.csv").options == {"file": str(tmp_path / "b.csv")}


@pytest.mark.parametrize(
    ("name", "option", "kind"),
    [
        ("prevalence?seed=2.0", "seed", int),
        ("prevalence?seed=2", "seed", int),
        ("hf:a/b?memory_limit=8.0", "memory_limit", float),
        # Recorded as it is written, in the bytes of earlier runs.
        ("hf:a/b?memory_limit=8", "memory_limit", int),
    ],
)
def test_a_number_is_of_the_kind_that_the_model_reads(name, option, kind):
    assert type(named_model(name).options[option]) is kind


def test_a_run_of_an_earlier_version_is_found_where_it_is(tmp_path):
    model = named_model("hf:a/b?memory_limit=.2")
    assert model.run_in(tmp_path) == tmp_path / model.folder
    (tmp_path / model.earlier).mkdir()
    assert model.run_in(tmp_path) == tmp_path / model.folder
    (tmp_path / model.earlier / "run.json").touch()
    assert model.run_in(tmp_path) == tmp_path / model.earlier != tmp_path / model.folder
    (tmp_path / model.folder).mkdir()
    (tmp_path / model.folder / "run.json").touch()
    assert model.run_in(tmp_path) == tmp_path / model.folder


@pytest.mark.parametrize("value", ["..", "/", "a/../..", "?batch=1", "\u202e"])
def test_a_folder_never_leaves_its_place(value):
    folder = named_model(f"hf:{value}", others={"checkpoint": "c"}).folder
    assert folder.startswith("hf-") and "/" not in folder and folder.isascii()


def test_a_model_without_a_value_takes_options_too():
    names = ("prevalence", "prevalence?seed=1", "prevalence?seed=2")
    plain, one, two = (named_model(n) for n in names)
    assert (one.spec.name, one.options) == ("prevalence", {"seed": 1})
    assert len({plain.folder, one.folder, two.folder}) == 3
    with pytest.raises(UnknownNameError, match="motoin"):
        named_model("motoin?a=1")


def test_options_for_every_model_join_those_of_a_name_and_leave_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").touch()
    alone = named_model("prevalence?seed=1")
    both = named_model("prevalence?seed=1", others={"file": "a.csv", "seed": 2})
    assert dict(both.options) == {"file": "a.csv", "seed": 1}
    assert (dict(both.own), both.folder) == ({"seed": 1}, alone.folder)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("motion?typo=1", "takes no options, but got typo"),
        ("prevalence?seeed=1", "did you mean 'seed'"),
        ("prevalence?seed=1.5", "'seed' of 'prevalence' to be a whole number, but got 1.5"),
        ("hf:a?batsch=1", "did you mean 'batch'"),
        ("hf:a?batch=none", "batch"),
        ("hf?batch=1", "needs a checkpoint"),
        ("replay", "needs the file"),
        ("server?sead=1", "did you mean 'seed'"),
        ("gemini?model=m&qualitie=1", "did you mean 'quality'"),
        ("gemini", "Which model"),
        ("server?allow_remote=true", "--allow-remote"),
        ("lmms-eval?model=m&media=film", "media"),
        ("prevalence?seed=1&seed=2", "The option 'seed' is given twice"),
        ("hf:a?checkpoint=b", "The option 'checkpoint' is given twice"),
        ("?a=1", r"No model is named before '\?' \(\?a=1\)\. Try: --model 'NAME\?a=1'"),
        (":a", "No model is named before ':'"),
        ("prevalence?", r"key=value, joined by '&' \(prevalence\?\)\. Try: one of seed, file"),
        ("prevalence?seed", r"\(prevalence\?seed\)\. Try: one of seed, file"),
        ("prevalence?=3", r"\(prevalence\?=3\)\. Try: one of seed, file"),
        ("motion?", r"Try: --model motion$"),
        ("lmms-eval-answers?", "Try: one of file"),
        ("prevalence?file=nope.csv", r"'file' of model 'prevalence' names no file .*\(nope.csv\)"),
        ("replay?file=.", "'file' of model 'replay' names no file .*: it is a folder"),
        ("lmms-eval-answers:nope", "'file' of model 'lmms-eval-answers' names no file"),
        ("motion,sound", r"One model is named here, not several .*Try: --model motion$"),
        ("motoin,sound", r"One model is named here, not several .*Try: --model sound$"),
    ],
)
def test_wrong_options_are_refused_by_name(name, words):
    with pytest.raises(S3EvalError, match=words):
        named_model(name)


@pytest.mark.parametrize(
    ("names", "part"),
    [
        (["replay?file=a", "b"], "b"),
        (["hf:/weights/a", "b"], "b"),
        (["motion", 'server?extra_body={"a":1', '"b":2}', "sound"], '"b":2}'),
        (["motion", "b"], ""),
        (["replay?file=a", "motion?x=1"], ""),
    ],
)
def test_where_a_comma_ended_a_name_the_way_to_write_one_is_said(names, part):
    with pytest.raises(S3EvalError) as caught:
        named_models(names)
    hint = f"%2C for the comma before '{part}'"
    assert (hint in str(caught.value)) if part else ("%2C" not in str(caught.value))


def test_two_checkpoints_of_one_folder_name_are_refused_together():
    with pytest.raises(S3EvalError, match=r"'hf:a/b' and 'hf:c/b' would be in one folder \(hf-b\)"):
        named_models(["hf:a/b", "hf:c/b"])


@pytest.mark.parametrize("name", ["motion?", "hf:a?"])
def test_options_that_are_announced_are_named(name):
    with pytest.raises(S3EvalError, match="key=value"):
        named_model(name)


def test_no_model_is_no_run():
    with pytest.raises(S3EvalError, match="No model is named"):
        named_models([])


def test_wrong_names_are_told():
    with pytest.raises(S3EvalError, match="takes no value after ':'"):
        named_model("motion:fast")
    with pytest.raises(UnknownNameError, match="motoin"):
        named_model("motoin:fast")
    with pytest.raises(S3EvalError, match="key=value"):
        named_model("hf:a?dtype")
