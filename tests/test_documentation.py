"""Messages name pages where somebody who has only the package can find them."""

from __future__ import annotations

from email.message import Message

import pytest

from s3eval import documentation
from s3eval.documentation import page


def links(*given: str) -> Message:
    message = Message()
    for link in given:
        message["Project-URL"] = link
    return message


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((), "docs/plugins.md"),
        (("Source, https://example.org/s3",), "docs/plugins.md at https://example.org/s3"),
        (
            ("Source, https://example.org/s3", "Documentation, https://docs.example.org"),
            "docs/plugins.md at https://docs.example.org",
        ),
        (("Issues, https://example.org/s3/issues",), "docs/plugins.md"),
        (("Source,",), "docs/plugins.md"),
    ],
)
def test_a_page_has_the_address_that_the_package_names(monkeypatch, given, named):
    monkeypatch.setattr(documentation, "metadata", lambda name: links(*given))
    assert page("plugins.md") == named


def test_messages_name_the_page_with_it(monkeypatch, tmp_path):
    from s3eval.api.listing import list_installed
    from s3eval.dataset.folder import read_folder
    from s3eval.errors import S3EvalError
    from s3eval.plugins import Registry

    source = links("Source, https://example.org/s3")
    monkeypatch.setattr(documentation, "metadata", lambda name: source)
    (advice,) = list_installed("models", registry=Registry(())).advice()
    assert "docs/plugins.md at https://example.org/s3 says how" in advice
    with pytest.raises(S3EvalError) as caught:
        read_folder(tmp_path / "none")
    assert "docs/datasets.md at https://example.org/s3" in caught.value.fix
