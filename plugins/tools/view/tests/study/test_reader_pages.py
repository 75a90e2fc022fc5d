"""What the pages of a reader are served: the questions and the frames, and nothing that tells."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest

pytest.importorskip("starlette")

from s3eval_view.study.reader_pages import reader_site

from s3eval.api.datasets import open_dataset
from s3eval.facts.clips import profile
from s3eval.footage.decoding import decode

TOKEN = "token-of-the-tests"
ALL = ("recognition", "spatial", "timing", "sequence", "report", "diagnosis")
REPORT = "The head turns to the left and both arms stiffen."


@pytest.fixture
def site(session_of):
    """Make the application of a session; its decoders are closed at the end."""
    shown = []

    def made(**options):
        session = session_of(**options)
        app, looking = reader_site(session, TOKEN)
        shown.append(looking)
        return session, app

    yield made
    for one in shown:
        one.close()


def everything(session, app, asking, whole=False):
    """(address, answer) of all that a session's pages lead to, and of what they send."""
    found = [(path, asking(app, path)) for path in ("", "done")]
    for place in range(len(session.clips)):
        found.append((f"clip/{place}", asking(app, f"clip/{place}")))
        facts = asking(app, f"shown/{place}")
        found.append((f"shown/{place}", facts))
        if "video" in facts.json():
            found.append(("media", asking(app, f"media/{facts.json()['video']}")))
            continue
        for number in range(len(facts.json()["times"])):
            path = f"shown/{place}/frame/{number}"
            found.append((path, asking(app, path)))
        found.append(("sound", asking(app, f"shown/{place}/sound")))
    for number in range(len(session.asks(0))):
        body = {"place": 0, "number": number, "text": "yes", "seconds": 1}
        found.append(("answer", asking(app, "answer", "POST", json=body)))
    found.append(("answer", asking(app, "answer", "POST", content=b"{")))
    for asset in ("study.js", "reader.js", "study.css", "site.js", "site.css", "report.css"):
        found.append((asset, asking(app, f"asset/{asset}")))
    for path in ("clip/99", "shown/99", "shown/0/frame/99", "media/none", "conversion/none",
                 "converted/none", "nowhere"):  # fmt: skip
        found.append((path, asking(app, path)))
    return found


@pytest.mark.parametrize("shown", ["frames", "video"])
def test_nothing_served_tells_truth_names_or_files(site, asking, films, shown):
    session, app = site(tasks=ALL, shown=shown, hears=True)
    dataset = open_dataset(films)
    told = [REPORT, "stiffens at once", "turns quickly", str(films), films.name + "/", ".mp4"]
    for video in dataset.videos:
        told += [video.name, video.patient, video.patient.split("-")[0], video.file]
    answers = everything(session, app, asking)
    assert len(answers) > 40
    for path, answer in answers:
        content = answer.content + repr(dict(answer.headers)).encode()
        if path == "media":  # the recording itself; its bytes are pictures and sound
            content = repr(dict(answer.headers)).encode()
        for secret in told:
            assert secret.encode() not in content, (path, secret)
    pages = [a.text for p, a in answers if p == "" or p.startswith("clip/")]
    for page in pages:
        # Neither where a clip lies in its video, nor how many clips of events there are.
        assert not re.search(r"part \d+ of", page)
        assert not re.search(r"\bES-|\bNES-", page)


def test_times_are_those_within_the_clip(site, asking):
    session, app = site(tasks=("spatial",))
    starts = {c.clip.start for c in session.clips}
    assert starts == {1.0}
    for place in range(len(session.clips)):
        facts = asking(app, f"shown/{place}").json()
        assert facts["times"][0] == 0.0 and facts["seconds"] == 1.0
        assert max(facts["times"]) < 1.0


def test_frames_are_those_that_a_model_gets(site, asking, films):
    from PIL import Image

    session, app = site(tasks=("recognition",), hears=True)
    clip = session.clips[0].clip
    dataset = open_dataset(films)
    path = dataset.path(dataset.video(clip.video))
    (footage,) = decode(path, [clip])
    facts = asking(app, "shown/0").json()
    assert (facts["width"], facts["height"]) == footage.frames.shape[2:0:-1]
    assert facts["times"] == pytest.approx([float(t) for t in footage.times], abs=0.01)
    for number, pixels in enumerate(footage.frames):
        sent = asking(app, f"shown/0/frame/{number}")
        assert sent.headers["content-type"] == "image/jpeg"
        seen = np.asarray(Image.open(io.BytesIO(sent.content)).convert("RGB"), float)
        assert np.abs(seen - pixels).mean() < 1.5
    heard = asking(app, "shown/0/sound")
    assert heard.headers["content-type"] == "audio/wav"
    assert len(heard.content) == 44 + 2 * len(footage.sound)
    assert clip.sampling == profile("standard").window_sampling


