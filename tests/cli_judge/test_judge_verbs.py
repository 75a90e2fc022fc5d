"""judge read, rqi and validate as people call them."""

from __future__ import annotations

import csv
import io
import json

import pytest

from s3eval.cli import main

PREDICTED = (
    b"file_name,report\n"
    b'p1@a.mp4,"Stares, then head turns to the left, followed by GTC."\n'
    b"p2@b.wav,Right arm extension with left arm flexion (figure 4).\n"
    b"p1@a.mp4,Once more.\n"
    b"p3@c.mp4,\n"
    b"p4@d.mp4,caf\xe9 stares\n"
    b"p5@e.mp4,Chewing.\n"
)
REFERENCE = (
    b"file_name,report\n"
    b'p1@a.mp4,"Blank stare. Versive head turn left. Generalized tonic clonic."\n'
    b"p2@b.mp4,Figure four with right arm extended.\n"
    b"p6@f.mp4,Stares.\n"
)
FEATURES = b"file_name,tonic,clonic,head_turning\np1@a.mp4,yes,yes,yes\np2@b.mp4,no,no,no\n"


@pytest.fixture
def s3eval(capsys):
    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as done:
            main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return (done.value.code if isinstance(done.value.code, int) else 0), out, err

    return run


@pytest.fixture
def tables(tmp_path):
    for name, content in (("p", PREDICTED), ("r", REFERENCE), ("f", FEATURES)):
        (tmp_path / f"{name}.csv").write_bytes(content)
    return tmp_path


def test_read_reads_what_can_be_read_and_names_the_rest(s3eval, tables):
    code, out, err = s3eval("judge", "read", tables / "p.csv", "--json", "-")
    document = json.loads(out)
    assert code == 3
    assert document["counts"] == {"rows": 6, "read": 3, "unreadable": 1, "left_out": 2}
    assert "p.csv:4" in err and "p.csv:6" in err and "UTF-8" in err
    by_name = {row["file_name"]: row for row in document["reports"]}
    assert by_name["p1@a.mp4"]["localizing"]["head_turning"] == "left"
    assert by_name["p3@c.mp4"]["unreadable"]
    text = "Stares, then head turns to the left, followed by GTC."
    for piece in by_name["p1@a.mp4"]["evidence"]:
        assert text[piece["start"] : piece["end"]] == piece["quote"]
    assert document["judge"]["judge"] == "lexicon"


def test_read_takes_a_datasets_own_reports(s3eval, tmp_path):
    (tmp_path / "reports.csv").write_text("video;report\nv1;Blank stare, then chewing.\n")
    code, out, _ = s3eval("judge", "read", tmp_path / "reports.csv", "--json", "-")
    assert code == 0
    (row,) = json.loads(out)["reports"]
    assert row["file_name"] == "v1"
    assert "blank_stare" in row["features"]


def test_an_empty_report_is_unread_whichever_judge_is_asked(s3eval, tmp_path):
    pytest.importorskip("s3eval_judge_gpt")
    from s3eval.testing.chat_server import Said, scripted

    file = tmp_path / "empty.csv"
    file.write_text("file_name,report\na.mp4,\n", encoding="utf-8")
    with scripted(lambda text, body, before: Said("{}")) as server:
        options = ("--judge-option", f"base_url={server.base_url}", "--judge-option", "cache=off")
        for judge in ((), ("--judge", "gpt", *options)):
            code, out, _ = s3eval("judge", "read", file, *judge, "--json", "-")
            assert code == 3
            assert json.loads(out)["reports"][0]["unreadable"] == "The report is empty"
        assert server.asked == []


@pytest.mark.parametrize("verb", [("read",), ("rqi",)])
def test_what_a_paid_judge_takes_is_said_before_and_after(s3eval, tmp_path, verb):
    pytest.importorskip("s3eval_judge_gpt")
    from s3eval.testing.chat_server import Said, scripted

    file = tmp_path / "one.csv"
    file.write_text("file_name,report\na.mp4,The head turns.\n", encoding="utf-8")
    with scripted(lambda text, body, before: Said("nothing")) as server:
        options = ["--judge", "gpt"]
        for option in (f"base_url={server.base_url}", "cache=off", "repairs=0"):
            options += ["--judge-option", option]
        files = [file] * (1 + (verb == ("rqi",)))
        code, _, err = s3eval("judge", *verb, *files, *options, "--max-judge-calls", "0")
        assert code == 3 and "1 texts, 0 already read, 1 calls, about " in err
        assert server.asked == []
        _, out, err = s3eval("judge", *verb, *files, *options, "--json", "-")
        assert "1 calls, 0 from the cache, 100 + 20 tokens" in err
        assert json.loads(out)


