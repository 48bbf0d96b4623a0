"""verl's dataset and reward from the CodeRL+ service: rows come from its queue when they are asked for, rewards from its
judge, and rollouts of programs go back to it. See docs/integrations/verl.md.
"""

import json
import os
import time
import urllib.error
import urllib.request
import uuid

from verl.utils.dataset.rl_dataset import RLHFDataset

NAME = "coderlplus"
URL = os.environ.get("CODERLPLUS_SERVICE_URL", "http://127.0.0.1:8000")
TOKEN = os.environ.get("CODERLPLUS_SERVICE_TOKEN")
ATTEMPTS = 10


def ask(path, body, key=None):
    """Posts JSON to the service. Where it is busy or away, waits and asks again with the same key: nothing is done twice."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": key or uuid.uuid4().hex}
    if TOKEN:
        headers["Authorization"] = f"Bearer {TOKEN}"
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), headers)
    for attempt in range(ATTEMPTS):
        wait = min(2**attempt, 30)
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 502, 503, 504):
                raise RuntimeError(f"{URL}{path}: {error.code} {error.read().decode(errors='replace')[:500]}") from error
            wait = max(wait, float(error.headers.get("Retry-After") or 0))
            reason = error
        except OSError as error:
            reason = error
        time.sleep(wait)
    raise RuntimeError(f"{URL}{path}: no answer after {ATTEMPTS} attempts ({reason})")


class Queue:
    """In the place of the dataframe that RLHFDataset reads its rows from: whatever the index, the next task."""

    def __init__(self, length, batch):
        self.length = length
        self.batch = batch
        self.rows = []

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        if not self.rows:
            answer = ask("/tasks/next", {"n": self.batch})
            self.rows = [row_of(task, answer["step"], index) for task in reversed(answer["tasks"])]
        return self.rows.pop()


def row_of(task, step, index):
    return {
        "data_source": NAME,
        "prompt": task["messages"],
        "ability": task["kind"],
        "reward_model": {"style": "rule", "ground_truth": task["label"]},
        "extra_info": {"index": index, "coderlplus_step": step},
    }


class TaskDataset(RLHFDataset):
    """data.custom_cls.name=TaskDataset with data.train_files=coderlplus:N, N prompts an epoch; other files are read as
    RLHFDataset reads them."""

    def _download(self, use_origin_parquet=False):
        if self._length() is None:
            super()._download(use_origin_parquet)

    def _read_files_and_tokenize(self):
        length = self._length()
        if length is None:
            super()._read_files_and_tokenize()
            return
        if self.config.get("dataloader_num_workers", 8) != 0:
            raise ValueError("set data.dataloader_num_workers=0: workers would take tasks before rollouts are reported")
        batch = self.config.get("gen_batch_size", None) or self.config.get("train_batch_size")
        self.dataframe = Queue(length, batch)

    def _length(self):
        name, _, length = str(self.original_data_files[0]).partition(":")
        return int(length) if name == NAME else None


def compute_score(data_source, solution_str, ground_truth, extra_info=None, **others):
    """custom_reward_function.name=compute_score; rows of other sources are scored as verl scores them."""
    if data_source != NAME:
        from verl.utils.reward_score import default_compute_score

        return default_compute_score(data_source, solution_str, ground_truth, extra_info, **others)
    answer = ask("/reward", {"task_id": ground_truth, "response": solution_str})
    step = (extra_info or {}).get("coderlplus_step")
    if answer["kind"] == "code" and step is not None:
        items = [{"task_id": ground_truth, "response": solution_str, "reward": answer["score"]}]
        ask("/rollouts", {"trainer": "verl", "step": int(step), "items": items})
    failed = answer["score"] is None
    # verl has no reward that is unknown, and wants the same keys of every rollout.
    score = 0.0 if failed else float(answer["score"])
    return {
        "score": score,
        "acc": score,
        "coderlplus_alignment": float(answer["kind"] == "alignment"),
        "coderlplus_judge_failed": float(failed),
    }
