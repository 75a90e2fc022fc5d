"""Consent to send something off this machine comes from the command, never from a file."""

import pytest
from click.testing import CliRunner

from s3eval.cli import cli
from s3eval.errors import S3EvalError


def run(tmp_path, options, *flags):
    file = tmp_path / "options.toml"
    file.write_text(options)
    arguments = ["run", "--config", str(file), "--out", str(tmp_path / "runs"), *flags]
    return CliRunner().invoke(cli, arguments, catch_exceptions=False, standalone_mode=False)


@pytest.mark.parametrize(
    "options",
    [
        "allow-remote = true",
        'allow-remote = "yes"',
        "allow-remote = 1",
        'phi = "off"',
        'phi = " OFF "',
        'phi = ["off"]',
    ],
)
def test_a_file_gives_no_consent(tmp_path, options):
    with pytest.raises(S3EvalError, match="cannot come from a file") as caught:
        run(tmp_path, options)
    assert "in the command" in str(caught.value)


def test_a_file_may_be_stricter_than_the_command(tmp_path):
    with pytest.raises(Exception, match=r"(?i)missing") as caught:
        run(tmp_path, 'allow-remote = false\nphi = "block"')
    assert not isinstance(caught.value, S3EvalError)
