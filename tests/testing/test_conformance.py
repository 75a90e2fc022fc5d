"""Each check of the conformance suite: a plugin that breaks it fails it and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from s3eval import Dataset, Video
from s3eval.specs import (
    CommandSpec,
    DatasetSpec,
    ExecutorSpec,
    ExporterSpec,
    ImporterSpec,
    JudgeSpec,
    ModelSpec,
    PublishedSpec,
    RunEndSpec,
    TaskSpec,
)
from s3eval.testing import conformance
from s3eval.testing.conformance.task_baselines import _otherwise, _truths
from s3eval.testing.conformance.task_subject import Subject

BROKEN = Path(__file__).parent / "broken"
MODELS = [
    ("adapter", "NoModel"),
    ("load", "LoadsNothing"),
    ("load", "LoadsOnce"),
    ("load", "CloseRaises"),
    ("options", "TakesAnyOption"),
    ("options", "WrongErrorForOptions"),
    ("checked options", "ChecksWithDefaults"),
    ("checked options", "ChecksNoName"),
    ("identity", "IdentityOfTheMoment"),
    ("identity", "IdentityNoJson"),
    ("answers", "Forgets"),
    ("answers", "OtherType"),
    ("answers", "NotNormalised"),
    ("answers", "FailsWithoutReason"),
    ("answers", "WatchRaises"),
    ("answers", "WatchRaisesUnseen"),
    ("answers", "ReleaseRaises"),
    ("senses", "HearsInSecret"),
    ("uses_footage", "LooksInSecret"),
    ("footage unchanged", "WritesFrames"),
    ("footage unchanged", "WritesFramesAlways"),
    ("footage unchanged", "WritesTimes"),
    ("determinism", "Draws"),
    ("second clip", "KeepsTheFirstClip"),
    ("second clip", "AnswersAboutTheLastClip"),
    ("alone", "SeesOtherQuestions"),
    ("alone", "OutOfPlace"),
    ("alone", "LeavesOneOut"),
    ("threads", "PreparesOnItself"),
    ("concurrency", "NoConcurrency"),
    ("concurrency", "WatchesOnItself"),
    ("concurrency", "AsksOnItself"),
    ("concurrency", "ReleasesAll"),
    ("process", "OtherInAnotherProcess"),
    ("process", "IdentityOfTheProcess"),
    ("raises", "RaisesForFreeText"),
    ("choices", "YesWhateverIsOffered"),
    ("options in identity", "OptionOutsideIdentity"),
    ("options in identity", "FieldOutsideIdentity"),
    ("options in identity", "ChoiceOutsideIdentity"),
    ("options in identity", "BoundOutsideIdentity"),
]
TASKS = [
    ("adapter", "NoTask"),
    ("items", "NoItems"),
    ("items", "PositiveIsNoLabel"),
    ("items", "NumberWithoutUnit"),
    ("plan", "PlansByChance"),
    ("plan", "AsksTheDeaf"),
    ("plan", "LeavesTheVideo"),
    ("options", "SecretOption"),
    ("options", "OptionWithoutHelp"),
    ("read", "RaisesOnOddText"),
    ("read", "NoReasonWhyUnread"),
    ("read", "LabelOfNothing"),
    ("read", "LabelOfARefusal"),
    ("combine", "DefaultForFailures"),
    ("combine", "FindingOfNothing"),
    ("truth", "TruthIsNoLabel"),
    ("truth", "NoTruth"),
    ("tallies", "RowsAreNaN"),
    ("tallies", "UnknownVideos"),
    ("tallies", "HeadlineIsNoMetric"),
    ("tallies", "RowsOfAnotherShape"),
    ("baselines", "BaselineElsewhere"),
    ("order", "RewardsWrongAnswers"),
    ("order", "BaselineBeatsTruth"),
]
SCORES = [
    ("read", "ReadsNothing"),
    ("read", "ReadsSwapped"),
    ("read", "ChoicesNotLabels"),
    ("read", "LabelWithoutChoicesUnread"),
    ("combine", "CombineRaises"),
    ("combine", "CombineRaisesForSeveral"),
    ("combine", "CombineMakesNoLabel"),
    ("combine", "CombineNamesNoItem"),
    ("combine", "CombineDraws"),
    ("combine", "CombineIgnoresAnswers"),
    ("combine", "DefaultForUnreadable"),
    ("tallies", "ScoresDraw"),
    ("scores", "ScoresEverythingOne"),
    ("scores", "ScoresByPlace"),
    ("counts", "DropsWrongAnswers"),
    ("counts", "CountsNothing"),
    ("counts", "CountsNoFailures"),
    ("baselines", "BaselineOfItsOwnTruth"),
    ("baselines", "BaselineDraws"),
    ("requests", "AsksAJudge"),
    ("truth", "TruthNeedsFacts"),
    ("counts", "ScoresFailures"),
    ("baselines", "BaselineOfSome"),
    ("combine", "FindingOfAnotherTask"),
    ("combine", "ProbabilityAboveOne"),
    ("read", "ReadsNoNumber"),
    ("order", "ErrorIsBetter"),
    ("items", "ManyProblems"),
]
JUDGES = [
    ("adapter", "NoJudge"),
    ("load", "LoadsNothing"),
    ("load", "LoadsOnce"),
    ("load", "CloseRaises"),
    ("options", "TakesAnyOption"),
    ("identity", "NoIdentity"),
    ("identity", "IdentityOfTheMoment"),
    ("serves", "ServesTexts"),
    ("serves", "RemoteInSecret"),
    ("lists", "TooFew"),
    ("lists", "ServesTooMuch"),
    ("types", "NoFacts"),
    ("types", "NoReason"),
    ("types", "NotBuilt"),
    ("types", "OutsideTheSchema"),
    ("types", "NoLocalizing"),
    ("types", "MergesToNoText"),
    ("vocabulary", "UnknownFeature"),
    ("vocabulary", "FeatureTwice"),
    ("vocabulary", "UnknownSection"),
    ("vocabulary", "SectionsTurned"),
    ("vocabulary", "LocalizesHands"),
    ("vocabulary", "LocalizesInCapitals"),
    ("vocabulary", "OtherQuestions"),
    ("vocabulary", "OtherAnswers"),
    ("empty text", "FindsInNothing"),
    ("empty text", "LocalizesInNothing"),
    ("empty text", "ExtractsFromNothing"),
    ("empty text", "MergesToNothing"),
    ("evidence", "EvidenceElsewhere"),
    ("determinism", "Draws"),
    ("order", "SeesOtherTexts"),
    ("order", "RemembersTexts"),
    ("order", "ReadsOnce"),
]
DATASETS = [
    ("adapter", "not_callable"),
    ("opens", "none"),
    ("opens", "empty"),
    ("refusal", "wrong_error"),
    ("refusal", "opens_anything"),
    ("videos", "same_names"),
    ("videos", "no_patient"),
    ("videos", "endless"),
    ("videos", "duration_is_text"),
    ("facts", "facts_no_json"),
    ("annotation", "unknown_feature"),
    ("annotation", "ends_before_start"),
    ("rules", "fold_is_text"),
    ("rules", "side_is_none"),
    ("rules", "videos_in_a_list"),
    ("rules", "annotates_no_video"),
    ("rules", "ends_after_the_video"),
    ("rules", "seizure_ends_before_start"),
    ("rules", "patient_in_two_folds"),
    ("files", "outside"),
    ("digest", "no_digest"),
    ("digest", "digest_of_the_moment"),
    ("digest", "digest_of_something"),
    ("same again", "another_order"),
]


TOOLS = [
    ("spec", CommandSpec, "verb", {"name": "one two three"}),
    ("spec", ExporterSpec, "export", {"of": "run"}),
    ("spec", ImporterSpec, "export", {"summary": ""}),
    ("adapter", CommandSpec, "no_verb", {}),
    ("adapter", CommandSpec, "no_such_verb", {}),
    ("adapter", ExporterSpec, "export_one", {}),
    ("adapter", ExporterSpec, "NO_FUNCTION", {}),
    ("adapter", RunEndSpec, "ends", {"remote": True}),
    ("adapter", ExecutorSpec, "NoExecutor", {}),
    ("adapter", PublishedSpec, "NoExecutor", {}),
    ("options", ExecutorSpec, "TakesAnyOption", {}),
]


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BROKEN))


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.mp4").write_bytes(b"no video, but a file")
    return tmp_path / "data"


def model(name: str, **more) -> ModelSpec:
    return ModelSpec("broken", f"broken_models:{name}", "for a test", **{"sees": True} | more)


def task(name: str, **more) -> TaskSpec:
    return TaskSpec("broken", f"broken_tasks:{name}", "for a test", **more)


def judge(name: str, **more) -> JudgeSpec:
    return JudgeSpec("broken", f"broken_judges:{name}", "for a test", **more)


def failed(problems) -> set[str]:
    assert all(p.what for p in problems)
    return {p.check for p in problems}


def test_what_conforms_has_no_problems(folder):
    assert conformance.check_model(model("Good")) == []
    assert conformance.check_task(task("Good")) == []
    assert conformance.check_judge(judge("Good")) == []
    spec = DatasetSpec("broken", "broken_datasets:good", "for a test")
    assert conformance.check_dataset(spec, folder) == []


@pytest.mark.parametrize(("check", "name"), MODELS)
def test_a_broken_model_fails_one_check(check, name):
    problems = conformance.check_model(model(name))
    assert failed(problems) == {check}, problems
    assert all(p.fix for p in problems)


@pytest.mark.parametrize("name", ["ChecksToAPath", "ChecksTwiceOtherwise"])
def test_options_that_are_checked_wrongly_fail_one_check(name):
    problems = conformance.check_model(model(name), {"threshold": 0.5})
    assert failed(problems) == {"checked options"}, problems
    assert all(p.fix for p in problems)


@pytest.mark.parametrize("name", ["OptionInIdentity", "OptionWithoutEffect"])
def test_an_option_in_the_identity_or_without_effect_is_no_problem(name):
    assert conformance.check_model(model(name)) == []


@pytest.mark.parametrize("name", ["OneAfterTheOther", "KeepsClipsApart"])
def test_a_model_that_keeps_clips_apart_may_take_several(name, monkeypatch):
    monkeypatch.setattr("s3eval.testing.conformance.model_clips._PATIENCE", 0.2)
    assert conformance.check_model(model(name)) == []


@pytest.mark.parametrize(("check", "name"), TASKS)
def test_a_broken_task_fails_one_check(check, name):
    problems = conformance.check_task(task(name))
    assert failed(problems) == {check}, problems
    assert all(p.fix for p in problems)


@pytest.mark.parametrize(("check", "name"), SCORES)
def test_a_task_whose_answers_and_scores_disagree_fails_one_check(check, name):
    spec = TaskSpec("broken", f"broken_scores:{name}", "for a test")
    problems = conformance.check_task(spec)
    assert failed(problems) == {check}, problems
    assert all(p.fix for p in problems)


def test_a_truth_of_zero_is_exchanged_like_any_other():
    spec = TaskSpec("broken", "broken_scores:TruthOfZero", "for a test")
    videos = (Video("a", "p1", diagnosis="ES"), Video("b", "p2", diagnosis="NES"))
    subject = Subject(spec, Dataset("d", videos, {}))
    assert _truths(subject, "a") == {"onset": 0.0}, "what is unknown is none"
    other = _otherwise(subject, videos[0])
    assert other is not None and _truths(other, "a") == {"onset": 5.0}


@pytest.mark.parametrize(
    ("check", "more"), [("requests", {"judged": True}), ("items", {"provides": ("features",)})]
)
def test_a_spec_that_says_more_than_its_task_does(check, more):
    (problem,) = conformance.check_task(task("Good", **more))
    assert problem.check == check
    assert next(iter(more)) in problem.fix


@pytest.mark.parametrize(("check", "name"), JUDGES)
def test_a_broken_judge_fails_one_check(check, name):
    problems = conformance.check_judge(judge(name))
    assert failed(problems) == {check}, problems
    assert all(p.fix for p in problems)


@pytest.mark.parametrize(("check", "name"), DATASETS)
def test_a_broken_format_fails_one_check(check, name, folder):
    spec = DatasetSpec("broken", f"broken_datasets:{name}", "for a test")
    problems = conformance.check_dataset(spec, folder)
    assert failed(problems) == {check}, problems
    assert all(p.fix for p in problems)


@pytest.mark.parametrize(
    "spec",
    [
        ModelSpec("two words", "broken_models:Good", "for a test", sees=True),
        ModelSpec("broken", "broken_models:Good", "", sees=True),
        ModelSpec("broken", "broken_models:Good", "for a test", sees=True, profile="fast"),
        ModelSpec("broken", "broken_models:Good", "for a test", sees=True, parameters=-1),
    ],
)
def test_a_spec_that_says_something_wrong(spec):
    assert failed(conformance.check_model(spec)) == {"spec"}


def test_a_spec_of_a_task_or_format_that_says_something_wrong(folder):
    two_words = TaskSpec("two words", "broken_tasks:Good", "for a test")
    assert failed(conformance.check_task(two_words)) == {"spec"}
    silent = DatasetSpec("broken", "broken_datasets:good", "")
    assert failed(conformance.check_dataset(silent, folder)) == {"spec"}


def test_needs_are_modules_and_not_distributions():
    """Nothing of that name can be imported, so the adapter cannot be loaded either."""
    problems = conformance.check_model(model("Good", needs=("scikit-learn",)))
    assert failed(problems) == {"spec", "adapter"}


def test_a_remote_judge_names_its_model():
    problems = conformance.check_judge(judge("RemoteInSecret", remote=True))
    assert failed(problems) == {"spec"}


def test_a_remote_judge_says_so_unless_its_server_is_on_this_machine():
    remote = {"remote": True, "model": "m"}
    assert failed(conformance.check_judge(judge("Good", **remote))) == {"serves"}
    assert conformance.check_judge(judge("ServerOnThisMachine", **remote)) == []


def tool(kind, attribute: str, **more):
    fields = {"name": "broken", "summary": "for a test", "adapter": f"broken_tools:{attribute}"}
    return kind(**fields | more)


@pytest.mark.parametrize(("check", "kind", "name", "more"), TOOLS)
def test_a_broken_tool_fails_one_check(check, kind, name, more):
    (problem,) = conformance.check_tool(tool(kind, name, **more))
    assert problem.check == check
    assert problem.fix


def test_tools_that_conform_have_no_problems():
    fine = [
        tool(CommandSpec, "verb", name="data verb"),
        tool(ExporterSpec, "export", of="dataset"),
        tool(ImporterSpec, "export"),
        tool(RunEndSpec, "ends"),
        tool(ExecutorSpec, "Executes"),
    ]
    assert [conformance.check_tool(spec) for spec in fine] == [[]] * len(fine)


def test_a_function_of_too_few_arguments_is_told_what_it_gets():
    (problem,) = conformance.check_tool(tool(RunEndSpec, "ends", remote=True))
    assert problem.what.startswith("ends() cannot be called with 3 arguments")
    assert problem.fix == "write def ends(run, scores, permission)"


def test_what_is_looked_up_is_asked_for():
    spec = TaskSpec("broken", "broken_scores:LooksUpAnotherText", "for a test", judged=True)
    (problem,) = conformance.check_task(spec)
    assert problem.check == "requests"
    assert "looks up Extract of 'ES', which read_requests() did not ask for" in problem.what


def test_a_kind_of_problem_is_told_a_few_times_and_counted():
    spec = TaskSpec("broken", "broken_scores:ManyProblems", "for a test")
    said = [str(problem) for problem in conformance.check_task(spec)]
    assert len(said) == len({*said}) == 4
    assert said[0] == "items: items() lists 'onset 0' twice. Change: name each item once."
    assert said[3].startswith("items: the number 'onset 2' has no unit (and 2 more like it).")


@pytest.mark.parametrize(
    ("name", "what", "fix"),
    [
        ("FindingOfAnotherTask", "but got one of 'other'", "give the fields of each Finding"),
        ("ProbabilityAboveOne", "a run refuses: A finding has 1.7", "give the fields"),
        ("ReadsNoNumber", "read() makes nan of the answer 'NaN'", "names no finite number"),
        ("ErrorIsBetter", "on 'mae' of 'onset', the truth 0", "set higher_is_better"),
        ("TruthNeedsFacts", "raised KeyError: None", "return None where the truth is not known"),
        ("ScoresFailures", "where all answers failed", "score findings with state 'answered'"),
        ("BaselineOfSome", "answers about 1 of", "the same videos"),
    ],
)
def test_a_problem_says_what_is_wrong_and_the_way_out(name, what, fix):
    spec = TaskSpec("broken", f"broken_scores:{name}", "for a test")
    (problem,) = conformance.check_task(spec)
    assert what in problem.what
    assert fix in problem.fix


def test_a_problem_tells_what_to_change():
    (problem,) = conformance.check_task(task("HeadlineIsNoMetric"))
    said = str(problem)
    assert "'f1'" in said
    assert "Change: name one of its metrics as headline." in said


def test_a_rule_that_a_dataset_breaks_is_told_with_what_is_meant(folder):
    spec = DatasetSpec("broken", "broken_datasets:annotates_no_video", "for a test")
    (problem,) = conformance.check_dataset(spec, folder)
    assert "'aa' is annotated, but is no video of the dataset (did you mean 'a'?)" in problem.what
    assert problem.fix.startswith("correct it")
    spec = DatasetSpec("broken", "broken_datasets:endless", "for a test")
    (problem,) = conformance.check_dataset(spec, folder)
    assert problem.fix == "give the seconds that the video lasts, or None where unknown"


def test_an_adapter_that_is_misspelt_is_corrected_in_the_spec():
    (problem,) = conformance.check_model(model("OptionInIdentit"))
    assert problem.check == "adapter"
    assert "the module broken_models has no 'OptionInIdentit'" in problem.what
    assert problem.fix == 'correct `adapter=` in its spec: "broken_models:OptionInIdentity"'
    assert ".." not in str(problem)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\nclass Mine(Model:\n", 2),
        ("import json\n\njson.loads('{')\n", 3),
        ("x = no_such_name\n", 1),
    ],
)
def test_a_module_that_does_not_import_is_mended_at_its_line(text, line, tmp_path, monkeypatch):
    name = f"half_written_{line}"
    (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (problem,) = conformance.check_model(ModelSpec("m", f"{name}:Mine", "for a test", sees=True))
    assert problem.fix == "mend the module"
    assert f"({name}.py:{line})" in problem.what
    assert ".." not in str(problem)


def test_what_a_plugin_raises_is_told_with_file_and_line():
    line = next(
        number
        for number, text in enumerate((BROKEN / "broken_models.py").open(encoding="utf-8"), 1)
        if "raise KeyError(question.key)" in text
    )
    (problem,) = conformance.check_model(model("RaisesForFreeText"))
    assert f"broken_models.py:{line})" in str(problem)
    (problem,) = conformance.check_task(task("RaisesOnOddText"))
    assert re.search(r"KeyError: '' \(\S*broken_tasks\.py:\d+\)", str(problem))


def test_the_way_out_that_an_error_names_is_what_to_change():
    (problem,) = conformance.check_model(model("NeedsAFile"))
    assert "it needs a file" in problem.what
    assert problem.fix == "--model-option file=a.csv"


#: Broken by specs of their own above, whatever the adapter is.
BY_SPEC = {"spec"}


@pytest.mark.parametrize(
    ("module", "broken"),
    [
        ("models", MODELS),
        ("tasks", TASKS + SCORES),
        ("judges", JUDGES),
        ("datasets", DATASETS),
        ("tools", [(check, name) for check, _, name, _ in TOOLS]),
    ],
)
def test_every_check_has_a_plugin_that_breaks_it(module, broken):
    from importlib import import_module

    checks = import_module(f"s3eval.testing.conformance.{module}")._CHECKS
    assert {check.name for check in checks} - BY_SPEC <= {check for check, _ in broken}
