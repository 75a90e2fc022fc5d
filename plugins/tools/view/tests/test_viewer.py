"""The viewer's pages: what they say, and that texts stay texts."""

from __future__ import annotations

import html
import json
import re
import shutil

import pytest
from s3eval_view.report.beside import differing
from s3eval_view.viewer.explained import _doc
from s3eval_view.viewer.voices import Filter, rows_of, searched

from s3eval import Reading, Task

TOKEN = "token"
OWN = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def ask(filmed, asking):
    viewer = asking(filmed.runs)
    yield viewer
    viewer.site.close()


@pytest.fixture(scope="module")
def key(ask, filmed):
    return ask.keys[filmed.video]


def every_path(ask, key):
    """An address of each kind of page."""
    first, second = ask.runs
    return [
        "", "?text=arm&patient=P1&feature=tonic&failure=any", "runs", f"run/{first}",
        f"video/{key}", f"video/{key}?run={second}", f"video/{key}/run/{first}",
        f"video/{key}/run/{second}", f"video/{key}/beside?a={first}&b={second}",
        f"video/{key}/run/{first}/clip/1", f"score/{first}/recognition/tonic",
    ]  # fmt: skip


def test_every_page_keeps_texts_as_texts_and_names_no_other_host(ask, key):
    for path in every_path(ask, key):
        page = ask.page(path)
        assert page.tags.count("script") == 2, path
        assert not page.handlers and not page.styles, path
        assert "b" not in page.tags, path
        for address in page.addresses:
            assert address.startswith((f"/{TOKEN}/", "#")), (path, address)
        assert "\x1b" not in page.raw and "\u202e" not in page.raw
    said = ask.page(f"video/{key}/run/{ask.runs[1]}").text
    assert "<script>alert(1)</script>" in said and "\\x1b[31m" in said


def test_every_link_of_every_page_leads_somewhere(ask, key):
    seen: set[str] = set()
    for path in every_path(ask, key):
        for link in ask.page(path).links:
            address = link.partition("#")[0]
            if address and address not in seen:
                seen.add(address)
                assert ask(OWN + address).status_code == 200, (path, link)
    assert len(seen) > 40


def test_most_disagreement_comes_first_and_filters_reduce(ask, filmed):
    rows = rows_of(ask.site.now().shown)
    shares = [r.share for r in rows]
    assert shares == sorted(shares, reverse=True) and len(rows) == 4
    names = lambda **wanted: {r.name for r in searched(rows, Filter(**wanted))}  # noqa: E731
    assert names(patient="P1") == {filmed.video, "P1@old"}
    assert names(text="STIFFENS AND JERKS") == {filmed.video}
    assert names(text="nothing says this") == set()
    assert names(failure="unreadable") == {r.name for r in rows if r.unreadable}
    assert names(feature="clonic")  # the second run says yes to everything
    listed = ask.page("?patient=P2").text
    assert "1 of 4 videos" in listed and "P2@gone" in listed and "P1@old" not in listed


def test_disagreement_by_hand(ask, filmed):
    (row,) = [r for r in rows_of(ask.site.now().shown) if r.name == filmed.video]
    # first says yes, second yes, annotation yes; blank stare: no, yes, no.
    assert row.shares["tonic"] == 0
    assert row.shares["blank_stare"] == pytest.approx(2 / 3)
    assert row.share == pytest.approx(sum(row.shares.values()) / len(row.shares))
    assert differing(["a", "b", "c"]) == (3, 3) and differing(["a"]) == (0, 0)


def test_a_video_has_its_annotation_and_each_runs_findings_over_time(ask, key):
    page = ask.page(f"video/{key}")
    assert "video" in page.tags and f"/{TOKEN}/media/{key}" in page.addresses
    assert 'data-time="12.50"' in page.raw  # the annotated onset of tonic
    assert page.raw.count('class="annotated"') >= 3
    assert page.raw.count('class="window run-0"') > 0 and page.raw.count('class="at run-') >= 2
    assert "The head turns to the right." in page.text
    only = ask.page(f"video/{key}?run={ask.runs[0]}")
    assert "second/replay" not in only.raw.partition("<table")[2].partition("</table>")[0]


