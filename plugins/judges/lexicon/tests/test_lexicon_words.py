"""The small language of phrases, and files of one's own."""

from __future__ import annotations

import pytest
from s3eval_judge_lexicon.judge import Lexicon
from s3eval_judge_lexicon.lexicon import load_books
from s3eval_judge_lexicon.phrases import Found, Phrases, outermost
from s3eval_judge_lexicon.words import split_words

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.plugins import discover
from s3eval.specs import JudgeSpec

CLASSES = {"arm": ["arm*", "upper extremit*"], "side": ["left", "right"]}


def places_of(phrase: str, text: str) -> list[tuple[int, int]]:
    phrases = Phrases({"t": [phrase]}, CLASSES, ["with"])
    return [(f.start, f.end) for f in phrases.find(split_words(text))]


@pytest.mark.parametrize(
    ("phrase", "text", "places"),
    [
        ("head turn*", "head turning", [(0, 2)]),
        ("head turn*", "head, turning", []),
        ("head-turn", "head turn", [(0, 2)]),
        ("(lip|lips) smack*", "lips smacking", [(0, 2)]),
        ("wakes (up)? slowly", "wakes slowly. wakes up slowly", [(0, 2), (2, 5)]),
        ("<arm> extend*", "upper extremities extend", [(0, 3)]),
        ("extend* .. <arm>", "extends the right arm", [(0, 4)]),
        ("extend* .. <arm>", "extends one two three four arm", []),
        ("extend* ... <arm>", "extends one two three four arm", [(0, 6)]),
        ("extend* .. <arm>", "extends, right arm", []),
        ("extend* .. <arm>", "extends with right arm", []),
        ("<side> .. <arm>", "left arm", [(0, 2)]),
    ],
)
def test_phrases(phrase, text, places):
    assert places_of(phrase, text) == places


@pytest.mark.parametrize("phrase", ["(a|b", "a)", "?", "", "..", "a ..", "<leg> a", "a & b"])
def test_a_phrase_that_cannot_be_read_is_refused(phrase):
    with pytest.raises(S3EvalError):
        Phrases({"t": [phrase]}, CLASSES)


def test_longest_of_a_term_and_hidden_ones():
    all_found = [Found("head", 0, 3), Found("shake", 2, 3), Found("shake", 4, 5)]
    assert outermost(all_found, {"head": frozenset({"shake"})}) == [all_found[0], all_found[2]]
    assert outermost(all_found, {}) == all_found


def test_words_know_where_they_stand():
    text = "Doesn't blink – L. arm jerks.\nThe patient's leg, too"
    words = split_words(text)
    assert [text[s:e] for s, e in zip(words.starts, words.ends, strict=True)][:3] == [
        "Does",
        "n't",
        "blink",
    ]
    assert "patient" in words.words and "s" not in words.words
    assert words.sentence[words.words.index("leg")] > words.sentence[words.words.index("arm")]
    assert words.sentence[words.words.index("l")] == words.sentence[words.words.index("arm")]


def test_own_file_extends_and_removes(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(
        'version = "our clinic"\n[classes]\narm = ["wing*"]\n'
        '[terms.arm_extension]\nremove = ["outstretched"]\n'
        '[terms.moonwalk]\nsays = ["limb_automatisms"]\nphrases = ["moonwalk*"]\n'
        '[sections]\npostictal = ["dazzled"]\n'
        '[answers.close_eyes.forceful]\nyes = ["slammed"]\n',
        encoding="utf-8",
    )
    lexicon, book = load_books(file)
    judge = Lexicon(lexicon, book)
    one, two, three = judge.read_reports(
        ["The right wing extends.", "Outstretched. Moonwalking.", "He is dazzled."]
    )
    assert one.localizing["asymmetric_posturing"] == "right arm extension"
    assert two.features == ("limb_automatisms",)
    assert three.sections == ("postictal",)
    (answers,) = judge.answer_questions([("close_eyes", "Eyes slammed shut.")])
    assert answers.answers == {"forceful": "yes"}
    assert "our clinic" in judge.identity()["version"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("terms = [", S3EvalError),
        ("[surprises]\na = 1", S3EvalError),
        ('[terms.x]\nsays = ["tonik"]\nphrases = ["a"]', UnknownNameError),
        ('[terms.x]\nmoves = "tail"\nphrases = ["a"]', S3EvalError),
        ('[terms.x]\nphrases = ["(a"]', S3EvalError),
        ('[terms.x]\nhides = ["nothing_such"]\nphrases = ["a"]', S3EvalError),
        ('[answers.tonic.how_long]\nyes = ["a"]', S3EvalError),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path, content, error):
    file = tmp_path / "own.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(error):
        load_books(file)


def test_no_such_file_and_no_such_option(tmp_path):
    spec = JudgeSpec("lexicon", "s3eval_judge_lexicon.judge:Lexicon")
    with pytest.raises(S3EvalError, match="no such file"):
        Lexicon.load(spec, {"file": str(tmp_path / "none.toml")})
    with pytest.raises(S3EvalError, match="knows no option"):
        Lexicon.load(spec, {"temperature": 1})


def test_it_is_discovered_and_local():
    plugin = discover().get("judge", "lexicon")
    assert not plugin.spec.remote
    assert plugin.spec.load() is Lexicon


def test_progress_is_shown_for_long_lists_alone() -> None:
    from contextlib import contextmanager

    from s3eval_judge_lexicon.judge import Lexicon

    steps: list[object] = []

    @contextmanager
    def shown(label, total):
        steps.append((label, total))
        yield steps.append

    judge = Lexicon()
    judge.report_to(lambda line: None, shown)
    assert len(judge.read_reports(["He stares."] * 3)) == 3 and steps == []
    items = [("tonic", "Stiff.")] * 5000
    assert len(judge.answer_questions(items)) == 5000
    assert steps == [("lexicon", 5000), *[1] * 5000]