def test_read_is_the_same_every_time_and_clean_tables_exit_0(s3eval, tmp_path):
    file = tmp_path / "ok.csv"
    file.write_text("file_name,report,site\na.mp4,Stares.,north\n", encoding="utf-8-sig")
    first = s3eval("judge", "read", file, "--json", "-")
    assert first[0] == 0 and first[2] == ""
    assert first == s3eval("judge", "read", file, "--json", "-")
    code, out, _ = s3eval("judge", "read", file, "--json", tmp_path / "o.json")
    assert code == 0 and "blank_stare" in out
    assert json.loads((tmp_path / "o.json").read_text())["counts"]["read"] == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"file_name,report\n", "no rows"),
        (b"name,report\na,b\n", "file_name"),
        (b"file_name,text\na,b\n", "report"),
    ],
)
def test_a_table_without_use_is_refused_in_one_line(s3eval, tmp_path, content, told):
    file = tmp_path / "wrong.csv"
    file.write_bytes(content)
    code, _, err = s3eval("judge", "read", file)
    assert code == 2
    assert "wrong.csv" in err and told in err and err.count("\n") == 1


def test_wrong_judge_or_option_or_file(s3eval, tables):
    assert (
        "did you mean 'lexicon'"
        in s3eval("judge", "read", tables / "p.csv", "--judge", "lexicn")[2]
    )
    assert s3eval("judge", "read", tables / "p.csv", "--judge", "none")[0] == 2
    assert s3eval("judge", "read", tables / "p.csv", "--judge-option", "x=1")[0] == 2
    assert s3eval("judge", "read", tables / "missing.csv")[0] == 2


def rows_of(text: str) -> dict[str, dict[str, str]]:
    return {row["file_name"]: row for row in csv.DictReader(io.StringIO(text))}


def test_rqi_has_every_component_and_a_reason_where_there_is_no_score(s3eval, tables):
    code, out, err = s3eval("judge", "rqi", tables / "p.csv", tables / "r.csv", "--csv", "-")
    assert code == 3
    rows = rows_of(out)
    assert list(rows) == ["p1@a.mp4", "p2@b.wav", "p3@c.mp4", "p5@e.mp4"]
    one = rows["p1@a.mp4"]
    assert float(one["rqi"]) == 100 and one["hallucinations_against"] == "reference report"
    assert rows["p2@b.wav"]["rqi"], "a sound file pairs with the video of the same name"
    assert rows["p2@b.wav"]["hallucinated"] == "arm_flexion"
    assert float(rows["p2@b.wav"]["p_hall"]) == pytest.approx(0.95)
    assert rows["p5@e.mp4"]["rqi"] == "" and "no reference" in rows["p5@e.mp4"]["not_scored"]
    assert "1 reference reports have no prediction" in err


def test_rqi_has_the_signs_of_each_report_after_its_other_columns(s3eval, tables):
    out = s3eval("judge", "rqi", tables / "p.csv", tables / "r.csv", "--csv", "-")[1]
    assert out.splitlines()[0].endswith(
        ",not_scored,signs_precision,signs_recall,signs_f1,sided_f1,signs_penalised"
    )
    rows = rows_of(out)
    assert float(rows["p1@a.mp4"]["signs_f1"]) == float(rows["p1@a.mp4"]["sided_f1"]) == 1
    two = {k: float(v) for k, v in rows["p2@b.wav"].items() if k.startswith("signs_")}
    assert two["signs_recall"] == pytest.approx(float(rows["p2@b.wav"]["coverage"]))
    assert two["signs_penalised"] == pytest.approx(0.95 * two["signs_recall"], abs=1e-5)
    assert two["signs_precision"] < 1, "one sign is invented"
    assert rows["p5@e.mp4"]["signs_f1"] == ""


