"""What stands in place of the installed plugins, and that it goes again."""

from __future__ import annotations

import pytest

from s3eval.plugins import Registry, discover, installed
from s3eval.testing.plugins import beside_installed, in_place_of_installed, registry_of


def test_what_is_installed_is_back_after_an_error():
    here = installed().names("task")
    assert here
    with pytest.raises(KeyError), in_place_of_installed(Registry(())):
        assert installed().names("task") == ()
        raise KeyError
    assert installed().names("task") == here == discover().names("task")


def test_one_stands_within_another():
    with in_place_of_installed(Registry(())) as outer:
        with beside_installed() as inner:
            assert installed() is inner
        assert installed() is outer


def test_invented_entry_points_are_still_read():
    from s3eval import plugins

    with in_place_of_installed(Registry(())):
        broken = registry_of(("x", "pkg-x", ImportError("no"))).broken
        assert len(broken) == 1 and len(plugins.discover([]).plugins) == 0
    assert plugins.discover is discover
