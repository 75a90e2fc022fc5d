"""The lexicon on invented reports and justifications, read by language models (docs/judges.md)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from s3eval_judge_lexicon.judge import Lexicon

from s3eval.judging.schemas import ReportReply
from s3eval.tasks.questions import questions, tidy
from s3eval.vocabulary import LOCALIZING

CORPUS = Path(__file__).parent / "corpus"


def rows(name: str, use: str) -> list[dict]:
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["use"] == use]


# docs/judges.md has what was reached; a little below it is the least a change may leave.
@pytest.mark.parametrize(
    ("use", "count", "features", "localizing", "postictal"),
    [("development", 520, 0.80, 0.91, 0.86), ("held-out", 120, 0.775, 0.93, 0.80)],
)
def test_reports_are_read_much_as_a_language_model_reads_them(
    use, count, features, localizing, postictal
):
    invented = rows("reports.jsonl", use)
    assert len(invented) == count
    both = named = equal = same = 0
    read = Lexicon().read_reports([r["report"] for r in invented])
    for row, ours in zip(invented, read, strict=True):
        reference = ReportReply.model_validate(row)
        values = reference.localizing_features.model_dump()
        both += len({*ours.features} & {*reference.event_sequence})
        named += len({*ours.features}) + len({*reference.event_sequence})
        equal += sum(ours.localizing[k] == values[k] for k in LOCALIZING)
        same += ("postictal" in ours.sections) == ("postictal" in reference.structural_completeness)
    assert 2 * both / named > features
    assert equal / (4 * count) > localizing
    assert same / count > postictal


@pytest.mark.parametrize(
    ("use", "count", "first", "details"),
    [("development", 342, 0.89, 0.81), ("held-out", 190, 0.81, 0.77)],
)
def test_questions_are_answered_much_as_a_language_model_answers_them(use, count, first, details):
    invented = rows("justifications.jsonl", use)
    assert len(invented) == count
    answered = Lexicon().answer_questions([(r["feature"], r["justification"]) for r in invented])
    cores, rest = [], []
    for row, ours in zip(invented, answered, strict=True):
        # The invented justifications were answered before the paper's further details were asked.
        chain = [q for q in questions(row["feature"]) if q.key in row["answers"]]
        reference = {q.key: tidy(q, row["answers"][q.key]) for q in chain}
        core = chain[0].key
        cores.append(ours.answers[core] == reference[core])
        if ours.answers[core] == reference[core] == "yes":
            rest += [ours.answers[q.key] == reference[q.key] for q in chain[1:]]
    assert sum(cores) / count > first
    assert sum(rest) / len(rest) > details