def test_rqi_counts_against_the_annotation_under_release(s3eval, tables):
    arguments = ("judge", "rqi", tables / "p.csv", tables / "r.csv", "--protocol", "release")
    plain = rows_of(s3eval(*arguments, "--csv", "-")[1])
    assert plain["p1@a.mp4"]["n_hallucinated"] == "0"
    marked = rows_of(s3eval(*arguments, "--annotation", tables / "f.csv", "--csv", "-")[1])
    assert marked["p1@a.mp4"]["hallucinated"] == "blank_stare full_body_shaking"
    assert marked["p2@b.wav"]["n_hallucinated"] == "3", "nothing annotated: all told is not there"
    assert marked["p1@a.mp4"]["hallucinations_against"] == "annotation"


def test_rqi_annotation_by_sequence_and_the_papers_note(s3eval, tables, tmp_path):
    sequence = tmp_path / "s.csv"
    sequence.write_text(
        'file_name,event_sequence\np1@a.mp4,"blank stare, tonic"\n', encoding="utf-8"
    )
    arguments = ("judge", "rqi", tables / "p.csv", tables / "r.csv", "--annotation", sequence)
    rows = rows_of(s3eval(*arguments, "--protocol", "release", "--csv", "-")[1])
    assert rows["p1@a.mp4"]["n_hallucinated"] == "3"
    assert rows["p2@b.wav"]["hallucinations_against"] == "nothing: no annotation"
    assert rows["p2@b.wav"]["n_hallucinated"] == "0"
    assert "not used" in s3eval(*arguments)[2]
    useless = tmp_path / "u.csv"
    useless.write_text("file_name,colour\na,red\n", encoding="utf-8")
    assert s3eval(*arguments[:-1], useless, "--protocol", "release")[0] == 2


def test_rqi_takes_the_features_table_of_a_dataset_folder(s3eval, tables, tmp_path):
    tidy = tmp_path / "features.csv"
    tidy.write_text(
        "video,feature,present,start,end,justification\np1@a,tonic,yes,,,\np1@a,clonic,yes,,,\n"
        "p1@a,head_turning,yes,,,\np2@b,tonic,no,,,\np2@b,sneezing,yes,,,\n",
        encoding="utf-8",
    )
    arguments = ("judge", "rqi", tables / "p.csv", tables / "r.csv", "--protocol", "release")
    wide = rows_of(s3eval(*arguments, "--annotation", tables / "f.csv", "--csv", "-")[1])
    code, out, err = s3eval(*arguments, "--annotation", tidy, "--csv", "-")
    assert rows_of(out) == wide
    assert code == 3 and "features.csv:6: unknown feature 'sneezing'" in err


def test_rqi_pairs_the_same_name_before_the_same_stem(s3eval, tmp_path):
    file = tmp_path / "both.csv"
    file.write_text("file_name,report\na.mp4,Stares.\na.wav,Groans.\n", encoding="utf-8")
    rows = rows_of(s3eval("judge", "rqi", file, file, "--csv", "-")[1])
    assert [row["rqi"] for row in rows.values()] == ["100", "100"]
    other = tmp_path / "other.csv"
    other.write_text("file_name,report\na.avi,Stares.\n", encoding="utf-8")
    code, out, _ = s3eval("judge", "rqi", other, file, "--csv", "-")
    assert code == 3 and "no reference" in rows_of(out)["a.avi"]["not_scored"]


def test_outputs_that_cannot_be_written_are_refused_first(s3eval, tables, tmp_path):
    arguments = ("judge", "rqi", tables / "p.csv", tables / "r.csv")
    for option in ("--csv", "--json"):
        for target in (tmp_path / "nowhere" / "x", tmp_path):
            code, out, err = s3eval(*arguments, option, target)
            assert (code, out) == (2, "") and option in err and err.count("\n") == 1
    code, out, err = s3eval(*arguments, "--csv", "-", "--json", "-")
    assert (code, out) == (2, "") and "Only one" in err


def test_rqi_json_and_table_agree(s3eval, tables):
    document = json.loads(
        s3eval("judge", "rqi", tables / "p.csv", tables / "r.csv", "--json", "-")[1]
    )
    assert document["summary"]["scored"] == 2 and document["summary"]["predicted"] == 4
    table = s3eval("judge", "rqi", tables / "p.csv", tables / "r.csv")[1]
    assert "2 of 4 reports scored, 2 rows left out" in table
    assert f"{document['summary']['mean']['rqi']:.1f}" in table