def test_how_a_finding_came_about(ask, key):
    page = ask.page(f"video/{key}/run/{ask.runs[0]}")
    part = page.raw.partition('id="recognition-tonic"')[2].partition("</details>")[0]
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", part)))
    run = ask.site.now().shown.runs[0]
    pieces = run.material().pieces["recognition"]["P1@first<b>&"]
    (prompt,) = {p.question.text for p in pieces if p.question.key == "tonic"}
    assert " ".join(prompt.split()) in text
    assert "no. Nothing is seen yet." in text  # the raw answer of the first window
    assert "Here: “no”, “yes” → “yes”." in text
    assert "Any-yes over the windows" in text  # how windows combine, in the task's words
    assert part.count("/clip/") == 2


def test_what_the_judge_read_and_from_which_words(ask, key):
    page = ask.page(f"video/{key}/run/{ask.runs[0]}")
    part = page.raw.partition('id="report-report"')[2].partition("</details>")[0]
    marked = re.findall(r"<mark>([^<]*)<small>([^<]*)</small></mark>", part)
    assert any("tonic" in facts for _, facts in marked), marked
    assert any("head turning" in facts for _, facts in marked)
    assert "From the readings to the report&#39;s index" in part or "report's index" in part
    steps = re.findall(r'class="number">([^<]*)<', part.partition('class="steps"')[2])
    stored = {
        (r["item"], r["metric"]): r["value"]
        for r in json.loads((ask.site.now().shown.runs[0].run.path / "scores.json").read_text())[
            "scores"
        ]
        if r["task"] == "report"
    }
    counted = ask.site.walks.counted(ask.site.now().shown.runs[0], "report", "report", "rqi")
    (mine,) = [c for c in counted if c.video.startswith("P1@first")]
    assert float(steps[-1]) == pytest.approx(mine.numbers[0][1], rel=1e-8)
    assert stored["report", "rqi"] is not None


def test_the_arithmetic_of_every_task_ends_at_exactly_the_stored_score(ask):
    shown = ask.site.now().shown
    for run in shown.runs:
        tasks = {r["task"] for r in run.stored_scores.values() if r["value"] is not None}
        assert len(tasks) == 7
        for task in tasks:
            for item in ask.site.walks.items(run, task):
                for walk in ask.site.walks.walks(run, task, item):
                    assert walk.is_stored and walk.agrees, (task, item, walk)
                    if walk.value is not None:
                        assert walk.steps[-1].value == pytest.approx(walk.stored, rel=1e-12)
    page = ask.page(f"score/{ask.runs[0]}/recognition/tonic")
    assert "= what comes out here" in page.text and "F1 = 2 ×" in page.text


def test_a_stored_score_that_does_not_come_out_is_told(filmed, tmp_path, asking):
    copy = tmp_path / "copy"
    shutil.copytree(filmed.runs[0], copy)
    scores = json.loads((copy / "scores.json").read_text())
    for row in scores["scores"]:
        if (row["task"], row["item"], row["metric"]) == ("recognition", "tonic", "f1"):
            row["value"] = 0.123
    (copy / "scores.json").write_text(json.dumps(scores))
    viewer = asking([copy])
    assert "≠ what comes out here" in viewer.page("score/copy/recognition/tonic").text


