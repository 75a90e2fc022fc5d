"""Runs in LLaMA-Factory's environment: its own converter on the declared dataset, as JSON.

Where torchaudio is not installed (none fits a recent CPU build of torch) an empty module stands
in its place; only sound that must be resampled would need it.
"""

import importlib.machinery
import importlib.util
import json
import sys
import types

import apart  # noqa: F401

if importlib.util.find_spec("torchaudio") is None:
    empty = types.ModuleType("torchaudio")
    empty.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
    sys.modules["torchaudio"] = empty

from llamafactory.data.loader import _load_single_dataset
from llamafactory.data.parser import get_dataset_list
from llamafactory.hparams import DataArguments, ModelArguments
from transformers import Seq2SeqTrainingArguments

folder = sys.argv[1]
rows = _load_single_dataset(
    get_dataset_list(["seizure"], folder)[0],
    ModelArguments(model_name_or_path="none"),
    DataArguments(dataset="seizure", dataset_dir=folder, media_dir=folder, template="qwen2_omni"),
    Seq2SeqTrainingArguments(output_dir=sys.argv[2], use_cpu=True),
)
print(
    json.dumps({"rows": len(rows), **{k: rows[0][k] for k in ("_prompt", "_response", "_videos")}})
)
