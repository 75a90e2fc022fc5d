"""A model on a server: what is sent, in which order, and what comes of what comes back."""

import json
import math
import threading

import pytest
from s3eval_model_server.adapter import ServerModel
from server_clips import QUESTIONS, SEES, ask, footage, parts_of

from s3eval import Question, discover
from s3eval.errors import StopRunError
from s3eval.remote.probabilities import choice_probabilities
from s3eval.testing.chat_server import Said, scripted, together


def test_listed_ready_and_light():
    names = [p.spec.name for p in discover().of("model") if p.package == "s3eval-model-server"]
    assert names == ["server", "server-omni", "server-audio"]


def test_frames_come_first_and_the_question_last():
    with scripted(lambda t, b, n: Said(f"to {t}")) as server:
        answers, _ = ask(server)
    assert [a.text for a in answers] == [f"to {q.text}" for q in QUESTIONS]
    for body in server.asked:
        kinds = [p["type"] for p in parts_of(body)]
        assert kinds == ["image_url"] * 4 + ["text", "text"]
    prefixes = {json.dumps(parts_of(b)[:-1]) for b in server.asked}
    assert len(prefixes) == 1, "the same prefix for every question of the clip"
    note = parts_of(server.asked[0])[-2]["text"]
    assert "4 frames" in note
    assert "2.0 seconds" in note


def test_the_first_question_goes_ahead_so_that_the_prefix_is_cached():
    others = together(5, lambda t, b, n: Said("yes"))

    def answer(text, body, before):
        return Said("yes", wait=0.15) if "0" in text else others(text, body, before)

    with scripted(answer) as server:
        ask(server, concurrency=5)
    gaps = [t - server.times[0] for t in server.times[1:]]
    assert min(gaps) >= 0.15
    assert server.most_at_once == 5


def test_questions_with_the_same_instruction_go_together_and_answers_keep_their_order():
    mixed = [Question(f"q{i}", f"Q{i}", system="A" if i % 2 else "B") for i in range(4)]
    with scripted(lambda t, b, n: Said(b["messages"][0]["content"] + t)) as server:
        answers, _ = ask(server, mixed, concurrency=1)
    assert [a.text for a in answers] == ["BQ0", "AQ1", "BQ2", "AQ3"]
    assert [b["messages"][0]["content"] for b in server.asked] == ["B", "B", "A", "A"]


def test_probabilities_and_mass_from_the_first_word():
    top = [("Yes", 0.6), (" no", 0.2), ("yes", 0.1), ("Maybe", 0.05)]
    listed = [{"token": t, "logprob": math.log(p)} for t, p in top]
    first = {"token": "Yes", "logprob": math.log(0.6), "top_logprobs": listed}
    with scripted(lambda t, b, n: Said("Yes", logprobs=[first])) as server:
        (answer,), _ = ask(server, QUESTIONS[:1])
    assert answer.probabilities == pytest.approx({"yes": 0.7 / 0.9, "no": 0.2 / 0.9})
    assert answer.mass == pytest.approx(0.9)
    assert server.asked[0]["top_logprobs"] == 20


def test_a_server_without_logprobs_still_answers():
    def answer(text, body, before):
        if "logprobs" in body:
            return Said(status=422, body='{"detail": "Unsupported fields: top_logprobs, logprobs"}')
        return Said("no")

    with scripted(answer) as server:
        answers, _ = ask(server)
    assert [a.text for a in answers] == ["no"] * 6
    assert all(a.probabilities == {} and a.mass is None for a in answers)
    assert sum("logprobs" in b for b in server.asked) == 1, "offered once"


@pytest.mark.parametrize(
    ("choices", "token", "expected"),
    [(("ES", "NES"), "N", "NES"), (("ES", "NES"), "ES", "ES"), (("left", "right"), "L", "left"),
     (("yes", "no"), "nothing", None), (("left arm", "left leg"), "left", None)],
)  # fmt: skip
def test_which_choice_a_token_begins(choices, token, expected):
    first = {"token": token, "top_logprobs": [{"token": token, "logprob": -0.1}]}
    found, _ = choice_probabilities([first], choices)
    assert (max(found, key=found.get) if found else None) == expected


def test_a_failure_is_an_answer_of_its_own_and_the_others_go_on():
    def answer(text, body, before):
        if "1" in text:
            return Said(status=400, body='{"error": {"message": "too many images"}}')
        if "2" in text:
            return Said("")
        if "3" in text:
            return Said(status=500, body="")
        return Said("yes")

    with scripted(answer) as server:
        answers, _ = ask(server)
    assert [a.status for a in answers] == [
        "answered", "failed", "failed", "failed", "answered", "answered",
    ]  # fmt: skip
    assert "too many images" in answers[1].reason
    assert answers[2].reason.startswith("empty")


def test_a_clip_s_first_question_goes_ahead_of_what_waits_of_other_clips():
    from s3eval.remote.pool import RequestPool

    go, order = threading.Event(), []
    pool = RequestPool(1)
    pool.submit(go.wait)
    others = [pool.submit(lambda i=i: order.append(f"other {i}")) for i in range(2)]
    first = pool.submit(lambda: order.append("first"), is_first=True)
    go.set()
    for future in (*others, first):
        future.result(5)
    assert order == ["first", "other 0", "other 1"]
    pool.close()
    assert pool.submit(go.wait).cancelled()


def test_an_answer_does_not_wait_for_a_slower_one_before_it():
    """What is there is handed on to be stored, though an earlier question is not answered."""
    held = threading.Event()

    def answer(text, body, before):
        if "Question 1?" in text:
            held.wait(30)
        return Said("yes")

    with scripted(answer) as server:
        model = ServerModel.load(SEES, {"base_url": server.base_url, "concurrency": 8})
        coming = model.ask_as_completed(model.watch(model.prepare(footage())), QUESTIONS)
        first = [next(coming)[0] for _ in range(5)]
        assert first[0] == 0 and sorted(first) == [0, 2, 3, 4, 5]
        held.set()
        assert [(place, a.text) for place, a in coming] == [(1, "yes")]
        model.close()


def test_what_is_in_flight_when_the_run_is_stopped_is_kept():
    arrived, refused = threading.Barrier(2), threading.Event()

    def answer(text, body, before):
        if "Question 0?" in text:
            return Said("yes")
        arrived.wait(30)
        if "Question 1?" in text:
            refused.set()
            return Said(status=401, body='{"error": "no"}')
        refused.wait(30)
        return Said("yes", wait=0.2)

    with scripted(answer) as server:
        model = ServerModel.load(SEES, {"base_url": server.base_url, "concurrency": 2})
        got = []
        with pytest.raises(StopRunError, match="cannot be asked"):
            for pair in model.ask_as_completed(
                model.watch(model.prepare(footage())), QUESTIONS[:3]
            ):
                got.append(pair)
        assert [place for place, _ in got] == [0, 2]
        assert len(server.asked) == 3
        model.close()
