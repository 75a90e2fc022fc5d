"""The paper's rewards (Section 3.4.1), as far as it describes them.

Answers are read as the published tables read them (protocol ``release``). The paper gives names
and no formulas for two of them, and the authors' plugin is not public; what was chosen is stated
with each.
"""

from __future__ import annotations

from s3eval_finetune.rewards.solutions import Solution, read

__all__ = ["accuracy", "composite", "lcs", "proximity", "published"]

#: Seconds off at which a timestamp earns nothing: half of the 60-s clip.
REACH = 30.0


def published(text: str, asked: Solution) -> float:
    """The paper's reward for a task: `accuracy` (1, 3, 7), `composite` (2, 6), `proximity` (4)
    or `lcs` (5).

    In [0, 1], higher is better. What cannot be read earns 0.
    """
    if asked.number == 4:
        return proximity(text, asked)
    if asked.number == 5:
        return lcs(text, asked)
    return composite(text, asked) if asked.number in (2, 6) else accuracy(text, asked)


def accuracy(text: str, asked: Solution) -> float:
    """1 where the answer read is the annotated one, else 0 (Tasks 1, 3 and 7).

    Under ``release`` the last side mentioned counts, and an answer with NES in it is NES.

    >>> accuracy("left or right", Solution(3, "head_turning", "right"))
    1.0
    """
    return float(read(text, asked, "release").value == asked.value)


def composite(text: str, asked: Solution) -> float:
    """The mean of sentence BLEU / 100 and ROUGE-L F1 against the annotated text (Tasks 2 and 6).

    The paper says "derived from BLEU and ROUGE", not how; the mean is our choice. Of Task 2 the
    text after the yes or no is compared, as the task's metrics do; one without any, as it is.
    """
    from s3eval.metrics.text import bleu_of_statistics, bleu_statistics, left_out, normalise, rouge

    value = read(text, asked, "release").value
    answer = value if isinstance(value, str) else text
    wanted = asked.reason if asked.number == 2 else str(asked.value)
    if left_out(answer) or left_out(wanted):
        return 0.0
    pair = normalise(answer, True), normalise(wanted, True)
    likeness = float(bleu_of_statistics(bleu_statistics(*pair))) / 100
    return min(1.0, max(0.0, (likeness + rouge(*pair).rouge_l) / 2))


def proximity(text: str, asked: Solution) -> float:
    """1 - |answered - true| / 30 s, not below 0 (Task 4).

    The paper says "temporal proximity", no formula; a fall over half of the clip is our choice.

    >>> proximity("00:25", Solution(4, "tonic", 10.0))
    0.5
    """
    answer = read(text, asked, "release").value
    if answer is None:
        return 0.0
    return max(0.0, 1.0 - abs(float(answer) - float(asked.value)) / REACH)


def lcs(text: str, asked: Solution) -> float:
    """The longest common subsequence divided by the **answer's** length (Task 5).

    So one right sign alone earns 1, however many there were (`s3eval.metrics.sequence`).

    >>> lcs("tonic", Solution(5, "sequence", ("head_turning", "tonic", "clonic")))
    1.0
    """
    from s3eval.metrics.sequence import lcs_ratio

    answer = read(text, asked, "release").value
    return 0.0 if answer is None else lcs_ratio(answer, list(asked.value))