def test_a_reader_who_does_not_hear_gets_no_sound(site, asking):
    _, app = site(tasks=("recognition",))
    assert asking(app, "shown/0").json()["sound"] is False
    assert asking(app, "shown/0/sound").status_code == 404
    assert "ictal vocalization" not in asking(app, "").text


def test_whole_videos_are_played_and_frames_sessions_give_none(site, asking, films):
    _, app = site(tasks=("recognition",), shown="video")
    facts = asking(app, "shown/0").json()
    file = asking(app, f"media/{facts['video']}", headers={"range": "bytes=0-99"})
    assert file.status_code == 206 and len(file.content) == 100
    assert facts["converts"] is False
    _, frames_only = site(reader="R2", tasks=("recognition",))
    assert asking(frames_only, f"media/{facts['video']}").status_code == 404


def test_the_first_page_is_the_first_open_question(site, asking):
    session, app = site(tasks=("recognition",))
    assert 'data-place="0" data-start="0"' in asking(app, "").text
    for number in range(2):
        body = {"place": 0, "number": number, "text": "no", "seconds": 1}
        told = asking(app, "answer", "POST", json=body).json()
    assert told == {"problems": {}, "done": 2, "total": session.total}
    page = asking(app, "").text
    assert 'data-place="0" data-start="2"' in page
    assert f"2 of {session.total} answered" in page
    for place in range(len(session.clips)):
        for number in range(len(session.asks(place))):
            session.save(place, number, "no", 1)
    assert "Everything is answered" in asking(app, "").text


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"place": 0}', b'{"place": "0", "number": 0, "text": "yes"}',
     b'{"place": 0, "number": 0, "text": 7}', b'{"place": true, "number": 0, "text": "yes"}',
     b'{"place": 9, "number": 0, "text": "yes"}', b'{"place": 0, "number": 0, "text": ""}'],
)  # fmt: skip
def test_what_is_no_answer_is_refused_and_nothing_is_kept(site, asking, body):
    session, app = site(tasks=("recognition",))
    assert asking(app, "answer", "POST", content=body).status_code == 400
    assert session.progress()[0] == 0


def test_a_page_of_another_origin_writes_nothing(site, asking):
    session, app = site(tasks=("recognition",))
    body = json.dumps({"place": 0, "number": 0, "text": "yes", "seconds": 1})
    for headers in ({"origin": "http://evil.example"}, {"host": "evil.example"}):
        answer = asking(app, "answer", "POST", content=body, headers=headers)
        assert answer.status_code in (403, 421)
    assert session.progress()[0] == 0


def test_a_hostile_answer_is_shown_as_text(site, asking):
    _, app = site(tasks=("report",))
    hostile = "</textarea><script>alert(1)</script>\x1b[31m\u202e"
    body = {"place": 0, "number": 0, "text": hostile, "seconds": 1}
    assert asking(app, "answer", "POST", json=body).status_code == 200
    page = asking(app, "clip/0").text
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
    assert "\x1b" not in page and "\u202e" not in page


def test_a_recording_that_is_not_there_is_said_without_its_name(session_of, asking, films):
    import shutil

    broken = films.parent / "broken"
    shutil.copytree(films, broken, dirs_exist_ok=True)
    from s3eval_view.study.session import ReaderSession, Study

    session = ReaderSession(
        Study("R9", ("recognition",), str(broken)), open_dataset(broken), broken / "readers"
    )
    app, looking = reader_site(session, TOKEN)
    video = session.clips[0].clip.video
    (broken / session.dataset.video(video).file).unlink()
    told = asking(app, "shown/0").json()
    assert told == {"failure": "This recording, or this part of it, cannot be shown"}
    before = session.progress()[0]
    answer = asking(app, "unshown/0", "POST")
    assert answer.status_code == 303
    assert session.progress()[0] == before + len(session.asks(0))
    assert {a.status for a in session.answers(0)} == {"failed"}
    looking.close()
