"""The example in docs/plugins.md of a truth that is taken from the annotation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from s3eval import Annotation, Item, TruthContext, Video
from s3eval.facts.videos import FeatureAnnotation
from s3eval.testing.conformance import invented_dataset

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"


@pytest.fixture(scope="module")
def example():
    """The methods of the page, as functions."""
    text = PAGE.read_text(encoding="utf-8")
    after = text[text.index("tests/testing/test_truths_in_docs.py") :]
    (block, *_) = re.findall(r"```python\n(.*?)```", after, re.DOTALL)
    names = {"LABELS": ("yes", "no"), "Item": Item}
    exec("from __future__ import annotations\n" + block, names)
    return names


@pytest.mark.parametrize(("start", "end", "long"), [(2.0, 62.0, "yes"), (2.0, 61.0, "no")])
def test_the_seconds_say_whether_a_seizure_is_long(example, start, end, long):
    annotation = Annotation("v", seizure_start=start, seizure_end=end)
    truth = example["truth"](None, Video("v", "p"), annotation, "long", TruthContext())
    assert truth == long


def test_a_feature_is_a_truth_and_what_is_not_annotated_is_none(example):
    tonic = Annotation("v", {"tonic": FeatureAnnotation("yes", 3.0, 9.0)})
    video, context = Video("v", "p"), TruthContext()
    assert example["truth"](None, video, tonic, "tonic", context) == "yes"
    assert example["truth"](None, video, tonic, "long", context) is None
    assert example["truth"](None, video, Annotation("v"), "tonic", context) is None
    assert (
        example["truth"](None, video, Annotation("v", seizure_start=2.0), "long", context) is None
    )


def test_every_truth_is_one_of_the_labels(example):
    data, context = invented_dataset(), TruthContext()
    for item in example["items"](None):
        truths = {
            example["truth"](None, v, data.annotation(v.name), item.name, context)
            for v in data.videos
        }
        assert truths <= {*item.labels}
        assert truths
