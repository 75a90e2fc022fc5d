"""Runs in ms-swift's environment: its own dataset, plugin and arguments, as JSON."""

import json
import sys
from dataclasses import fields

import apart  # noqa: F401
from swift.arguments import RLHFArguments, SftArguments
from swift.dataset import load_dataset

folder = sys.argv[1]
train, _ = load_dataset(f"{folder}/train.jsonl", strict=True, remove_unused_columns=False)
row = train[0]
import s3eval_finetune.engines.swift_plugin  # noqa: E402, F401
from swift.rewards import orms  # noqa: E402

reward = orms["seizure_better"]()
said = [r["messages"][-1]["content"] for r in train]
columns = {"task": [r["task"] for r in train], "solution": [r["solution"] for r in train]}
print(
    json.dumps(
        {
            "rows": len(train),
            "messages": row["messages"],
            "videos": row["videos"],
            "rewards": reward(said, **columns),
            "sft": sorted(f.name for f in fields(SftArguments)),
            "grpo": sorted(f.name for f in fields(RLHFArguments)),
        }
    )
)
