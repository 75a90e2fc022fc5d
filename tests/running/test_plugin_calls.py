"""A plugin's code prints, exits, closes streams and changes folders without ending a command."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from importlib import import_module

import numpy as np
import pytest

from s3eval.errors import MachineError, S3EvalError
from s3eval.model import Answer, Model, Question
from s3eval.plugin_calls import call_plugin, plugin_output
from s3eval.running.asking import _in_order
from s3eval.running.boundary import checked_answer, checked_identity
from s3eval.running.guard import Guard
from s3eval.running.models import (
    load_model,
    loaded_senses,
    notice_of,
    spent_by,
    trouble_of_closing,
)
from s3eval.specs import ModelSpec
from s3eval.testing.plugins import module_with, registry_of


def raising(error: BaseException):
    def work(*_: object) -> None:
        raise error

    return work


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("in str")


@pytest.mark.parametrize(
    "error", [ValueError("x"), SystemExit(0), GeneratorExit(), Unspeakable(), BaseException("b")]
)
def test_whatever_is_raised_is_an_error_that_names_the_package(error):
    with pytest.raises(S3EvalError, match="gait-models") as caught:
        call_plugin("load() of model 'gait'", "gait-models", raising(error))
    assert type(error).__name__ in str(caught.value)
    assert caught.value.exit_code == 2


def test_no_memory_is_the_machine(tmp_path):
    with pytest.raises(MachineError) as caught:
        call_plugin("load()", "pkg", raising(MemoryError()))
    assert caught.value.exit_code == 4


def test_prints_go_to_standard_error_with_escape_sequences_shown(capsys):
    with plugin_output():
        print("loading\x1b[31m")
        sys.stdout.close()
        print("still")
    print("a table")
    out, err = capsys.readouterr()
    assert out == "a table\n"
    assert err == "loading\\x1b[31m\nstill\n"


def test_the_folder_is_as_before(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with plugin_output():
        os.chdir("/")
    assert os.getcwd() == str(tmp_path)


def test_what_native_code_writes_never_stands_in_a_document():
    code = (
        "import os, sys\nfrom s3eval.terminal import separate_output\n"
        "with separate_output() as write:\n"
        "    os.write(1, b'native\\n'); write('{}\\n'); os.write(1, b'more\\n')\n"
        "print('after')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "{}\nafter\n"
    assert done.stderr == "native\nmore\n"


@pytest.mark.parametrize("given", [None, {"tonic": "yes"}, "yes", b"yes", {"yes"}, ["yes"] * 3])
def test_what_is_no_row_of_answers_is_refused_whole(given):
    with pytest.raises(S3EvalError, match="the model gave"):
        _in_order(given, 2)


def test_fewer_answers_than_questions_are_taken_in_order():
    assert list(_in_order(["yes"], 2)) == ["yes"]


def test_an_answers_own_code_that_raises_fails_that_answer_alone():
    class Text(str):
        def __len__(self) -> int:
            raise RuntimeError("len")

    class Share:
        def item(self) -> float:
            raise RuntimeError("no item")

    asked = Question("tonic", "Tonic?", ("yes", "no"))
    assert checked_answer(Text("yes"), asked).text == "yes"
    for probability in (Share(), 10**400, 1j):
        failed = checked_answer(Answer.of("yes", probabilities={"yes": probability}), asked)
        assert failed.status == "failed"
        assert "probability of 'yes'" in failed.reason


def test_an_identity_with_half_a_character_is_refused():
    with pytest.raises(S3EvalError, match="pkg: odd"):
        checked_identity({"checkpoint": "\ud83d"}, "odd", "pkg")


class Odd(Model):
    uses_footage = False

    def notice(self):
        raise ValueError("n")

    def close(self):
        raise SystemExit(9)


class Smelling(Model):
    senses = {"smell"}  # noqa: RUF012


def odd_plugin():
    spec = ModelSpec("odd", adapter=f"{__name__}:Odd", sees=True)
    return registry_of(("x", "pkg-x", module_with(s3eval_models=[spec]))).get("model", "odd")


def test_a_models_notice_and_closing_cost_no_run():
    plugin = odd_plugin()
    assert "ValueError: n" in notice_of(Odd(), plugin)
    assert "SystemExit: 9" in trouble_of_closing(Odd(), plugin)


@pytest.mark.parametrize(("notice", "told"), [(None, ""), (7, "int"), ("x" * 10**6, "[...]")])
def test_a_notice_is_text_of_some_lines(notice, told, monkeypatch):
    monkeypatch.setattr(Odd, "notice", lambda self: notice)
    said = notice_of(Odd(), odd_plugin())
    assert told in said
    assert len(said) < 3_000


def test_senses_that_are_none_name_the_package():
    with pytest.raises(S3EvalError, match="pkg-x"):
        loaded_senses(Smelling(), odd_plugin())


@pytest.mark.parametrize("error", [SystemExit(0), ValueError("boo")])
def test_a_model_that_ends_the_program_while_loading_is_named(error, monkeypatch):
    monkeypatch.setattr(Odd, "load", classmethod(raising(error)))
    with pytest.raises(S3EvalError, match="load\\(\\) of model 'odd' failed \\(pkg-x\\)"):
        load_model(odd_plugin(), {})


def test_whether_a_model_uses_footage_is_a_bool_or_names_the_package(monkeypatch):
    for odd in (property(raising(SystemExit(0))), "no"):
        monkeypatch.setattr(Odd, "uses_footage", odd)
        with pytest.raises(S3EvalError, match=r"uses_footage of model 'odd'.*pkg-x"):
            load_model(odd_plugin(), {})
    monkeypatch.setattr(Odd, "uses_footage", np.True_)
    with pytest.raises(S3EvalError, match=r"but got numpy\.bool"):
        load_model(odd_plugin(), {})


@pytest.mark.parametrize(
    ("told", "shown"),
    [(0.25, 0.25), (0, 0.0), (None, None), (float("nan"), None), (-1.0, None), (True, None),
     ("much", None), (ValueError("no meter"), None), (SystemExit(1), None)],
)  # fmt: skip
def test_what_a_model_says_that_it_spent_ends_no_run(told, shown):
    class Hosted(Model):
        def spent(self):
            if isinstance(told, BaseException):
                raise told
            return told

    module = module_with(s3eval_models=[ModelSpec("hosted", adapter="a:b")])
    registry = registry_of(("hosted", "hosted-models", module))
    assert spent_by(Hosted(), registry.get("model", "hosted")) == shown


GAIT = {
    "__init__.py": "",
    "task.py": "from gait_of_test.rows import rows\n\n\ndef baselines():\n    return rows()\n",
    "rows.py": "import json\n\n\ndef rows():\n    return json.loads('{')\n",
    "broken.py": "import json\n\nnumber = 1 / 0\n",
}


@pytest.fixture
def gait(tmp_path, monkeypatch):
    folder = tmp_path / "Maria_1957" / "gait_of_test"
    folder.mkdir(parents=True)
    for name, text in GAIT.items():
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder.parent))
    yield
    for name in [n for n in sys.modules if n.partition(".")[0] == "gait_of_test"]:
        del sys.modules[name]


def test_the_last_line_in_the_plugins_own_package_is_named(gait):
    task = import_module("gait_of_test.task")
    with pytest.raises(S3EvalError, match=r"JSONDecodeError: .* \(rows\.py:5\)") as caught:
        call_plugin("load()", "gait-models", task.baselines)
    assert "Maria_1957" not in str(caught.value), "no folder is named"
    with pytest.raises(S3EvalError, match=r"ZeroDivisionError: .* \(broken\.py:3\)"):
        call_plugin("Importing", "gait-models", partial(import_module, "gait_of_test.broken"))


def test_a_fault_of_a_task_names_the_line_however_long_its_message_is(gait):
    task = import_module("gait_of_test.task")

    def raise_long() -> None:
        try:
            task.baselines()
        except ValueError as error:
            error.args = ("x" * 5_000,)
            raise

    guard = Guard({"gait": "gait-tasks"})
    guard.call("gait", "making the answers of its baselines", task.baselines, None)
    guard.call("gait", "scoring", raise_long, None)
    first, second = map(str, guard.faults)
    assert first.startswith(
        "task 'gait' (gait-tasks) failed while making the answers of its baselines: JSONDecodeError"
    )
    assert first.endswith("(rows.py:5)")
    assert second.endswith(f"[...] ({os.path.basename(__file__)}:{raise_long_line(raise_long)})")


def raise_long_line(function) -> int:
    return int(function.__code__.co_firstlineno) + 2


def test_reasons_of_answers_name_no_line():
    class Raises(Model):
        def answer(self, watched, question):
            raise ValueError("no rows")

    (answer,) = Raises().ask(None, [Question("tonic", "Tonic?")])
    assert answer.reason == "ValueError: no rows"
