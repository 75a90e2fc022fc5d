"""Questions asked several times: keys, which answer counts, stability, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from s3eval import Model, ModelSpec, Question, S3EvalError
from s3eval.cli import cli
from s3eval.facts.clips import Clip, Sampling
from s3eval.model import Answer
from s3eval.plugins import Plugin, installed
from s3eval.running.keys import answer_key
from s3eval.running.repeats import ONCE, Repeats, combined_answer, repeats_of, with_stability
from s3eval.running.runs import open_run
from s3eval.running.settings import Settings
from s3eval.task import Finding, Reading
from s3eval.testing.plugins import beside_installed

CLIP = Clip("v", 0.0, 30.0, Sampling())
QUESTION = Question("tonic", "Tonic?", ("yes", "no"), 16)


def key(question: Question) -> str:
    return answer_key({"name": "motion"}, "sha", CLIP, question)


def test_today_s_keys_hold():
    """The key of a question asked once, as it was before repetitions existed."""
    assert key(QUESTION) == "cd164bcc8059d81c77c510eb10992d4b1f8673068f69268a126ba0fb299c5da5"
    assert key(replace(QUESTION, repeat=0, seed=0)) == key(QUESTION)


def test_number_and_seed_are_part_of_the_key():
    keys = {key(q) for seed in (0, 1) for q in Repeats(3, seed=seed).questions(QUESTION)}
    assert len(keys) == 6 and key(QUESTION) in keys
    assert Repeats(1, seed=5).questions(QUESTION) == (QUESTION,)


def said(*texts: str, **probabilities: float):
    return [
        (Answer.of(t, probabilities=probabilities), Reading(t if t in ("yes", "no") else None, "?"))
        for t in texts
    ]


@pytest.mark.parametrize(
    ("texts", "counts"),
    [
        (("no", "yes", "yes"), "yes"),
        (("no", "yes"), "no"),  # a tie: the earlier one
        (("?", "?", "yes"), "yes"),  # what cannot be read has no vote
        (("?", "!"), "?"),
    ],
)
def test_the_majority_counts(texts, counts):
    assert combined_answer(said(*texts), "majority")[0].text == counts


def test_self_consistency_counts_probability_not_heads():
    answers = [
        (Answer.of("no", probabilities={"yes": 0.45, "no": 0.55}, mass=0.8), Reading("no")),
        (Answer.of("no", probabilities={"yes": 0.45, "no": 0.55}, mass=0.9), Reading("no")),
        (Answer.of("yes", probabilities={"yes": 0.99, "no": 0.01}, mass=1.0), Reading("yes")),
    ]
    majority, consistent = (
        combined_answer(answers, c)[0] for c in ("majority", "self-consistency")
    )
    assert (majority.text, consistent.text) == ("no", "yes")
    assert majority.probabilities == consistent.probabilities
    assert consistent.probabilities["yes"] == pytest.approx(0.63)
    assert consistent.mass == pytest.approx(0.9)
    assert combined_answer(answers, "first")[0] is answers[0][0]


def test_failed_repetitions_do_not_hide_the_others():
    answers = [(Answer.failed("timeout"), Reading(None, "timeout")), *said("yes")]
    assert combined_answer(answers, "majority")[0].text == "yes"
    assert combined_answer(answers[:1], "majority")[0].status == "failed"


def test_stability_is_the_share_that_agrees():
    def finding(value, state="answered"):
        return Finding("recognition", "v1", "tonic", state, value)

    alone = [{"recognition": [finding(v)]} for v in ("yes", "yes", "no")]
    alone.append({"recognition": [finding(None, "unreadable")]})
    (found,) = with_stability({"recognition": [finding("yes")]}, alone)["recognition"]
    assert found.detail["repeats"] == {"count": 4, "agree": 2}
    assert with_stability({"recognition": [finding("yes")]}, [{}, {}])["recognition"] == [
        finding("yes")
    ]


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "3"])
def test_counts_that_are_none_are_refused(count):
    with pytest.raises(S3EvalError, match="repeat"):
        Repeats(count)


def test_unknown_combinations_suggest_the_nearest():
    with pytest.raises(S3EvalError, match="did you mean 'majority'"):
        Repeats(2, "majorty")


def test_settings_and_runs_remember_repetitions(tmp_path):
    settings = Settings("m", ("recognition",), "d", seed=3, repeats=Repeats(5, "first", 3))
    (tmp_path / "run.toml").write_text(settings.as_toml())
    assert Settings.from_toml(tmp_path / "run.toml").repeats == settings.repeats
    assert "repeat" not in Settings("m", ("recognition",), "d").as_toml()
    assert repeats_of(settings.repeats.as_options(), 3) == settings.repeats
    assert repeats_of({}, 3) == ONCE and ONCE.as_options() == {}


class Wavering(Model):
    """Says yes to two of three repetitions, to every third question always."""

    uses_footage = False
    temperature = 0.7

    def answer(self, footage, question):
        asked.append(question)
        steady = len(question.key) % 3 == 0
        return "yes" if steady or (question.repeat + question.seed) % 3 else "no"


class Steady(Wavering):
    temperature = 0.0


asked: list[Question] = []


@pytest.fixture
def models(monkeypatch):
    asked.clear()
    specs = [
        ModelSpec(k.__name__.lower(), f"{__name__}:{k.__name__}", sees=True)
        for k in (Wavering, Steady)
    ]
    monkeypatch.setattr(
        ModelSpec, "load", lambda self: {"wavering": Wavering, "steady": Steady}[self.name]
    )
    with beside_installed(*(Plugin("model", s, "test", "1") for s in specs)):
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    from s3eval_synth.testing import tiny_dataset

    folder = tmp_path_factory.mktemp("repeats") / "data"
    tiny_dataset(folder, videos=2, seconds=6.0)
    return str(folder)


def run(data, out, *more, model="wavering"):
    arguments = ["run", "-m", model, "-t", "recognition", "-d", data, "-o", str(out)]
    return CliRunner().invoke(cli, [*arguments, "--resamples", "20", *more])


def test_a_run_asks_all_repetitions_once_and_shows_stability(models, data, tmp_path):
    done = run(data, tmp_path, "--repeat", "3", "--json", "-")
    assert done.exit_code == 0, done.output
    assert len(asked) == len({(q.key, q.repeat) for q in asked}) * 2
    assert {q.repeat for q in asked} == {0, 1, 2}
    rows = json.loads(done.stdout)[0]["scores"]
    shares = {r["item"]: r["stability"] for r in rows}
    assert {round(v, 3) for k, v in shares.items() if k != "mean"} == {0.667, 1.0}
    found = open_run(tmp_path / "wavering").findings["recognition"]
    assert {f.value for f in found} == {"yes"}

    shown = CliRunner().invoke(cli, ["show", str(tmp_path / "wavering"), "--resamples", "100"])
    assert "stability" in shown.output and "0.67" in shown.output
    before = len(asked)
    again = run(data, tmp_path, "--repeat", "4")
    assert again.exit_code == 0, again.output
    assert len(asked) == before * 4 // 3  # the first three are there
    scored = CliRunner().invoke(
        cli, ["score", str(tmp_path / "wavering"), "--resamples", "100", "--json", "-"]
    )
    assert all(r["stability"] is not None for r in json.loads(scored.stdout)[0]["scores"])


def test_labels_of_a_task_that_a_judge_reads_for_are_stable_or_not(models, data, tmp_path):
    spec = replace(installed().get("task", "recognition").spec, name="rated", judged=True)
    with beside_installed(Plugin("task", spec, "test", "1")):
        done = run(data, tmp_path, "-t", "rated,report", "--repeat", "3", "--json", "-")
    assert done.exit_code == 0, done.output
    rows = [r for one in json.loads(done.stdout) for r in one["scores"]]
    stable = {r["task"]: r["stability"] is not None for r in rows if r["metric"] in ("f1", "rqi")}
    assert stable == {"rated": True, "report": False, "recognition": True}


def test_the_first_repetition_counts_where_it_is_chosen(models, data, tmp_path):
    run(data, tmp_path, "--repeat", "3", "--combination", "first")
    found = open_run(tmp_path / "wavering").findings["recognition"]
    assert {f.value for f in found} == {"yes", "no"}


def test_without_repetitions_nothing_is_new(models, data, tmp_path):
    done = run(data, tmp_path, "--json", "-")
    assert {r["stability"] for r in json.loads(done.stdout)[0]["scores"]} == {None}
    assert {(q.repeat, q.seed) for q in asked} == {(0, 0)}
    assert "repeats" not in (tmp_path / "wavering" / "findings.jsonl").read_text()
    assert "stability" not in CliRunner().invoke(cli, ["show", str(tmp_path)]).output


def test_repeating_what_is_never_drawn_is_refused(models, data, tmp_path):
    done = run(data, tmp_path, "--repeat", "2", model="steady")
    assert done.exit_code != 0 and not asked
    assert "temperature" in str(done.exception)
    assert run(data, tmp_path, "--repeat", "1", model="steady").exit_code == 0
