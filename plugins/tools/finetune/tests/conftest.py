"""Small drawn datasets with training folds, shared by the tests of this package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

# They run in the engines' own environments (test_engines.py), never in this process.
collect_ignore = ["loaders"]


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: Any) -> Path:
    """Four drawn videos of 8 s, of four patients: folds 0, 1, 0, 1."""
    pytest.importorskip("cv2")
    from s3eval_synth.testing import tiny_dataset

    folder = tmp_path_factory.mktemp("drawn") / "data"
    tiny_dataset(folder, videos=4)
    return folder


@pytest.fixture(scope="session")
def exported(drawn: Path, tmp_path_factory: Any) -> Path:
    """What ``s3eval finetune export`` writes of it for ms-swift."""
    from s3eval.cli import main

    out = tmp_path_factory.mktemp("exported") / "train"
    with pytest.raises(SystemExit) as ended:
        main(["finetune", "export", str(drawn), str(out)])
    assert ended.value.code == 0
    return out
