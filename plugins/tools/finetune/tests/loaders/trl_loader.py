"""Runs in TRL's environment: the rows as its trainers take them, as JSON."""

import json
import sys

import apart  # noqa: F401
from datasets import Image, Sequence, load_dataset
from trl.data_utils import is_conversational, prepare_multimodal_messages

rows = load_dataset("json", data_files=f"{sys.argv[1]}/train.jsonl", split="train")
rows = rows.cast_column("images", Sequence(Image()))
row = rows[0]
messages = prepare_multimodal_messages(row["prompt"], images=row["images"])
from s3eval_finetune.engines.trl import seizure_better  # noqa: E402

print(
    json.dumps(
        {
            "rows": len(rows),
            "conversational": is_conversational(row),
            "pictures": [p["image"].size for p in messages[0]["content"] if p["type"] == "image"],
            "rewards": seizure_better(
                rows["completion"], task=rows["task"], solution=rows["solution"]
            ),
        }
    )
)
