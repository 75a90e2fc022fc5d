"""A chat judge at a scripted server, and what that server says."""

import json

from s3eval.errors import S3EvalError
from s3eval.judge import Extraction
from s3eval.judging.chat import ChatJudge, Service
from s3eval.remote.budget import Prices
from s3eval.specs import JudgeSpec
from s3eval.testing.chat_server import Said

FACTS = {
    "structural_completeness": ["onset"],
    "event_sequence": ["head_turning", "tonic"],
    "localizing_features": {
        "head_turning": "left",
        "first_motor_laterality": "left",
        "asymmetric_posturing": "none",
        "figure_4": "none",
    },
    "content_analysis": {"has_safety_issues": False, "includes_non_seizure": False},
}
GOOD = json.dumps(FACTS)
SPEC = JudgeSpec("scripted", adapter="", remote=True)


class Scripted(ChatJudge):
    service = Service(
        "scripted", "https://api.example.org/v1", "m", ("SCRIPTED_KEY",), Prices(1, 2)
    )


def judge_at(server, tmp_path, **more):
    options = {
        "base_url": server.base_url,
        "model": "scripted",
        "cache": str(tmp_path / "judges.sqlite"),
        "first_wait": 0.01,
        "max_wait": 2.0,
        "timeout": 30.0,
        "attempts": 3,
        "concurrency": 4,
        **more,
    }
    return Scripted.load(SPEC, options)


def read(server, tmp_path, texts, **more):
    judge = judge_at(server, tmp_path, **more)
    try:
        return judge.read_reports(texts)
    finally:
        judge.close()


def always(said):
    return lambda text, body, before: said


def in_turn(*said):
    return lambda text, body, before: said[min(before, len(said) - 1)]


def reply_to_all(text, body, before):
    """A merge as "merged ...", a gait as walking, anything else as the report above."""
    instructions = body["messages"][0]["content"]
    if "overlapping windows" in instructions:
        return Said(json.dumps({"text": f"merged {text}"}), wait=0.05)
    if "walk" in instructions:
        return Said(json.dumps({"walks": "runs" not in text, "seconds": 3}), wait=0.05)
    if "tonic" in instructions and "body_parts" in instructions:
        reply = {"stiff": "yes", "body_parts": ["arm"], "sides": ["left arm"]}
        return Said(json.dumps(reply), wait=0.05)
    return Said(GOOD, wait=0.05)


def gait(reply):
    if not isinstance(reply["walks"], bool):
        raise S3EvalError("Expected 'walks' to be true or false.")
    return {"walks": reply["walks"]}


GAIT = Extraction(
    "gait",
    "1",
    'Does the patient walk? One field, "walks", true or false.',
    {"properties": {"walks": {"type": "boolean"}}},
    gait,
    max_tokens=64,
)
