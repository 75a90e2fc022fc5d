"""What is exported: the samples of Appendix E, whose they are, and what stands beside them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from s3eval_finetune.balance import balance_of, balanced
from s3eval_finetune.formats.checking import faults_of
from s3eval_finetune.samples.making import Choice, make_samples
from s3eval_finetune.samples.sample import Sample, Span
from s3eval_finetune.tasks import task_numbered

from s3eval import open_dataset
from s3eval.cli import main
from s3eval.errors import S3EvalError
from s3eval.facts.videos import (
    Annotation,
    Dataset,
    FeatureAnnotation,
    Lateralization,
    Video,
)
from s3eval.footage.index import index_of
from s3eval.model import Answer, Question


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "samples.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_task_has_samples_and_every_clip_is_there(exported: Path) -> None:
    rows = [json.loads(line) for line in (exported / "train.jsonl").open(encoding="utf-8")]
    assert faults_of(rows, "swift") == []
    samples = table(exported)
    assert len(rows) == len(samples) and {s["number"] for s in samples} == set("1234567")
    for s in samples:
        file = exported / "media" / f"{s['file']}.mp4"
        assert len(index_of(file).times) == int(s["frames"])
    names = {p.stem for p in (exported / "media").iterdir()}
    assert names == {s["file"] for s in samples}


def test_clip_times_are_right_to_a_frame(exported: Path, drawn: Path) -> None:
    """Every cut file against the frames of its video that its span names."""
    dataset = open_dataset(drawn)
    for s in {row["file"]: row for row in table(exported)}.values():
        source = index_of(dataset.path(dataset.video(s["video"]))).times
        made = index_of(exported / "media" / f"{s['file']}.mp4").times
        if s["show"] == "sparse":
            assert len(made) == 60
            continue
        start, end = float(s["start"]), float(s["end"])
        wanted = source[(source >= start - 1e-3) & (source < end - 1e-3)]
        assert len(made) == len(wanted)
        assert max(abs((made - made[0]) - (wanted - wanted[0]))) < 0.02  # half a frame


def test_no_patient_of_the_test_set_is_in_it(exported: Path, drawn: Path) -> None:
    dataset = open_dataset(drawn)
    held = {v.patient for v in dataset.videos if v.fold == 0}
    samples = table(exported)
    assert held and {s["patient"] for s in samples}.isdisjoint(held)
    assert {s["fold"] for s in samples} == {"1"}
    text = (exported / "train.jsonl").read_text(encoding="utf-8")
    assert not any(v.name in text for v in dataset.videos), (
        "no names of recordings, in tests or not"
    )


def test_what_is_taught_is_read_as_the_truth(exported: Path) -> None:
    """Each answer through the reader that an evaluation uses, against the reward's solution."""
    for line in (exported / "train.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        solution, answer = json.loads(row["solution"]), row["messages"][1]["content"]
        number = next(n for n in range(1, 8) if task_numbered(n).name == row["task"])
        reading = task_numbered(number).read(Question(solution["item"], ""), Answer.of(answer))
        value = solution["reason"] if number == 2 else solution["value"]
        if number == 4:
            assert reading.value == pytest.approx(value, abs=0.51)
        elif number == 6 or number == 2:
            assert reading.value.split() == value.split()
        else:
            assert reading.value == value, (row["task"], answer)
        assert row["messages"][0]["content"].startswith("<video>")


def dataset(**more: object) -> Dataset:
    """Two patients in training folds and one in the test set; annotation only."""
    times = {"tonic": (10.0, 40.0), "clonic": (70.0, 70.4), "head_turning": (5.0, 9.0)}
    features = {n: FeatureAnnotation("yes", a, b, f"It is {n}.") for n, (a, b) in times.items()}
    features["blank_stare"] = FeatureAnnotation("no", justification="The eyes move.")
    features["occur_during_sleep"] = FeatureAnnotation("no", justification="Awake.")
    known = Annotation(
        "a",
        features,
        {"head_turning": Lateralization("left", 5.0, 9.0)},
        ("head_turning", "tonic", "clonic"),
        "The patient is awake. The head turns to the left. Tonic stiffening follows. Then "
        "clonic jerks of both arms. Afterwards he is confused.",
        5.0,
        80.0,
    )
    folds = {"a": 1, "b": 2, "c": 0}
    videos = tuple(Video(n, n.upper(), "", "ES", fold, 100.0) for n, fold in folds.items())
    return Dataset("d", videos, dict.fromkeys(folds, known))


def made(*tasks: int, **choice: object) -> list[Sample]:
    return [
        s
        for s in make_samples(dataset(), Choice(tasks=tasks, **choice)).samples  # type: ignore[arg-type]
        if s.span.video == "a"
    ]


def test_signs_are_trimmed_to_their_annotated_spans() -> None:
    spans = {s.item: (s.span.start, s.span.end, s.answer) for s in made(1)}
    assert spans["tonic"] == (10.0, 40.0, "Yes")
    assert spans["clonic"] == (69.2, 71.2, "Yes"), "too short to be seen, so widened to 2 s"
    assert spans["occur_during_sleep"] == (0.0, 30.0, "No"), "asked of the beginning"
    others = {(5.0, 9.0), (10.0, 40.0), (69.2, 71.2)}
    assert spans["blank_stare"][:2] in others, "a sign that is absent is shown another one's span"
    reasons = {s.item: s.answer for s in made(2)}
    assert reasons["tonic"] == "Yes. It is tonic." and reasons["blank_stare"].startswith("No. ")


def test_onsets_lie_anywhere_in_sixty_seconds() -> None:
    places = set()
    for seed in range(40):
        (tonic,) = [s for s in made(4, seed=seed) if s.item == "tonic"]
        assert tonic.span.end - tonic.span.start == pytest.approx(60.0)
        at = tonic.solution["value"]
        assert tonic.span.start + at == pytest.approx(10.0)
        places.add(round(at))
    assert min(places) <= 1 and max(places) >= 9 and len(places) > 6
    assert made(4, seed=3) == made(4, seed=3) != made(4, seed=4)


def test_answers_are_cut_to_the_window() -> None:
    told = {s.span.start: s.answer for s in made(5)}
    assert told[0.0] == "head turning, tonic"
    assert told[50.0] == "clonic"
    reports = {s.span.start: s.answer for s in made(6)}
    assert "head turns" in reports[0.0] and "clonic" not in reports[0.0]
    assert reports[50.0].startswith("Then clonic") and "head" not in reports[50.0]


def test_a_diagnosis_is_of_the_whole_video_in_few_frames() -> None:
    for sample in made(7):
        assert sample.span == Span("a", 0.0, 100.0, "sparse")
    assert json.loads(made(7)[0].answer)["answer"] == "ES" and made(7)[1].answer == "ES"


def test_only_what_is_perceived_is_asked() -> None:
    seen = make_samples(dataset(), Choice(tasks=(1, 5), senses=frozenset({"sight"}))).samples
    assert "ictal vocalization" not in next(s.prompt for s in seen if s.number == 5)


def test_a_patient_on_both_sides_is_refused() -> None:
    from dataclasses import replace

    good = dataset()
    leaking = replace(good, videos=(*good.videos[:2], replace(good.videos[2], patient="A")))
    with pytest.raises(S3EvalError, match=r"1 patient\(s\) on both sides"):
        make_samples(leaking, Choice())
    held_out = replace(good, videos=(good.videos[0], replace(good.videos[1], patient="A")))
    assert make_samples(held_out, Choice()).samples, "both folds are trained on"
    with pytest.raises(S3EvalError, match="on both sides"):
        make_samples(held_out, Choice(frozenset({1})))
    with pytest.raises(S3EvalError, match="Fold 0 is the test set"):
        make_samples(good, Choice(frozenset({0, 1})))
    with pytest.raises(S3EvalError, match="'7'"):
        make_samples(good, Choice(frozenset({7})))


def test_balancing_makes_answers_equally_many() -> None:
    def of(label: str, n: int) -> Sample:
        return Sample(3, "spatial", "head", "P", 1, Span(f"{label}{n}", 0, 1), "?", label, label)

    samples = [of("left", n) for n in range(7)] + [of("right", n) for n in range(3)]
    (uneven,) = balance_of(samples)
    assert uneven.counts == {"left": 7, "right": 3} and "only 3 of 10" in uneven.warning
    assert balance_of(balanced(samples, "down", 0))[0].counts == {"left": 3, "right": 3}
    up = balanced(samples, "up", 0)
    assert balance_of(up)[0].counts == {"left": 7, "right": 7}
    assert max(up.count(s) for s in samples) == 3 and {*up} == {*samples}
    assert balanced(samples, "none", 0) == tuple(samples)


def test_the_same_export_is_the_same_bytes(drawn: Path, tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        with pytest.raises(SystemExit):
            main(["finetune", "export", str(drawn), str(tmp_path / name), "--tasks", "3,7",
                  "--limit", "2"])  # fmt: skip
        folder = tmp_path / name
        texts.append((folder / "train.jsonl").read_text().replace(str(tmp_path / name), ""))
        texts.append((folder / "samples.csv").read_text())
    assert texts[0] == texts[2] and texts[1] == texts[3]


@pytest.mark.parametrize("form", ["trl", "llama-factory"])
def test_other_engines_get_their_own_rows(form: str, drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        main(["finetune", "export", str(drawn), str(out), "--format", form, "--tasks", "3,4",
              "--limit", "2", "--sound", "separate", "--pictures", "3"])  # fmt: skip
    assert ended.value.code == 0
    rows = [json.loads(line) for line in (out / "train.jsonl").open(encoding="utf-8")]
    assert faults_of(rows, form) == []
    if form == "trl":
        assert all(len(row["images"]) == 3 for row in rows)
        (content,) = [m["content"] for m in rows[0]["prompt"]]
        assert content[0] == {"type": "text", "text": "00:00"} and content[1]["type"] == "image"
    else:
        info = json.loads((out / "dataset_info.json").read_text())
        assert info["seizure"]["columns"]["audios"] == "audios"
        assert rows[0]["messages"][0]["content"].startswith("<video><audio>")


def test_what_an_engine_would_refuse_is_found() -> None:
    said = [("user", "<video><video>?"), ("assistant", "Yes")]
    row = {
        "messages": [{"role": role, "content": content} for role, content in said],
        "videos": ["/not/there.mp4"],
        **dict.fromkeys(("task", "channel", "id"), "t"),
        "solution": "{}",
    }
    faults = faults_of([row], "swift")
    assert any("2 <video> for 1 files" in f for f in faults)
    assert any("no such file: there.mp4" in f for f in faults)
    assert any("solution" in f for f in faults)
