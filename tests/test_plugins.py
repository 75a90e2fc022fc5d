"""Discovery: what is found, what is refused, what is broken, and how quickly."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.hooks import GROUP, Hooks
from s3eval.plugins import discover, distribution_of, install_command
from s3eval.specs import DatasetSpec, ModelSpec, TaskSpec
from s3eval.testing.plugins import module_with, registry_of


def model(name: str) -> ModelSpec:
    return ModelSpec(name, adapter="nowhere:Nothing", sees=True)


def test_a_plugin_brings_its_models_with_package_and_version():
    registry = registry_of(("x", "pkg-x", module_with(s3eval_models=[model("m")])))
    plugin = registry.get("model", "m")
    assert (plugin.package, plugin.version) == ("pkg-x", "1.0")
    assert plugin.spec.senses == {"sight"}


def test_a_name_claimed_twice_belongs_to_nobody_and_both_owners_are_named():
    registry = registry_of(
        ("x", "pkg-x", module_with(s3eval_models=[model("m"), model("other")])),
        ("y", "pkg-y", module_with(s3eval_models=[model("m")])),
    )
    assert registry.names("model") == ("other",)
    with pytest.raises(S3EvalError, match="claimed by pkg-x and pkg-y") as caught:
        registry.get("model", "m")
    assert "pip uninstall pkg-y" in str(caught.value)


def test_a_broken_plugin_is_shown_with_its_reason_and_does_not_stop_others():
    registry = registry_of(
        ("bad", "pkg-bad", ImportError("no module named wings")),
        ("x", "pkg-x", module_with(s3eval_models=[model("m")])),
    )
    assert registry.names("model") == ("m",)
    assert registry.broken[0].package == "pkg-bad"
    assert "no module named wings" in registry.broken[0].reason
    with pytest.raises(UnknownNameError, match="pkg-bad"):
        registry.get("model", "the-one-it-would-have-brought")


@pytest.mark.parametrize("wrong", ["a string", DatasetSpec("d", adapter="a:b")])
def test_a_hook_that_returns_the_wrong_thing_is_broken_with_hook_and_type_named(wrong):
    registry = registry_of(("x", "pkg-x", module_with(s3eval_tasks=[wrong])))
    assert re.search(r"s3eval_tasks: expected TaskSpec, but got \w+", registry.broken[0].reason)


def test_a_hook_that_is_none_suggests_the_nearest():
    module = module_with(s3eval_modles=[model("m")])
    (broken,) = registry_of(("x", "pkg-x", module)).broken
    assert "there is no hook 's3eval_modles'; did you mean 's3eval_models'?" in broken.reason


@pytest.mark.parametrize("value", ["not a module!", "mine..hooks", "mine:1"])
def test_an_entry_point_that_names_no_module_is_told_as_it_is_written(value):
    registry = discover([EntryPoint("mine", value, GROUP)])
    (broken,) = registry.broken
    assert f"expected the name of a module as entry point, but got '{value}'" in broken.reason
    assert broken.entry_point == f"mine = {value}"


def test_an_unknown_name_suggests_the_nearest():
    registry = registry_of(
        ("x", "p", module_with(s3eval_tasks=[TaskSpec("recognition", adapter="a:b")]))
    )
    with pytest.raises(UnknownNameError, match="did you mean 'recognition'"):
        registry.get("task", "recogntion")


def test_missing_needs_are_told_with_the_way_to_install_them():
    spec = ModelSpec("m", adapter="a:b", needs=("json", "no_such_module"), install="pip install x")
    assert spec.missing() == ("no_such_module",)
    with pytest.raises(S3EvalError, match=r"needs no_such_module.*Try: pip install x"):
        spec.load()


def test_an_adapter_that_does_not_import_is_one_error():
    with pytest.raises(S3EvalError, match=r"does not import.*no_such_module_either"):
        ModelSpec("m", adapter="no_such_module_either:X").load()


@pytest.mark.parametrize(
    ("adapter", "way_out"),
    [
        ("no_such_module_either:X", "correct `adapter=` in its spec: there is no module"),
        ("s3eval.model:Modell", 'correct `adapter=` in its spec: "s3eval.model:Model"'),
        ("s3eval.model:", "correct `adapter=` in its spec"),
    ],
)
def test_the_way_out_of_a_wrong_adapter_is_its_spec(adapter, way_out):
    with pytest.raises(S3EvalError) as caught:
        ModelSpec("m", adapter=adapter).load()
    assert f". Try: {way_out}" in str(caught.value)


def test_a_module_that_imports_what_is_not_there_is_told_with_its_line(tmp_path, monkeypatch):
    (tmp_path / "imports_much.py").write_text("import json\nimport no_such_thing\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(S3EvalError) as caught:
        ModelSpec("m", adapter="imports_much:X").load()
    assert "(imports_much.py:2)" in str(caught.value)
    assert str(caught.value).endswith(
        "Try: install what brings 'no_such_thing', or mend the module"
    )


def test_every_hook_is_documented_and_described_in_the_docs():
    text = (Path(__file__).parents[1] / "docs" / "plugins.md").read_text(encoding="utf-8")
    for name, hook in vars(Hooks).items():
        if name.startswith("s3eval_"):
            assert hook.__doc__, name
            assert f"`{name}`" in text, f"docs/plugins.md does not mention {name}"


def test_listing_imports_nothing_heavy():
    code = (
        "import sys; from s3eval.cli import main\n"
        "try: main(['list'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'pandas', 'numpy', 'scipy', 'sklearn', 'av'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr.strip().splitlines()[-1] == "[]"
    assert "folder" in done.stdout


def test_the_table_of_distributions_is_what_the_packages_say():
    script = Path(__file__).parents[1] / "tools" / "distributions.py"
    command = [sys.executable, str(script), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_name_of_a_package_that_is_not_installed_says_what_to_install():
    error = discover([])._unknown("importer", "s3-release")
    assert "pip install s3eval-paper" in str(error)
    assert install_command("published") == "pip install s3eval-paper"
    assert distribution_of("model", "no-such-model") == ""


def test_the_core_imports_none_of_the_repositorys_packages():
    root = Path(__file__).parents[1]
    packages = "|".join(p.parent.name for p in root.glob("plugins/*/*/s3eval_*/__init__.py"))
    assert "s3eval_paper" in packages and "s3eval_task_timing" in packages
    naming = re.compile(rf"\b({packages})\b")
    knowing = [
        p for p in sorted(root.glob("s3eval/**/*.py")) if naming.search(p.read_text("utf-8"))
    ]
    assert knowing == []


def test_nothing_below_the_command_line_knows_it():
    """docs/architecture.md: "the CLI knows everything and nothing knows the CLI"."""
    from pathlib import Path

    import s3eval

    root = Path(s3eval.__file__).parent
    # reporting prints tables, which is what the command line has it for.
    allowed = {"cli", "reporting", "__main__.py"}
    knowing = [
        str(path.relative_to(root))
        for path in sorted(root.rglob("*.py"))
        if path.relative_to(root).parts[0] not in allowed
        and "from s3eval.cli" in path.read_text("utf-8")
    ]
    assert knowing == []


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"sees": "no"}, "sees"),
        ({"parameters": "7B"}, "parameters"),
        ({"needs": "torch"}, "needs"),
        ({"needs": None}, "needs"),
        ({"profile": 3}, "profile"),
        ({"checkpoint": None}, "checkpoint"),
        ({"name": "../x"}, "name"),
        ({"name": "x\x1b[31m"}, "name"),
    ],
)
def test_a_spec_with_a_wrong_field_is_broken_with_the_field_named(fields, word):
    spec = ModelSpec(**{"name": "odd", "adapter": "nowhere:Nothing", **fields})
    registry = registry_of(("x", "pkg-x", module_with(s3eval_models=[spec])))
    assert registry.names("model") == ()
    assert word in registry.broken[0].reason


def test_a_need_that_names_no_module_is_missing():
    assert ModelSpec("odd", adapter="a:b", needs=("a..b",)).missing() == ("a..b",)
