"""The verbs that packages add to the command line."""

from __future__ import annotations

from s3eval.api.verbs import added_verbs, package_of_verb
from s3eval.plugins import Plugin, Registry
from s3eval.specs import CommandSpec
from s3eval.testing.plugins import in_place_of_installed

NAMES = ("dance", "data dance", "list", "data check dance")


def test_each_group_has_its_own_and_none_is_replaced():
    specs = [CommandSpec(name, "a:B", name) for name in NAMES]
    plugins = tuple(Plugin("command", spec, "acme", "1") for spec in specs)
    with in_place_of_installed(Registry(plugins)):
        assert [*added_verbs()] == ["dance", "list"]
        assert [*added_verbs(taken=["list"])] == ["dance"]
        assert [spec.name for spec in added_verbs("data").values()] == ["data dance"]
        assert [*added_verbs("data check")] == ["dance"]
        assert added_verbs("judge") == {}


def test_a_verb_of_this_project_has_its_package_installed_or_not():
    with in_place_of_installed(Registry(())):
        assert package_of_verb("", "view") == "s3eval-view"
        assert package_of_verb("data", "synth") == "s3eval-synth"
        assert package_of_verb("judge", "synth") == ""
