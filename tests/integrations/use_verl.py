"""verl's dataloader and reward loop, as far as a dataset and a reward function see them: three batches of four."""

import json
import sys

from coderlplus_verl import TaskDataset, compute_score
from responses import response

config = {"dataloader_num_workers": 0, "train_batch_size": 4, "gen_batch_size": None}
train = TaskDataset(data_files="coderlplus:12", tokenizer=None, processor=None, config=config, max_samples=-1)
validation = TaskDataset(data_files=["rows.parquet"], tokenizer=None, processor=None, config=config)
batches = []
for batch in range(3):
    rows = [train[batch * 4 + i] for i in range(4)]
    scores = [
        compute_score(
            data_source=row["data_source"],
            solution_str=response(row["ability"], batch * 8 + i),
            ground_truth=row["reward_model"]["ground_truth"],
            extra_info={**row["extra_info"], "num_turns": 2},
        )
        for i, row in enumerate(rows)
    ]
    batches.append([{"row": row, "score": score} for row, score in zip(rows, scores)])
try:
    TaskDataset(data_files="coderlplus:12", tokenizer=None, processor=None, config={**config, "dataloader_num_workers": 8})
    workers = None
except ValueError as error:
    workers = str(error)
answers = {
    "length": len(train),
    "batches": batches,
    "validation": {"length": len(validation), "downloaded": validation.downloaded},
    "other": compute_score("gsm8k", "4", "4", None),
    "workers": workers,
}
json.dump(answers, sys.stdout)