def test_validate_gives_the_published_table(s3eval):
    code, out, _ = s3eval("judge", "validate", "--resamples", 100)
    assert code == 0
    rqi = next(line for line in out.splitlines() if line.startswith("rqi"))
    assert "0.57" in rqi and "(published 0.57)" in rqi and "0.74" in rqi


def test_validate_any_ratings(s3eval, tmp_path):
    file = tmp_path / "ratings.csv"
    rows = ["model,video_id,mine,expert"]
    rows += [f"m,P{i}@v,{i},{i % 4}" for i in range(8)]
    rows += ["m,P1@v,9,1", "m,,1,1", "m,P8@v,1,high", "m,P9@v,oops,2"]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    code, out, err = s3eval("judge", "validate", file, "--json", "-", "--resamples", 50)
    document = json.loads(out)
    assert code == 3
    assert (document["rated"], document["left_out"]) == (9, 3), "the last row is only not compared"
    (mine,) = document["metrics"]
    assert (mine["n"], mine["missing"]) == (8, 1)
    for row in (10, 11, 12, 13):
        assert f"ratings.csv:{row}" in err


def test_validate_takes_the_header_of_the_papers_release(s3eval, tmp_path):
    file = tmp_path / "all_score.csv"
    rows = ["model,file_name,bleu_corpus,rouge1_f1,rougeL_f1,berts_f1,rqi,human"]
    rows += [f"m,P{i // 2}@v{i}.mp4,{i % 5},0.{i},0.{i % 4}1,0.6,{i * i},{i}" for i in range(8)]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    code, out, err = s3eval("judge", "validate", file, "--json", "-", "--resamples", 50)
    document = json.loads(out)
    assert code == 0 and not err and document["rated"] == 8
    by_metric = {m["metric"]: m for m in document["metrics"]}
    assert [*by_metric] == ["bleu_corpus", "rouge1_f1", "rougeL_f1", "berts_f1", "rqi"]
    assert by_metric["rqi"]["pairwise_accuracy"]["value"] == 1.0
    assert by_metric["rqi"]["groups"] == 4, "patients are drawn, up to the first '@'"
    again = s3eval("judge", "validate", file, "--expert", "human", "--json", "-", "--resamples", 50)
    assert json.loads(again[1])["metrics"] == document["metrics"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "empty"),
        ("model,mine,expert\na,1,2\n", "video_id"),
        ("model,video_id,expert\n", "no rated"),
        ("model,video_id,expert\nm,v,1\n", "No column of numbers"),
        ("model,video_id,comment,expert\nm,v,good,1\n", "No column of numbers"),
        ("model,video_id,rqi,rqi,expert\nm,v,1,9,1\n", "appears twice"),
        ('model,video_id,rqi,expert\n"m,v,1,1\nm,w,2,2\n', "not closed"),
    ],
)
def test_validate_refuses_in_one_line(s3eval, tmp_path, content, told):
    file = tmp_path / "ratings.csv"
    file.write_text(content, encoding="utf-8")
    code, _, err = s3eval("judge", "validate", file)
    assert code == 2 and told in err and err.count("\n") == 1


def test_validate_names_a_column_of_words_once(s3eval, tmp_path):
    file = tmp_path / "ratings.csv"
    file.write_text(
        "model,video_id,comment,rqi,expert\nm,v,good,1,1\nm,w,bad,2,2\nm,x,,3,5\n", encoding="utf-8"
    )
    code, out, err = s3eval("judge", "validate", file, "--json", "-", "--resamples", 20)
    assert code == 0 and err == "ratings.csv: 'comment' holds no numbers; not compared\n"
    assert [m["metric"] for m in json.loads(out)["metrics"]] == ["rqi"]


def test_validate_takes_no_negative_number_of_draws(s3eval):
    code, _, err = s3eval("judge", "validate", "--resamples", -5)
    assert code == 2 and "--resamples" in err and "ValueError" not in err


def test_validate_unknown_metric_suggests(s3eval):
    code, _, err = s3eval("judge", "validate", "--metric", "rqy")
    assert code == 2 and "did you mean 'rqi'" in err


@pytest.mark.parametrize("verb", ["read", "rqi", "validate"])
def test_help_has_examples(s3eval, verb):
    code, out, _ = s3eval("judge", verb, "--help")
    assert code == 0 and "Examples" in out
