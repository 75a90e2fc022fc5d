"""``s3eval judge compare`` on hand-made runs, with judges that agree and disagree as told."""

import json

import pytest
from click.testing import CliRunner

from s3eval.cli.judge_compare import command
from s3eval.errors import S3EvalError
from s3eval.judge import ReportFacts
from s3eval.running.runs import RunFacts, write_run
from s3eval.statistics.judge_comparison import JudgedRun, agreement_of
from s3eval.task import Finding
from s3eval.testing.chat_server import Said, scripted
from s3eval.vocabulary import LOCALIZING

NONE = dict.fromkeys(LOCALIZING, "none")


def facts(*features, sections=("onset",), **localizing):
    return ReportFacts(sections, features, {**NONE, **localizing})


def test_agreement_of_opposites_and_of_the_unread():
    a = JudgedRun(
        "r", "a", 0.5, 40.0,
        rqi_of={"v": 10.0, "w": 20.0, "x": 30.0},
        facts={"v": facts("tonic"), "w": facts("clonic", head_turning="left"), "x": facts()},
    )  # fmt: skip
    b = JudgedRun(
        "r", "b", 0.4, 30.0,
        rqi_of={"v": 30.0, "w": 20.0, "x": 10.0},
        facts={"v": facts("tonic"), "w": facts("clonic"), "x": None},
    )  # fmt: skip
    found = agreement_of([a], [b])
    assert (found.reports, found.unread) == (2, 1)
    assert found.feature_kappa == 1.0
    assert found.localizing == pytest.approx(7 / 8)
    assert found.rqi_spearman == pytest.approx(-1.0)
    assert found.rqi_ranking is None, "one run has no order"


def test_rankings_of_runs():
    def runs(judge, values):
        return [JudgedRun(str(i), judge, v, v) for i, v in enumerate(values)]

    same = agreement_of(runs("a", [1.0, 2.0, 3.0]), runs("b", [10.0, 20.0, 30.0]))
    other = agreement_of(runs("a", [1.0, 2.0, 3.0]), runs("b", [30.0, 20.0, 10.0]))
    assert (same.rqi_ranking, other.rqi_ranking) == (pytest.approx(1.0), pytest.approx(-1.0))


@pytest.fixture
def made(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "dataset.toml").write_text('format = 1\nname = "made"\n')
    (data / "videos.csv").write_text("video,patient\nP1@a,P1\nP2@b,P2\nP3@c,P3\n")
    reports = {
        "P1@a": "Head turns to the left, then tonic stiffening.",
        "P2@b": "Staring, followed by lip smacking.",
        "P3@c": "Both arms jerk rhythmically. Afterwards he is confused.",
    }
    (data / "reports.csv").write_text(
        "video,report\n" + "".join(f'{v},"{t}"\n' for v, t in reports.items())
    )
    for name, told in (("good", reports), ("poor", dict.fromkeys(reports, "He sleeps."))):
        findings = [Finding("report", v, "report", "answered", t) for v, t in told.items()]
        run_facts = RunFacts(name, ("sight",), ("report",), str(data), source="recorded")
        write_run(tmp_path / "runs" / name, run_facts, findings)
    return tmp_path / "runs"


def reply_to(text):
    words = {"tonic": "tonic", "blank_stare": "Staring", "clonic": "jerk"}
    features = [feature for feature, word in words.items() if word in text]
    return json.dumps(
        {
            "structural_completeness": ["onset"],
            "event_sequence": features,
            "localizing_features": NONE,
            "content_analysis": {"has_safety_issues": False, "includes_non_seizure": False},
        }
    )


def compare(server, runs, tmp_path, *more):
    options = ["--judge-option", f"gpt.base_url={server.base_url}"]
    options += ["--judge-option", f"gpt.cache={tmp_path / 'c.sqlite'}"]
    options += ["--judge-option", "gpt.first_wait=0.01", "--judge-option", "gpt.attempts=2"]
    return CliRunner().invoke(
        command, [str(runs), "--judges", "lexicon,gpt", *options, *more], catch_exceptions=False
    )


def test_the_command_shows_scores_and_agreement(made, tmp_path):
    with scripted(lambda t, b, n: Said(reply_to(t))) as server:
        shown = compare(server, made, tmp_path)
        asked = len(server.asked)
        result = compare(server, made, tmp_path, "--json", str(tmp_path / "out.json"))
        assert len(server.asked) == asked == 4, "four distinct texts, each asked once"
    assert shown.exit_code == result.exit_code == 0
    assert "lexicon / gpt" in shown.output
    document = json.loads((tmp_path / "out.json").read_text())
    assert [(m["judge"], m["rqi_runs"]) for m in document["means"]] == [("lexicon", 2), ("gpt", 2)]
    scores = {(r["judge"], r["run"]): r["rqi"] for r in document["runs"]}
    assert scores["gpt", "good"] > scores["gpt", "poor"]
    (pair,) = document["agreement"]
    assert pair["reports"] == 6
    assert pair["rqi_ranking"] == pytest.approx(1.0)
    assert document["judges"]["gpt"]["prompt_version"]


@pytest.mark.parametrize("verb", [["score"], ["show"]])
def test_one_budget_holds_for_all_runs_and_its_preview_counts_them(made, tmp_path, verb):
    from s3eval.cli import cli

    def scores(*more):
        options = ["--judge", "gpt", "--judge-option", f"base_url={server.base_url}"]
        options += ["--judge-option", f"cache={tmp_path / verb[0]}", "--resamples", "20"]
        return CliRunner().invoke(cli, [*verb, str(made), *options, *more])

    with scripted(lambda t, b, n: Said(reply_to(t))) as server:
        seen = scores("--max-judge-calls", "0")
        # Three of the one run, one of the other, and the trivial answerer's.
        assert "5 calls" in seen.stderr and not server.asked
        assert isinstance(seen.exception, S3EvalError) and seen.exception.exit_code == 3
        stopped = scores("--max-judge-calls", "4")
        assert len(server.asked) == 4
        assert isinstance(stopped.exception, S3EvalError) and stopped.exception.exit_code == 3
        done = scores("--max-judge-calls", "1")
        assert done.exit_code == 0 and len(server.asked) == 5
        assert done.stderr.count("1 calls, ") == 2, "what it takes, and what was used"


def test_texts_a_judge_left_unread_are_counted_and_told_by_the_exit_code(made, tmp_path):
    with scripted(lambda t, b, n: Said("x" if "jerk" in t else reply_to(t))) as server:
        result = compare(server, made, tmp_path, "--json", "-")
    assert result.exit_code == 3
    document = json.loads(result.stdout)
    assert document["agreement"][0]["unread"] == 1
    good = next(r for r in document["runs"] if (r["judge"], r["run"]) == ("gpt", "good"))
    assert (good["scored"]["report"], good["reports_read"]) == (2, 2)


def test_wrong_input(made, tmp_path):
    for arguments, said in (
        (["--judges", "lexicon"], "two different judges or more"),
        (["--judges", "lexicon,lexicon"], "'lexicon' is the only one"),
        (["--judges", "lexicon,gtp"], "did you mean 'gpt'"),
        (["--judges", "lexicon,gpt", "--judge-option", "model=x"], "Which judge"),
        (["--judges", "lexicon,gpt"], "allow-remote|No key"),
    ):
        with pytest.raises(S3EvalError, match=said):
            CliRunner().invoke(command, [str(made), *arguments], catch_exceptions=False)
