"""Figures in prose are those that the commands print: read from the pages and compared."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from s3eval.testing.paths import release_dir

DOCS = Path(__file__).parents[4] / "docs"
pytestmark = [
    pytest.mark.release,
    pytest.mark.skipif(release_dir() is None, reason="the public release is not on this machine"),
    pytest.mark.skipif(not DOCS.is_dir(), reason="the documents are not here"),
]


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def cells_of(split: str) -> list[dict[str, str]]:
    from s3eval_paper.reproduce_verb import command

    done = CliRunner().invoke(command, [str(release_dir()), "--split", split, "--json", "-"])
    found: list[dict[str, str]] = [c for c in json.loads(done.stdout) if c["status"] != "skipped"]
    return found


def rows_of(text: str, head: str) -> dict[str, list[str]]:
    """The rows of the Markdown table whose header begins with ``head``, by their first word."""
    table = text[text.index(head) :].split("\n\n", 1)[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {row[0].split(" ")[0]: row[1:] for row in rows}


def test_the_counts_of_the_test_set() -> None:
    found, text = cells_of("test"), page("reproduction.md")
    matched = sum(c["status"] == "match" for c in found)
    assert f"**matched {matched} of {len(found)}**" in text
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert f"\nmatched {matched} of {len(found)}\n" in readme
    total = Counter(c["table"] for c in found)
    equal = Counter(c["table"] for c in found if c["status"] == "match")
    rows = rows_of(text, "| Table | cells recomputed | equal |\n")
    assert rows == {t: [str(total[t]), str(equal[t])] for t in total}


def test_the_counts_of_the_whole_dataset() -> None:
    found, text = cells_of("all"), page("reproduction.md")
    count = Counter(c["status"] for c in found)
    told = f"**matched {count['match']} of {len(found)}; {count['explained']} explained, "
    assert told + f"{count['unexplained']} unexplained**" in " ".join(text.split())
    rows = rows_of(text, "| Table | cells recomputed | equal | explained |")
    total = Counter(c["table"] for c in found)
    assert {*rows} == {*total}
    for table, (recomputed, equal, explained) in rows.items():
        mine = [c for c in found if c["table"] == table]
        assert int(recomputed) == len(mine)
        assert int(equal) == sum(c["status"] == "match" for c in mine)
        causes = {words: int(n) for n, words in re.findall(r"(\d+) ([a-z ]+)", explained)}
        assert causes == Counter(c["cause"] for c in mine if c["cause"])


@pytest.mark.slow
def test_the_judges_means(tmp_path: Path) -> None:
    pytest.importorskip("s3eval_judge_lexicon")
    from s3eval_paper.release.reading import read_release, write_release

    from s3eval.cli import main

    runs = write_release(read_release(release_dir(), ["test"]), tmp_path / "imported")  # type: ignore[arg-type]
    out = tmp_path / "judges.json"
    arguments = ["judge", "compare", str(runs[0].parent), "--judges", "recorded,lexicon"]
    with pytest.raises(SystemExit):
        main([*arguments, "--protocol", "release", "--json", str(out)])
    document = json.loads(out.read_text(encoding="utf-8"))
    means = {
        m["judge"]: [f"{m['interpretation']:.2f}", f"{m['rqi']:.2f}"] for m in document["means"]
    }
    assert rows_of(page("judges.md"), "| judge | Task 2 score") == means
    (pair,) = document["agreement"]
    told = " ".join(page("judges.md").split())
    assert f"Features kappa {pair['feature_kappa']:.2f}, sections kappa" in told
    assert f"sections kappa {pair['section_kappa']:.2f}, localizing values equal" in told
    assert f"values equal {pair['localizing']:.2f} over {pair['reports']} reports" in told
    assert f"Spearman of RQI {pair['rqi_spearman']:.2f} over reports" in told


@pytest.mark.slow
def test_the_findings_are_those_of_the_command() -> None:
    from s3eval_paper.claims.page import find, markdown

    assert markdown(find(release_dir())) == page("findings.md")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The scores of the release's recorded runs of the test set, as the pages say they are made."""
    from s3eval_paper.release.reading import read_release, write_release

    from s3eval.api import score

    folder = tmp_path_factory.mktemp("recorded")
    runs = write_release(read_release(release_dir(), ["test"]), folder)  # type: ignore[arg-type]
    return score(str(runs[0].parent), judge="none", protocol="paper")


def of_model(recorded: Any, model: str, metric: str, task: str) -> Any:
    (scored,) = [s for s in recorded if s.run.facts.model == model]
    rows = [r for r in scored.rows if (r.task, r.metric) == (task, metric)]
    return next((r for r in rows if r.item == "mean"), rows[0])


@pytest.mark.slow
def test_the_scores_of_reports(recorded: Any) -> None:
    """metrics.md: value, interval and the template's score, under both protocols' name."""
    text = page("metrics.md")
    head = text[text.index("| | InternVL3.5-38B |") :].partition("\n")[0]
    models = [cell.strip() for cell in head.strip("|").split("|")[1:]]
    rows = rows_of(text, "| | InternVL3.5-38B |")
    checked = 0
    for name, cells in rows.items():
        metric = name.strip("`,")
        if metric == "signs_penalised" and "`release`" in name:
            continue
        places = 1 if metric == "rqi" else 2
        for model, cell in zip(models, cells, strict=True):
            row = of_model(recorded, model, metric, "report")
            told = "{:.{p}f}, {:.{p}f}-{:.{p}f} ({:.{p}f})".format(
                row.value, row.low, row.high, row.chance_value, p=places
            )
            if metric == "signs_penalised":
                continue  # two rows of one name, one for each protocol
            assert cell == told, f"{metric} of {model}"
            checked += 1
    assert checked == 5 * len(models)


@pytest.mark.slow
def test_the_scores_of_the_tasks(recorded: Any) -> None:
    """tasks.md: the table of what chance scores on the release."""
    text = page("tasks.md")
    head = "| | InternVL3.5-38B | Qwen2.5-Omni-7B |"
    table = text[text.index(head) :].split("\n\n", 1)[0].splitlines()
    models = [cell.strip() for cell in table[0].strip("|").split("|")[1:-1]]
    wanted = {
        "4 mean MAE": ("timing", "mae", 1),
        "5 edit distance": ("sequence", "edit_distance", 1),
        "5 LCS ratio": ("sequence", "lcs_ratio", 2),
        "6 Seizure-RQI": ("report", "rqi", 1),
        "6 F1 of signs": ("report", "signs_f1", 2),
        "6 ROUGE-L": ("report", "rouge_l", 2),
    }
    found = 0
    for line in table[2:]:
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        for begins, (task, metric, places) in wanted.items():
            if name.startswith(begins):
                values = [of_model(recorded, m, metric, task).value for m in models]
                assert cells[: len(models)] == [f"{v:.{places}f}" for v in values], name
                found += 1
    assert found == len(wanted)
