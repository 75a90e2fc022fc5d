"""What is installed, as a result of the API, with plugins that are given instead of looked for."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from s3eval.api.listing import USUAL, WHAT, WORDS, list_installed, list_words
from s3eval.errors import UnknownNameError
from s3eval.plugins import BrokenPlugin, Plugin, Registry
from s3eval.specs import JudgeSpec, ModelSpec, TaskSpec

BROKEN = BrokenPlugin("acme", "0.1", "acme = acme", "ImportError: no <acme>")


@pytest.fixture
def registry() -> Registry:
    large = ModelSpec("large", "a:L", "a large one", parameters=7_620_000_000, hears=True)
    away = ModelSpec("away", "a:A", "a service", sees=True, remote=True, needs=("no_such_module",))
    specs = [
        ("model", large),
        ("model", away),
        ("task", TaskSpec("ask", "a:T", "asks", number=3)),
        ("judge", JudgeSpec("reads", "a:J", "reads")),
    ]
    plugins = tuple(Plugin(kind, spec, "acme", "0.1") for kind, spec in specs)
    return Registry(plugins, (BROKEN,), {("task", "twice"): ("one", "other")})


def test_without_a_kind_the_usual_ones_are_listed(registry):
    listing = list_installed(registry=registry)
    assert [*listing.plugins] == ["model", "task", "judge", "dataset"]
    assert [p.spec.name for p in listing.plugins["model"]] == ["large", "away"]
    assert listing.plugins["dataset"] == ()
    assert listing.broken == (BROKEN,)
    assert listing.duplicates == {("task", "twice"): ("one", "other")}


def test_one_kind_or_several_are_listed_by_the_words_of_the_command(registry):
    assert [*list_installed("run-ends", registry=registry).plugins] == ["run end"]
    assert [*list_installed(("judges", "published"), registry=registry).plugins] == [
        "judge",
        "published",
    ]
    with pytest.raises(UnknownNameError, match="did you mean 'models'"):
        list_installed("modles", registry=registry)


def test_the_tables_say_size_senses_and_what_leaves_the_machine(registry):
    models, tasks, judges, datasets = list_installed(registry=registry).tables()
    assert models.title == "2 models"
    assert models.columns[:5] == ("model", "size", "sees", "hears", "leaves machine")
    assert [tuple(row[:6]) for row in models.rows] == [
        ("large", "7.6B", "-", "yes", "no", "ready"),
        ("away", "-", "yes", "-", "yes", "missing: no_such_module"),
    ]
    assert tasks.title == "1 task"
    assert tasks.columns == ("task", "status", "package", "what it is")
    assert tasks.rows == (("ask", "ready", "acme 0.1", "asks"),)
    assert judges.columns[1] == "leaves machine"
    assert datasets.title == "0 datasets" and datasets.rows == ()


def test_a_kind_without_any_has_advice_and_what_is_wrong_a_line_each(registry):
    listing = list_installed(("datasets", "published", "tasks"), registry=registry)
    datasets, published = listing.advice()
    assert datasets.startswith("No datasets are installed; any of: pip install s3eval-paper")
    assert published.startswith("No publications are installed; any of: pip install s3eval-paper")
    assert listing.trouble() == [
        "Refused: task 'twice' is claimed by one and other.",
        "Broken: acme 0.1 (acme = acme): ImportError: no <acme>",
    ]


def test_it_shows_as_tables_with_what_is_wrong_below(registry):
    listing = list_installed("datasets", registry=registry)
    assert repr(listing).splitlines()[0] == "0 datasets"
    assert repr(listing).splitlines()[-1] == listing.trouble()[-1]
    page = listing._repr_html_()
    assert "<table>" in page and "ImportError: no &lt;acme&gt;" in page


def test_its_json_has_plural_kinds_specs_and_what_is_wrong(registry):
    facts = json.loads(json.dumps(list_installed(registry=registry).as_json()))
    assert [*facts] == ["models", "tasks", "judges", "datasets", "broken", "duplicates"]
    (task,) = facts["tasks"]
    assert {"kind", "package", "version", "status", "name", "number", "provides"} <= {*task}
    assert (task["name"], task["number"], task["status"]) == ("ask", 3, "ready")
    assert facts["broken"][0]["reason"] == "ImportError: no <acme>"
    assert facts["duplicates"] == [{"kind": "task", "name": "twice", "packages": ["one", "other"]}]
    assert "publications" in list_installed("published", registry=registry).as_json()


def test_its_frame_has_a_row_for_each_plugin(registry):
    pytest.importorskip("pandas")
    frame = list_installed(registry=registry).to_frame()
    assert [*frame.name] == ["large", "away", "ask", "reads"]
    assert [*frame.kind] == ["model", "model", "task", "judge"]
    assert list(frame.remote[frame.kind == "model"]) == [False, True]


def test_the_words_of_this_project_are_records():
    features, profiles = (list_words(what) for what in WORDS)
    assert {"tonic", "clonic"} <= {record["name"] for record in features}
    assert "standard" in {record["name"] for record in profiles}
    with pytest.raises(UnknownNameError, match="did you mean 'features'"):
        list_words("feature")


def test_everything_that_can_be_listed_is_a_kind_or_a_word():
    assert WHAT[: len(USUAL)] == USUAL
    for what in WHAT:
        assert list_words(what) if what in WORDS else list_installed(what).plugins


def test_it_imports_nothing_heavy_and_none_of_what_it_lists():
    code = (
        "import sys; from s3eval.api.listing import list_installed\n"
        "listing = list_installed(); repr(listing); listing.as_json()\n"
        "heavy = {'torch', 'transformers', 'pandas', 'numpy', 'scipy', 'sklearn', 'av', 'rich'}\n"
        "adapters = {p.spec.adapter.partition(':')[0] for p in listing.plugins['model']}\n"
        "assert adapters\n"
        "print(sorted((heavy | adapters) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
