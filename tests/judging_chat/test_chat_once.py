"""A chat judge asks about a text once: over runs, processes and versions."""

import itertools
import json
import multiprocessing
import sqlite3
import threading

from scripted_judge import FACTS, GOOD, SPEC, Scripted, always, in_turn, judge_at, read

from s3eval.judge import (
    AnswerQuestions,
    FeatureAnswers,
    MergedText,
    MergeTexts,
    ReadReport,
    ReportFacts,
    Unreadable,
)
from s3eval.remote.cache import ReplyCache
from s3eval.testing.chat_server import Said, scripted


def test_no_identical_text_is_asked_twice(tmp_path):
    texts = ["a", "b", "a", "a ", "b"]
    with scripted(always(Said(GOOD, wait=0.02))) as server:
        assert len(read(server, tmp_path, texts)) == 5
        assert sorted(server.texts) == ["a", "b"]
        again = judge_at(server, tmp_path)
        again.read_reports(texts)
        assert len(server.asked) == 2, "neither in one run nor in the next"
        assert again.account.calls == 0
        assert again.account.cached == 5
        again.close()


def test_unreadable_verdicts_are_kept_but_failures_are_asked_again(tmp_path):
    with scripted(in_turn(Said("nonsense"))) as server:
        read(server, tmp_path, ["a"])
        calls = len(server.asked)
        assert isinstance(read(server, tmp_path, ["a"])[0], Unreadable)
        assert len(server.asked) == calls
    with scripted(in_turn(*[Said(status=500, body="")] * 3, Said(GOOD))) as server:
        assert isinstance(read(server, tmp_path, ["b"])[0], Unreadable)
        assert isinstance(read(server, tmp_path, ["b"])[0], ReportFacts)


def test_another_model_prompt_or_setting_is_another_question(tmp_path):
    with scripted(always(Said(GOOD))) as server:
        read(server, tmp_path, ["a"])
        read(server, tmp_path, ["a"], model="other")
        read(server, tmp_path, ["a"], seed=1)
        read(server, tmp_path, ["a"], temperature=0.5)
    assert len(server.asked) == 4


def test_identity_and_records_name_model_prompt_and_sampling(tmp_path):
    with scripted(always(Said(GOOD))) as server:
        judge = judge_at(server, tmp_path)
        judge.read_reports(["a"])
        identity = dict(judge.identity())
        judge.close()
    assert {"judge", "model", "base_url", "prompt_version", "temperature", "seed"} <= {*identity}
    db = sqlite3.connect(tmp_path / "judges.sqlite")
    (value,) = db.execute("SELECT value FROM replies").fetchone()
    record = json.loads(value)["record"]
    assert record["prompt_version"] == identity["prompt_version"]
    assert record["temperature"] == 0.0
    assert record["answered_by"] == "scripted-0001"


def _read_slowly(base_url, folder):
    from pathlib import Path

    class Address:
        pass

    Address.base_url = base_url
    read(Address, Path(folder), [f"text {i}" for i in range(6)], concurrency=2)


def test_two_processes_share_the_work(tmp_path):
    with scripted(always(Said(GOOD, wait=0.2))) as server:
        context = multiprocessing.get_context("fork")
        others = [
            context.Process(target=_read_slowly, args=(server.base_url, str(tmp_path)))
            for _ in range(2)
        ]
        for process in others:
            process.start()
        for process in others:
            process.join(120)
        assert [p.exitcode for p in others] == [0, 0]
    assert sorted(server.texts) == [f"text {i}" for i in range(6)]


def test_a_killed_run_is_resumed_without_repeating(tmp_path):
    arrived, killed = itertools.count(), threading.Event()

    def answer(text, body, before):
        if next(arrived) >= 2:
            killed.wait(30)
        return Said(GOOD)

    with scripted(answer) as server:
        process = multiprocessing.get_context("fork").Process(
            target=_read_slowly, args=(server.base_url, str(tmp_path))
        )
        process.start()
        # Two were answered, and two are asked about.
        while len(server.asked) < 4 and process.is_alive():
            process.join(0.02)
        process.kill()
        process.join()
        killed.set()
        db = sqlite3.connect(tmp_path / "judges.sqlite")
        (kept,) = db.execute("SELECT COUNT(*) FROM replies").fetchone()
        db.execute("UPDATE claims SET until = 0")  # ten seconds later
        db.commit()
        db.close()
        before = len(server.asked)
        assert kept >= 2
        found = read(server, tmp_path, [f"text {i}" for i in range(6)])
        assert all(isinstance(f, ReportFacts) for f in found)
        assert len(server.asked) - before == 6 - kept


# What a reading is kept under. Another key would have every user's readings paid for again.
KEYS = {
    ReadReport(" He stares. "): "3504f2e89af20537d0a0ea9ddbc441221e0411e333a8ae20e781ebbfd405868b",
    AnswerQuestions("tonic", "The left arm is stiff."): (
        "35c19f303e037de9a768f4d7dffbb97371cd6d33e3bde8215078ae6048fa3917"
    ),
    MergeTexts(("He stares.", "He shakes.", "He stares. "), "report"): (
        "50ee36239c0c4e623f12b27eaea6365e0a87636d77c594351df645145671a992"
    ),
    MergeTexts(("He stares.", "He shakes."), "justification"): (
        "9c42fe88b08e4ae7554a4ffe5f336477ac25b114fea590463f7e54ca0f380a5c"
    ),
}
REPLIES = {
    ReadReport: FACTS,
    AnswerQuestions: {"stiff": "no"},
    MergeTexts: {"text": "He stares, then shakes."},
}


def test_readings_that_users_keep_stay_valid(tmp_path):
    cache = ReplyCache(tmp_path / "judges.sqlite")
    for request, key in KEYS.items():
        reply = {"state": "read", "json": REPLIES[type(request)], "raw": "", "record": {}}
        cache.put(key, reply)
    cache.close()
    # Nobody listens there: what is not found in the cache could not be read.
    options = {"base_url": "http://127.0.0.1:1/v1", "cache": str(tmp_path / "judges.sqlite")}
    judge = Scripted.load(SPEC, options)
    facts = judge.answer([*KEYS])
    assert judge.account.calls == 0 and judge.account.cached == 4
    judge.close()
    assert facts[0].features == ("head_turning", "tonic") and facts[0].words == 2
    assert facts[1] == FeatureAnswers("tonic", {"stiff": "no"})
    assert facts[2] == facts[3] == MergedText("He stares, then shakes.")


def test_the_key_of_a_feature_s_questions_is_what_it_was(tmp_path):
    import hashlib

    from s3eval.vocabulary import FEATURE_NAMES

    judge = Scripted.load(SPEC, {"base_url": "http://127.0.0.1:1/v1", "cache": "off"})
    # The paper's own questions were added to these two, whose cached replies lack the answers.
    unchanged = [f for f in FEATURE_NAMES if f not in ("clonic", "figure4")]
    asks = [judge._ask_of(AnswerQuestions(feature, "x")) for feature in unchanged]
    keys = "".join(judge._asker._job(ask).key for ask in asks)
    judge.close()
    assert hashlib.sha256(keys.encode()).hexdigest() == (
        "cd072309916e35469cb7938399641649bc6b26352b72b0af7f803e1573e81035"
    )
