"""Models that never look."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from s3eval_model_baselines.scripted import AlwaysNo, AlwaysYes, Prevalence, Replay

from s3eval import Clip, Footage, ModelSpec, Question, S3EvalError, Sampling, discover
from s3eval.vocabulary import BODY_PARTS, DIAGNOSES, SIDES

TONIC = Question("tonic", "?", ("yes", "no"))
SPEC = ModelSpec("x", "y")


def unseen(video="v", start=0.0):
    return Footage.unseen(Clip(video, start, start + 30, Sampling()), 60.0)


def asked(model, *questions, footage=None):
    footage = footage or unseen()
    return [*model.ask(model.watch(footage), questions)]


def test_all_are_listed_and_load():
    registry = discover()
    names = {"always-yes", "always-no", "prevalence", "replay", "motion", "sound", "motion+sound"}
    assert names <= set(registry.names("model"))
    for name in names - {"replay"}:
        spec = registry.get("model", name).spec
        model = spec.load().load(spec, {})
        json.dumps(dict(model.identity()))
        assert model.uses_footage == (spec.profile == "dense" or name == "sound")


@pytest.mark.parametrize(
    ("choices", "first", "last"),
    [
        (("yes", "no"), "yes", "no"),
        (("no", "yes"), "yes", "no"),
        (("yes", "no", "na"), "yes", "no"),
        (SIDES, "left", "right"),
        (DIAGNOSES, "ES", "NES"),
        (BODY_PARTS, "head", "full body"),
    ],
)
def test_constants(choices, first, last):
    question = Question("k", "?", choices)
    [yes], [no] = asked(AlwaysYes(), question), asked(AlwaysNo(), question)
    assert (yes.text, no.text) == (first, last)
    assert yes.probabilities[first] == 1.0 and sum(no.probabilities.values()) == 1.0


def test_free_text_is_skipped_and_a_feature_is_yes_or_no():
    report, feature = Question("report", "Describe."), Question("clonic", "Are there jerks?")
    for model, word in ((AlwaysYes(), "yes"), (AlwaysNo(), "no")):
        a, b = asked(model, report, feature)
        assert a.status == "skipped" and a.reason and b.text == word
    assert asked(Prevalence(), report)[0].status == "skipped"


def test_a_draw_depends_on_seed_video_and_question_but_not_on_the_window():
    def drawn(seed, video="v", start=0.0, key="tonic"):
        question = Question(key, "?", ("yes", "no"))
        return asked(Prevalence(seed), question, footage=unseen(video, start))[0].text

    assert drawn(0) == drawn(0, start=25.0) == drawn(0)
    for vary in ("seed", "video", "key"):
        keys = ("tonic", "clonic", "arm_flexion", "close_eyes", "ictal_vocalization", "figure4")
        values = {
            "seed": [drawn(s) for s in range(40)],
            "video": [drawn(0, f"v{n}") for n in range(40)],
            "key": [drawn(s, key=k) for k in keys for s in range(6)],
        }[vary]
        assert len(set(values)) == 2


def test_draws_have_the_prevalence_of_the_training_folds():
    model = Prevalence(3)
    texts = Counter(asked(model, TONIC, footage=unseen(f"v{n}"))[0].text for n in range(3000))
    assert texts["yes"] / 3000 == pytest.approx(102 / 350, abs=0.03)
    [answer] = asked(model, TONIC)
    assert answer.probabilities["yes"] == pytest.approx(102 / 350)
    [spoken] = asked(model, Question("verbal_responsiveness", "?", ("yes", "no", "na")))
    assert spoken.probabilities["na"] == pytest.approx(170 / 350)
    for key in ("video_only", "with_report"):
        assert asked(model, Question(key, "?", DIAGNOSES))[0].probabilities["ES"] == 0.68


def test_a_table_of_ones_own(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("item,answer,count\ntonic,yes,1\ntonic,no,0\n")
    model = Prevalence.load(SPEC, {"file": str(file), "seed": "4"})
    assert {asked(model, TONIC, footage=unseen(f"{n}"))[0].text for n in range(20)} == {"yes"}
    assert asked(model, Question("clonic", "?", ("yes", "no")))[0].status == "skipped"
    assert model.identity() != Prevalence(4).identity()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("item,answer\n", "column count missing"),
        ("item,answer,count\ntonic,yes,many\n", "t.csv:2"),
        ("item,answer,count\ntonic,yes,-1\n", "at least 0"),
        ("item,answer,count\ntonic,yes,1\ntonic,yes,2\n", "t.csv:3"),
    ],
)
def test_a_bad_table_is_named_by_row(tmp_path, text, message):
    file = tmp_path / "t.csv"
    file.write_text(text)
    with pytest.raises(S3EvalError, match=message) as caught:
        Prevalence.load(SPEC, {"file": str(file)})
    assert "t.csv" in str(caught.value)


def test_replay_from_csv(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text('video,item,start,answer\nv,tonic,,no\nv,tonic,25,"Yes, stiff."\nv,clonic,,\n')
    model = Replay.load(SPEC, {"file": str(file)})
    clonic = Question("clonic", "?", ("yes", "no"))
    assert [a.text for a in asked(model, TONIC)] == ["no"]
    assert asked(model, TONIC, footage=unseen("v", 25.0))[0].text == "Yes, stiff."
    assert [a.status for a in asked(model, clonic)] == ["skipped"], "an empty cell is no answer"
    assert asked(model, TONIC, footage=unseen("w"))[0].status == "skipped"


def test_replay_from_findings_of_a_run(tmp_path):
    file = tmp_path / "findings.jsonl"
    lines = [
        {"video": "v", "item": "tonic", "value": "yes", "task": "recognition"},
        {"video": "v", "item": "sequence", "value": ["tonic", "clonic"]},
        {"video": "v", "item": "clonic", "value": None},
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    model = Replay.load(SPEC, {"file": str(file)})
    tonic, order, clonic = asked(
        model, TONIC, Question("sequence", "?"), Question("clonic", "?", ("yes", "no"))
    )
    assert (tonic.text, order.text, clonic.status) == ("yes", "tonic, clonic", "skipped")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"video,item\nv,tonic\n", "column answer missing"),
        ("a.csv", b"video,item,answer\nv,tonic,yes\nv,tonic,no\n", "a.csv:3"),
        ("a.csv", b"video,item,answer\nv,tonic,\xff\n", "a.csv:2"),
        ("a.csv", b"video,item,start,answer\nv,tonic,soon,yes\n", "seconds"),
        ("a.jsonl", b'{"video": "v"}\n', "a.jsonl:1"),
        ("a.jsonl", b"[1, 2]\n", "JSON object"),
        ("a.csv", b'video,item,answer\nv,tonic,"yes\nw,tonic,no\n', "rows 2 to 3 are read as one"),
        ("a.csv", b'video,item,answer\nv,tonic,"yes', "a.csv:2.*quotation mark is not closed"),
        ("a.jsonl", b"[" * 100_000, "a.jsonl:1"),
    ],
)
def test_replay_names_what_is_wrong(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(S3EvalError, match=message) as caught:
        Replay.load(SPEC, {"file": str(tmp_path / name)})
    assert str(tmp_path) not in str(caught.value)


def test_replay_reads_long_answers_line_separators_and_semicolons(tmp_path):
    text = "Yes.\u2028The arm\u0085is stiff." + " stiff" * 50_000
    lines = [{"video": "v", "item": "tonic", "answer": text}, {"video": "w", "item": "tonic"}]
    (tmp_path / "a.jsonl").write_bytes(
        b"\xef\xbb\xbf" + b"\r\n".join(json.dumps(x, ensure_ascii=False).encode() for x in lines)
    )
    (tmp_path / "a.csv").write_bytes(f"video;item;answer\r\nv;tonic;{text}\r\n".encode())
    for name in ("a.jsonl", "a.csv"):
        model = Replay.load(SPEC, {"file": str(tmp_path / name)})
        assert model.table.find("v", "tonic", 0.0) == text


def test_everything_wrong_with_a_replay_file_is_told_at_once(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(
        b"video,item,start,answer\nv,tonic,soon,yes\nv,tonic,1,\xff\nv,tonic,2,a,b\n"
        b'v,tonic,later,no\nv,tonic,3,"yes\n'
    )
    with pytest.raises(S3EvalError) as caught:
        Replay.load(SPEC, {"file": str(file)})
    for part in ("a.csv:2", "row 5 too", "row 3: byte 0xFF", "row 4: 5 cells", "row 6: a quot"):
        assert part in str(caught.value)


def test_options():
    with pytest.raises(S3EvalError, match="--model-option file="):
        Replay.load(SPEC, {})
    with pytest.raises(S3EvalError, match="names no file that is there"):
        Replay.load(SPEC, {"file": "nowhere.csv"})
    with pytest.raises(S3EvalError, match="did you mean 'seed'"):
        Prevalence.load(SPEC, {"seeed": 1})
    with pytest.raises(S3EvalError, match="whole number"):
        Prevalence.load(SPEC, {"seed": "x"})
    with pytest.raises(S3EvalError, match="takes no options"):
        AlwaysYes.load(SPEC, {"seed": 1})
