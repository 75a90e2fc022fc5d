"""Help that a newcomer can read: every option of every verb says in a sentence what it does."""

from __future__ import annotations

import re

import click
import pytest
from click.testing import CliRunner

from s3eval.cli import cli
from s3eval.cli import list as list_verb
from s3eval.plugins import Registry
from s3eval.testing.plugins import in_place_of_installed

# A sentence here begins with what the option does or with what its value is.
SENTENCE = re.compile(r"[A-Z].*[.)]", re.DOTALL)
FRAGMENTS = re.compile(r"(Of|Whose|Where|To|to|Else|Only|Default:)\b")


def verbs(group: click.Group, before: str = "") -> list[tuple[str, click.Command]]:
    context = click.Context(group)
    found: list[tuple[str, click.Command]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found += verbs(command, f"{before}{name} ")
        else:
            found.append((before + name, command))
    return found


VERBS = verbs(cli)


def test_there_are_verbs_to_look_at():
    assert {"run", "show", "data check", "judge read"} <= {name for name, _ in VERBS}


@pytest.mark.parametrize(("name", "command"), VERBS, ids=[name for name, _ in VERBS])
def test_every_option_is_explained_in_a_sentence(name, command):
    for option in command.params:
        if not isinstance(option, click.Option) or option.hidden:
            continue
        text = option.help or ""
        assert SENTENCE.fullmatch(text), f"{name} {option.opts[0]}: {text!r}"
        assert not FRAGMENTS.match(text), f"{name} {option.opts[0]}: {text!r}"
        assert len(text.split()) >= 3, f"{name} {option.opts[0]}: {text!r}"


@pytest.mark.parametrize(("name", "command"), VERBS, ids=[name for name, _ in VERBS])
def test_every_verb_says_what_it_does_and_shows_an_example(name, command):
    assert command.help and SENTENCE.match(command.help), name
    assert f"s3eval {name}" in (command.epilog or ""), name


def test_a_list_with_the_core_alone_names_what_to_install():
    with in_place_of_installed(Registry(())):
        shown = CliRunner().invoke(list_verb.command, [])
        exporters = CliRunner().invoke(list_verb.command, ["exporters"])
        ends = CliRunner().invoke(list_verb.command, ["run-ends"])
        executors = CliRunner().invoke(list_verb.command, ["executors"])
    assert shown.exit_code == 0
    assert "pip install s3eval-task-" in shown.output
    assert "s3eval-model-baselines" in shown.output
    assert "s3eval-judge-lexicon" in shown.output
    advice = "No exporters are installed; any of: pip install s3eval-hub s3eval-view"
    assert advice in exporters.output
    assert "No run ends are installed; any of: pip install s3eval-mlflow" in ends.output
    assert "No executors are installed; any of: pip install s3eval-executor-ray" in executors.output
