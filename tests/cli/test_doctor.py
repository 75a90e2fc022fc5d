"""`s3eval doctor`: what is here, what is missing with its command, what is broken."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from importlib.util import find_spec

import av
import pytest

from s3eval.cli import main
from s3eval.plugins import discover
from s3eval.version import __version__

HOOKS = """
from s3eval import ModelSpec, hookimpl

@hookimpl
def s3eval_models():
    return [ModelSpec("NAME", "MODULE.adapter:Yes", "for a test", sees=True, NEEDS)]
"""
ADAPTER = "from s3eval import Model\n\nclass Yes(Model):\n    uses_footage = False\n"
CORE = "s3eval-core>=0.2,<0.3"


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Makes an installed distribution with one model."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(
        name, *, model="", hooks=HOOKS, needs="", adapter=ADAPTER, requires=(CORE,), origin=None
    ):
        module = name.replace("-", "_")
        package = tmp_path / module
        package.mkdir()
        text = hooks.replace("MODULE", module).replace("NAME", model or name)
        (package / "__init__.py").write_text(text.replace("NEEDS", needs))
        (package / "adapter.py").write_text(adapter)
        info = tmp_path / f"{module}-0.1.0.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.4", f"Name: {name}", "Version: 0.1.0"]
        lines += [f"Requires-Dist: {r}" for r in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        if origin is not None:
            (info / "direct_url.json").write_text(json.dumps(origin))
        (info / "entry_points.txt").write_text(f"[s3eval]\n{module} = {module}\n")

    return make


TORCH = """
from types import SimpleNamespace as N
__version__ = "9.9"
version, backends = N(cuda="13.0"), N()
facts = N(name="Some GPU", total_memory=80 * 2**30)
cuda = N(is_available=lambda: True, device_count=lambda: 1, get_device_properties=lambda i: facts)
"""


@pytest.fixture(autouse=True)
def torch(tmp_path, monkeypatch):
    """Stands for torch, which takes seconds to import: a GPU that no test machine needs to have.

    Gives the file, for tests of a torch that does not work.
    """
    folder = tmp_path / "stands-for-torch"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    (folder / "torch.py").write_text(TORCH)
    return folder / "torch.py"


@pytest.fixture
def doctor(capsys):
    """Runs the verb; gives the exit code, the entries by name, and all that was printed."""

    def run(*more):
        with pytest.raises(SystemExit) as done:
            main(["doctor", "--json", "-", *more])
        out, err = capsys.readouterr()
        entries = json.loads(out)["entries"]
        return done.value.code, {e["name"]: e for e in entries}, out + err

    return run


def test_what_is_here(doctor):
    _, entries, _ = doctor()
    assert entries["s3eval-core"]["detail"] == __version__
    assert {e["state"] for e in entries.values()} <= {"ok", "missing", "unknown", "broken"}
    assert entries["PyAV"]["detail"].startswith(av.__version__)
    assert "FFmpeg" in entries["PyAV"]["detail"]
    assert "h264" in entries["PyAV"]["detail"]
    assert entries["dataset folder"]["state"] == "ok"


def test_the_table_names_what_is_missing_and_how_to_add_it(distribution, capsys):
    needs = 'needs=("no_such_library",), install="pip install no-such-library"'
    distribution("doctor-needs", needs=needs)
    with pytest.raises(SystemExit) as done:
        main(["doctor"])
    out = capsys.readouterr().out
    assert "model doctor-needs" in out
    assert "pip install no-such-library" in out
    # What is missing is no fault; only what is broken is.
    assert done.value.code in (0, None) or "broken," in out


def test_keys_are_named_and_never_shown(doctor, monkeypatch, distribution):
    for name, variables in (("doctor-keys", "('DOCTOR_KEY',)"), ("doctor-other", "('NO_KEY',)")):
        distribution(name, adapter=f"{ADAPTER}    key_variables = {variables}\n")
    monkeypatch.setenv("DOCTOR_KEY", "sk-very-secret")
    _, entries, printed = doctor()
    assert entries["DOCTOR_KEY"]["state"] == "ok"
    assert entries["DOCTOR_KEY"]["detail"] == "set; for model doctor-keys"
    assert entries["NO_KEY"]["state"] == "missing"
    assert entries["NO_KEY"]["fix"] == "export NO_KEY=..."
    assert "sk-very-secret" not in printed


@pytest.mark.parametrize("given", ["", "DOCTOR_KEY", "OTHER_DOCTOR_KEY"])
def test_two_variables_of_one_service_are_one_key(doctor, monkeypatch, distribution, given):
    adapter = ADAPTER + "    key_variables = ('DOCTOR_KEY', 'OTHER_DOCTOR_KEY')\n"
    distribution("doctor-keys", adapter=adapter)
    if given:
        monkeypatch.setenv(given, "sk-very-secret")
    entry = doctor()[1]["DOCTOR_KEY or OTHER_DOCTOR_KEY"]
    said = f"{given} is set" if given else "not set"
    assert (entry["state"], entry["detail"], entry["fix"]) == (
        "ok" if given else "missing",
        f"{said}; for model doctor-keys",
        "" if given else "export DOCTOR_KEY=...",
    )


def test_an_import_that_fails_is_worded_as_in_the_list_and_by_a_run(doctor, distribution):
    missing = "ModuleNotFoundError: No module named 'no_such_module'"
    distribution("doctor-hooks", hooks="import no_such_module\n")
    distribution("doctor-adapter", adapter="import no_such_module\n")
    entries = doctor()[1]
    broken = discover().broken
    (listed,) = [b.reason for b in broken if b.package == "doctor-hooks"]
    assert entries["doctor_hooks = doctor_hooks"]["detail"] == listed
    assert listed == f"{missing} (__init__.py:1)"
    entry = entries["model doctor-adapter"]
    assert entry["detail"] == f"{missing} (adapter.py:1)"
    assert entry["fix"] == "install what brings 'no_such_module', or mend the module"


def test_a_plugin_that_does_not_import_is_broken(doctor, distribution):
    distribution("doctor-raises", hooks="raise RuntimeError('no device')")
    code, entries, _ = doctor()
    assert code == 1
    entry = entries["doctor_raises = doctor_raises"]
    assert entry["state"] == "broken"
    assert "no device" in entry["detail"]
    assert "pip uninstall doctor-raises" in entry["fix"]


def test_a_hook_with_a_spelling_mistake_is_broken(doctor, distribution):
    distribution("doctor-hook", hooks=HOOKS.replace("s3eval_models", "s3eval_modles"))
    code, entries, _ = doctor()
    assert code == 1
    entry = entries["doctor_hook = doctor_hook"]
    assert entry["state"] == "broken"
    assert "did you mean 's3eval_models'?" in entry["detail"]


def folder_of(**facts):
    """What pip records of a package that was installed from a folder (PEP 610)."""
    return {"url": "file:///home/somebody/plugin", "dir_info": facts}


@pytest.mark.parametrize(
    ("origin", "fix"),
    [
        (None, "pip install -U doctor-here, or pip uninstall doctor-here"),
        (folder_of(editable=True), "mend it in its folder, or pip uninstall doctor-here"),
        (folder_of(), "mend it in its folder and install it again, or pip uninstall doctor-here"),
        (
            {"url": "https://example.org/x.git", "vcs_info": {"vcs": "git"}},
            "install it again from where it came, or pip uninstall doctor-here",
        ),
    ],
)
def test_a_name_is_taken_from_the_index_only_where_it_came_from_there(
    doctor, distribution, origin, fix
):
    distribution("doctor-here", hooks="\nraise RuntimeError('no device')", origin=origin)
    _, entries, printed = doctor()
    entry = entries["doctor_here = doctor_here"]
    assert entry["fix"] == fix
    assert entry["detail"] == "RuntimeError: no device (__init__.py:2)"
    assert "/home/somebody" not in printed


@pytest.mark.parametrize(
    ("hooks", "detail"),
    [
        ("x = 1\nx = = 2\n", "SyntaxError: invalid syntax (__init__.py:2)"),
        ("x = 1\n\nimport json\njson.loads('')\n", " (__init__.py:4)"),
    ],
)
def test_the_line_is_one_of_the_plugin(doctor, distribution, hooks, detail):
    distribution("doctor-line", hooks=hooks)
    assert doctor()[1]["doctor_line = doctor_line"]["detail"].endswith(detail)


def test_an_adapter_from_a_folder_is_mended_there(doctor, distribution):
    adapter = "import json\n\nraise OSError('no device')\n"
    distribution("doctor-editable", adapter=adapter, origin=folder_of(editable=True))
    entry = doctor()[1]["model doctor-editable"]
    assert "OSError: no device (adapter.py:3)" in entry["detail"]
    assert entry["fix"] == "mend it in its folder, or pip uninstall doctor-editable"


def test_requirements_of_a_package_from_a_folder_are_mended_there(doctor, distribution):
    distribution("doctor-old", requires=("s3eval-core>=9",), origin=folder_of(editable=True))
    fix = doctor()[1]["doctor-old"]["fix"]
    assert fix == "mend it in its folder, or pip uninstall doctor-old"


def test_an_adapter_that_does_not_import_is_broken(doctor, distribution):
    distribution("doctor-adapter", adapter="import sys; sys.exit('no licence')")
    code, entries, _ = doctor()
    assert code == 1
    assert entries["model doctor-adapter"]["state"] == "broken"
    assert "no licence" in entries["model doctor-adapter"]["detail"]
    assert entries["dataset folder"]["state"] == "ok"


@pytest.mark.parametrize(
    ("name", "requires", "words"),
    [
        ("doctor-newer", "s3eval-core>=9,<10", f"but {__version__} is installed"),
        ("doctor-absent", "no-such-distribution>=1", "which is not installed"),
        ("doctor-odd", "s3eval-core>>2", "which cannot be read"),
    ],
)
def test_a_version_that_does_not_fit_is_broken(doctor, distribution, name, requires, words):
    distribution(name, requires=(requires,))
    code, entries, _ = doctor()
    assert code == 1
    assert entries[name]["state"] == "broken"
    assert words in entries[name]["detail"]
    assert entries[name]["fix"].startswith("pip install")


def test_requirements_of_extras_are_not_asked_for(doctor, distribution):
    distribution("doctor-extra", requires=(CORE, "no-such-distribution; extra == 'gpu'"))
    _, entries, _ = doctor()
    assert entries["doctor-extra"]["state"] == "ok"


def test_a_name_claimed_twice_is_broken(doctor, distribution):
    distribution("doctor-one", model="claimed")
    distribution("doctor-two", model="claimed")
    code, entries, _ = doctor()
    assert code == 1
    assert entries["model claimed"]["state"] == "broken"
    assert "doctor-one and doctor-two" in entries["model claimed"]["detail"]


def test_a_torch_that_raises_is_broken(doctor, torch):
    torch.write_text("raise OSError('libcudart.so.12: cannot open')")
    code, entries, _ = doctor()
    assert code == 1
    assert entries["torch"]["state"] == "broken"
    assert "libcudart.so.12" in entries["torch"]["detail"]


def test_a_torch_that_waits_is_not_waited_for(doctor, torch):
    torch.write_text("import time; time.sleep(120)")
    _, entries, _ = doctor("--timeout", "2")
    assert entries["torch"]["state"] == "unknown"
    assert entries["torch"]["detail"] == "it did not answer within 2 s"


def test_a_gpu_is_named(doctor):
    _, entries, _ = doctor()
    assert entries["torch"]["detail"] == "9.9, built for CUDA 13.0"
    assert entries["GPU"]["detail"] == "Some GPU, 80 GiB"


@pytest.mark.torch
def test_the_torch_that_is_here(doctor, torch):
    torch.unlink()
    sys.path_importer_cache.clear()
    if find_spec("torch") is None:
        pytest.skip("needs torch")
    _, entries, _ = doctor()
    # The version of the module has the build behind it ("+cpu"), that of the package may not.
    known = version("torch").partition("+")[0]
    assert entries["torch"]["detail"].startswith(known)
    assert entries["torch"]["state"] == "ok"