def test_frames_are_those_of_the_clip(ask, key, filmed):
    from io import BytesIO

    import numpy as np
    from PIL import Image
    from s3eval_view.viewer.shown_pages import clip_of

    from s3eval.footage.decoding import decode

    run = ask.runs[0]
    _, recording, clip = clip_of(ask.site.now(), key, run, 1)
    (footage,) = decode(recording.path(), [clip])
    page = ask.page(f"video/{key}/run/{run}/clip/1")
    assert page.tags.count("img") == len(footage.times) == 60
    exact = ask(f"frame/{key}/{run}/1/7.png").content
    assert np.array_equal(np.asarray(Image.open(BytesIO(exact))), footage.frames[7])
    assert ask(f"frame/{key}/{run}/1/7.jpg").headers["content-type"] == "image/jpeg"
    sound = ask(f"sound/{key}/{run}/1.wav").content
    assert sound[:4] == b"RIFF" and len(sound) == 44 + 2 * len(footage.sound)
    for path in ("1/60.jpg", "1/-1.jpg", "1/x.png", "99/0.jpg"):
        assert ask(f"frame/{key}/{run}/{path}").status_code == 404


@pytest.mark.parametrize("name", ["P2@gone", "P3@outside"])
def test_a_missing_video_and_one_outside_the_dataset(ask, name, filmed):
    key = ask.keys[name]
    page = ask.page(f"video/{key}")
    assert "video" not in page.tags
    assert ("missing" if name == "P2@gone" else "outside its dataset") in page.text
    for path in (f"media/{key}", f"strip/{key}/0.jpg", f"frame/{key}/{ask.runs[0]}/1/0.jpg"):
        answer = ask(path)
        assert answer.status_code == 404, path
        assert str(filmed.data) not in answer.text and str(filmed.outside) not in answer.text
    ask(f"conversion/{key}", "POST", headers={"origin": OWN})
    for _ in range(100):
        state = ask(f"conversion/{key}").json()
        if state["state"] != "working":
            break
    assert state["state"] == "failed"


def test_without_videos_nothing_of_them_is_given(filmed, asking):
    viewer = asking(filmed.runs, shows_videos=False)
    key, run = viewer.keys[filmed.video], viewer.runs[0]
    assert "--no-video" in viewer.page(f"video/{key}").text
    assert "/clip/" not in viewer.page(f"video/{key}/run/{run}").raw
    for path in (f"media/{key}", f"video/{key}/run/{run}/clip/1", f"frame/{key}/{run}/1/0.jpg",
                 f"frame/{key}/{run}/1/0.png", f"sound/{key}/{run}/1.wav", f"strip/{key}/0.jpg",
                 f"converted/{key}", f"conversion/{key}"):  # fmt: skip
        assert viewer(path).status_code == 404, path
    assert viewer(f"strip/{key}").json()["times"] == []


def test_unknown_things_are_an_error_page(ask, key):
    score = f"score/{ask.runs[0]}"
    for path in ("video/0000", "run/none", f"video/{key}/run/none", "nowhere",
                 f"{score}/none/tonic", f"{score}/recognition/none"):  # fmt: skip
        answer = ask(path)
        assert answer.status_code == 404 and 'data-copies="error"' in answer.text, path


def test_recorded_runs_and_hostile_names(made, asking):
    viewer = asking(made.runs)
    key = viewer.keys[made.video]
    listed = viewer.page("")
    assert "v00<b>&_$#|%" in listed.text and "b" not in listed.tags
    page = viewer.page(f"video/{key}")
    assert "No file for this video" in page.text
    said = viewer.page(f"video/{key}/run/{viewer.runs[0]}")
    assert "recorded elsewhere" in said.text and "as recorded" in said.text
    assert "<script>alert(1)</script>" in said.text and "\x1b" not in said.raw


def test_a_step_without_a_docstring_is_not_explained_by_the_contract_s():
    class Quiet(Task):
        def read(self, question, answer, protocol="paper"):
            return Reading(answer.text)

        def combine(self, video, pieces, context):
            """The first answer.

            And more for programmers.
            """
            return ()

    assert (_doc(Quiet.read), _doc(Quiet.combine)) == ("", "The first answer.")
