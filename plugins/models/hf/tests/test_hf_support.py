"""The table of architectures: every type the library maps is in it, as what it is."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from s3eval import S3EvalError, discover

pytestmark = pytest.mark.torch
pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

DOCS = Path(__file__).resolve().parents[4] / "docs" / "hf.md"


def test_the_documented_table_is_the_installed_library_s() -> None:
    from s3eval_model_hf.classes import mapped_types
    from s3eval_model_hf.support import support_of

    text = DOCS.read_text(encoding="utf-8")
    stated = re.search(r"transformers ([\d.]+): (\d+) types", text)
    assert stated is not None
    if stated[1] != transformers.__version__:
        pytest.skip(f"the table was made with transformers {stated[1]}")
    rows = dict(re.findall(r"^\| (\S+) \| \S* ?\| (tried|refused|untested) \|", text, re.M))
    assert rows == {name: support_of(name).status for name in mapped_types()}
    assert int(stated[2]) == len(rows)
    tried = re.findall(r"\| tried \| \S[^|]* \| (packed|forked|independent) \| [\d.]+ times", text)
    assert len(tried) == sum(status == "tried" for status in rows.values())


@pytest.mark.parametrize("model_type", ["evolla", "pi0", "vision-encoder-decoder"])
def test_what_the_table_calls_refused_is_refused(model_type: str, tmp_path: Path) -> None:
    from s3eval.testing.checkpoints import shared_checkpoint

    folder = Path(shutil.copytree(shared_checkpoint("qwen3_vl"), tmp_path / "mine"))
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": model_type}))
    spec = next(p.spec for p in discover().of("model") if p.spec.name == "hf")
    with pytest.raises(S3EvalError, match=f"cannot ask a '{model_type}' checkpoint"):
        spec.load().load(spec, {"checkpoint": str(folder)})
