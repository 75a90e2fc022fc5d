"""The installed detector on invented sentences."""

import importlib.util
import itertools

import pytest

from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.privacy import check_dataset, find_detector, redact

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("presidio_analyzer") is None,
    reason="needs the extra phi: pip install 's3eval-core[phi]'",
)

IDENTIFYING = {
    "The nurse asks, 'Rosalind, can you squeeze my hand?' and she does not answer.": ["Rosalind"],
    'A voice says "Open your eyes, Tadeusz." He stays still.': ["Tadeusz"],
    "His mother keeps calling Emeka while both arms jerk.": ["Emeka"],
    "Ms. Villanueva has versive head turn to the right.": ["Villanueva"],
    "She states her name ('Ingrid') and follows commands.": ["Ingrid"],
    "Recorded on March 3rd, 2021 and again on 14/07/2022.": ["March 3rd, 2021", "14/07/2022"],
    "MRN: 00482913, tonic extension of the left arm.": ["00482913"],
    "He correctly says that he is in Cleveland.": ["Cleveland"],
    "Reach the family at 310-555-0134 or mum@example.org.": ["310-555-0134", "mum@example.org"],
    "The wife says that Kwabena stares off first.": ["Kwabena"],
}
HARMLESS = [
    "Tonic-clonic activity of RUE, then Todd paresis and postictal confusion.",
    "At 02:57 the head turns left; from 0:30 to 1:44 both arms jerk at 3 Hz.",
    "Figure-4 sign with left arm extension, followed by GTC. Jacksonian march.",
    'The nurse asks "[NAME], can you hear me?" and says "Squeeze my hand."',
    "Fencer posture. Lip smacking, stares off. No NES features; EEG leads are visible.",
    "Patient does not respond when asked 'What is your name?' and 'Where are you now?'",
    "Video begins with the patient asleep. Bilateral arms stiffen for 20 seconds.",
]


@pytest.fixture(scope="module")
def detector():
    return find_detector()


@pytest.mark.parametrize("text", [*IDENTIFYING])
def test_what_identifies_is_found(detector, text):
    left = redact(text, detector.find(text))
    for words in IDENTIFYING[text]:
        assert words not in left


@pytest.mark.parametrize("text", HARMLESS)
def test_clinical_language_is_left_alone(detector, text):
    assert redact(text, detector.find(text)) == text


def test_spans_do_not_overlap(detector):
    for text in IDENTIFYING:
        spans = detector.find(text)
        assert all(a.end <= b.start for a, b in itertools.pairwise(spans))


def test_a_dataset_is_checked_by_file_and_row_without_repeating_words(detector):
    note = Annotation(
        "v",
        features={
            "verbal_responsiveness": FeatureAnnotation(
                "no", justification="The nurse says 'Rosalind, squeeze my hand' in vain."
            ),
            "tonic": FeatureAnnotation("yes", justification="The right arm stiffens."),
        },
        report="Seen on 3 March 2021.",
    )
    dataset = Dataset("d", (Video("v", "p"),), {"v": note})
    found = check_dataset(dataset, lambda file, video, item: 7, detector)
    assert [(p.file, p.row, p.level) for p in found] == [
        ("features.csv", 7, "warning"),
        ("reports.csv", 7, "warning"),
    ]
    assert "1 name" in found[0].what
    assert "1 date" in found[1].what
    assert "Rosalind" not in str(found)


def test_the_questions_of_the_tasks_pass_unchanged(detector):
    from s3eval import PlanContext, discover
    from s3eval.dataset import Lateralization
    from s3eval.footage import profile
    from s3eval.running.scoring import load_task
    from s3eval.vocabulary import FEATURE_NAMES

    timed = {f: FeatureAnnotation("yes", 5.0, 20.0) for f in FEATURE_NAMES}
    sides = {
        item: Lateralization("left", 5.0, 9.0)
        for item in ("head_turning", "arm_movement", "onset_body_part")
    }
    note = Annotation("v", timed, sides, ("tonic",), None, 3.0, 40.0)
    video = Video("v", "p", diagnosis="ES", duration=60.0)
    names = discover().names("task")
    context = PlanContext(profile("standard"), frozenset({"sight", "hearing"}), frozenset(names))
    texts = {
        question.text
        for name in names
        for inquiry in load_task(name).inquiries(video, note, context)
        for question in inquiry.questions
    }
    if not texts:
        pytest.skip("no task plugin is installed")
    assert len(texts) > 20
    assert [t for t in sorted(texts) if redact(t, detector.find(t)) != t] == []
