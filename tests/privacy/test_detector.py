"""The installed detector on invented sentences."""

import importlib.util
import itertools
import json
import re
from pathlib import Path

import pytest

from s3eval.dataset import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.dataset.private_text import check_private_text
from s3eval.privacy import find_detector, redact

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
    # Small letters, as speech is often written down.
    "The nurse says anna, can you hear me?": ["anna"],
    "Then john stares off and josé holds him.": ["john", "josé"],
    "'eulalia, squeeze my hand'": ["eulalia"],
    'She asks "are you with us, takoda?"': ["takoda"],
    "mrs smith turns her head, mr. jones helps.": ["smith", "jones"],
    # Other letters than English ones, and capitals throughout.
    'The nurse asks, "Łukasz, squeeze my hand"': ["Łukasz"],
    "Patient Björn stiffens.": ["Björn"],
    "MRS. SMITH stares.": ["SMITH"],
    # At the beginning of a sentence.
    "Anna stares.": ["Anna"],
    "June has a seizure.": ["June"],
    # Dates and numbers in more spellings.
    "On 4-Mar-2021, then 04MAR2021 and 12/2021.": ["4-Mar-2021", "04MAR2021", "12/2021"],
    "Recorded 2021-03-04T12:33, seen on 3/4 again.": ["2021-03-04", "3/4"],
    "Hospital No: 44321, Pt ID: AB12345, Acct # 33221.": ["44321", "AB12345", "33221"],
    "Medical Record Number 12-34-56.": ["12-34-56"],
    # Without dots and capitals, and words that are names only where they stand.
    "Discussed with prof zdravkov and dr mbeki.": ["zdravkov", "mbeki"],
    "his brother mateusz and her aunt (hope) are here": ["mateusz", "hope"],
    "Her husband Mark, beside the bed, films.": ["Mark"],
    "a man called takoda": ["takoda"],
    "her name is elke, and his wife grace says so to dr.okonkwo": ["elke", "grace", "okonkwo"],
    "lives in timaru, moved from oamaru": ["timaru", "oamaru"],
    "medical record 55 21 33, acc 55121, page me at 4471": ["21 33", "55121", "4471"],
    "Pt A.K. stares; initials JRT on the tape.": ["A.K.", "JRT"],
    # Ages over 89, numbers of many things, rooms, named clinics.
    "a 90 yo lady, then a 104-year-old man": ["90", "104"],
    "aged ninety-two, in her late nineties": ["ninety-two", "nineties"],
    "mrn#B-31 77 05, accession: 55512-B": ["31 77 05", "55512-B"],
    "beeper #5512 or x5521": ["5512", "5521"],
    "Rm. 14B, ICU bed 7, 3rd floor": ["14B", "bed 7", "3rd floor"],
    "seen in stonebridge medical center and at Lakeview clinic": ["stonebridge", "Lakeview"],
    "lives at 221 weaver street": ["weaver"],
    "born in 1931, DOB 3/4/57": ["1931", "3/4/57"],
    # Letters that nothing here reads.
    "Иванов стоит": ["Иванов"],
    "محمد علي": ["محمد"],
    "김민수 씨 stares": ["김민수"],
    "Γιώργος stares": ["Γιώργος"],
}
HARMLESS = [
    "Tonic-clonic activity of RUE, then Todd paresis and postictal confusion.",
    "At 02:57 the head turns left; from 0:30 to 1:44 both arms jerk at 3 Hz.",
    "Figure-4 sign with left arm extension, followed by GTC. Jacksonian march.",
    'The nurse asks "[NAME], can you hear me?" and says "Squeeze my hand."',
    "Fencer posture. Lip smacking, stares off. No NES features; EEG leads are visible.",
    "Patient does not respond when asked 'What is your name?' and 'Where are you now?'",
    "Todd's paralysis, Babinski, Broca's aphasia and Wernicke's; Romberg not tested.",
    "May be tonic. The left arm may jerk. March of clonic activity from face to hand.",
    "Strength 3/5 on the left, 5/5 on the right; 3/4 limbs jerk for 1-2 seconds.",
    "REM sleep on EEG with T3-T5 spikes; SpO2 88%, Ativan 2 mg given. Type II.",
    "He repeats 'Apple, table' and names the color: \"Blue\". Pulls at the Velcro strap.",
    "Clonus stops. Movement of the arms slows 200 ms later.",
    '"okay, can you squeeze?" and "are you awake, sir?" get no answer from the Patient\'s side.',
    "The mother says that it lasted 95 seconds; her husband holds the arm.",
    "Arm extension 120 degrees, extension of the trunk, x3 in 90 minutes.",
    "Leaves the bed 20 s later and walks across the room 3 times.",
    "He was seen in the outpatient clinic and then at an empty hospital.",
    "R. arm tonic, L. leg flexed. V.E.E.G. shows P.N.E.S. at 2 p.m. today.",
    "The technician talks to a nurse. Therefore she stays. It lasts 90s.",
    "Mother: Stop it! The father says: Breathe. His wife steps back and the sister then calls.",
    "He moved from supine to sitting; she was born at term and drove to work in pain.",
    "The α rhythm and μ-opioids; a 90 degree turn in 91 seconds with 94% sats.",
    "Video begins with the patient asleep. Bilateral arms stiffen for 20 seconds.",
]


BLIND = Path(__file__).parent / "data" / "blind_sentences.jsonl"
SIXTY = Path(__file__).parent / "data" / "sixty_sentences.jsonl"


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


def test_nine_of_ten_identifiers_are_found_in_sentences_written_before_the_recognisers(detector):
    gone, alarms = [], []
    for line in SIXTY.read_text(encoding="utf-8").splitlines():
        sentence = json.loads(line)
        left = redact(sentence["text"], detector.find(sentence["text"]))
        gone += [words not in left for words in sentence["identifiers"]]
        if not sentence["identifiers"]:
            alarms.append(left != sentence["text"])
    assert len(gone) == 31 and len(alarms) == 30
    assert sum(gone) / len(gone) >= 0.9
    assert sum(alarms) <= 2, "what docs/privacy.md reports"


def test_sentences_of_an_author_who_never_saw_the_recognisers(detector):
    gone, alarms = [], []
    for line in BLIND.read_text(encoding="utf-8").splitlines():
        sentence = json.loads(line)
        left = redact(sentence["text"], detector.find(sentence["text"]))
        gone += [
            not re.search(rf"(?<!\w){re.escape(words)}(?!\w)", left)
            for words in sentence["identifiers"]
        ]
        if not sentence["identifiers"]:
            alarms.append(left != sentence["text"])
    assert len(gone) == 37 and len(alarms) == 30
    assert sum(gone) / len(gone) >= 0.9
    assert sum(alarms) <= 7, "what docs/privacy.md reports"


def test_spans_do_not_overlap(detector):
    for text in IDENTIFYING:
        spans = detector.find(text)
        assert all(a.end <= b.start for a, b in itertools.pairwise(spans))


def test_a_date_with_dots_is_a_date_and_no_telephone_number(detector):
    assert [s.kind for s in detector.find("Seen on 3.4.2021.")] == ["date"]


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
    found = check_private_text(dataset, lambda file, video, item: 7, detector)
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
    from s3eval.running.loading import load_task
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
