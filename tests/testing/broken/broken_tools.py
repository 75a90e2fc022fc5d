"""Verbs, exporters, executors and the like: some that conform, some that break one check."""

from __future__ import annotations

import click

from s3eval.running.executing import Executor


@click.command("verb")
def verb():
    """Nothing."""


def no_verb():
    """No command of click."""


def export(runs, out):
    """Takes what it is called with."""


def export_one(run):
    """Forgets where to write."""


def ends(run, scores):
    """Takes what it is called with, where nothing may leave."""


class Executes(Executor):
    def ask(self, session, works):
        return iter(())


class TakesAnyOption(Executes):
    @classmethod
    def of(cls, options):
        return cls()


class NoExecutor:
    pass


NO_FUNCTION = "export"
