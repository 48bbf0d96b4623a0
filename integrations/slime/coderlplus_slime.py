"""slime's data source from the CodeRL+ service: tasks come from its queue, rollouts go back to it.

See docs/integrations/slime.md.
"""

import asyncio
import json
import os
import time
import urllib.error
import urllib.request
import uuid

from slime.rollout.data_source import DataSource
from slime.utils.processing_utils import load_tokenizer
from slime.utils.types import Sample

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


class TaskSource(DataSource):
    """--data-source-path coderlplus_slime.TaskSource"""

    def __init__(self, args):
        self.args = args
        self.step = 1
        self.groups = 0
        self.samples = 0
        self.aborted = []
        self.tokenizer = load_tokenizer(args.hf_checkpoint, trust_remote_code=True) if args.apply_chat_template else None

    def get_samples(self, num_samples):
        """Groups that were aborted come first, then the step's next tasks."""
        groups, self.aborted = self.aborted[:num_samples], self.aborted[num_samples:]
        missing = num_samples - len(groups)
        if missing > 0:
            tasks = ask("/tasks/next", {"n": missing, "step": self.step})["tasks"]
            groups += [self.group(task) for task in tasks]
        return groups

    def group(self, task):
        prompt = self.prompt(task)
        group = []
        for _ in range(self.args.n_samples_per_prompt):
            metadata = {"coderlplus_kind": task["kind"]}
            group.append(
                Sample(
                    group_index=self.groups, index=self.samples, prompt=prompt, label=task["label"], metadata=metadata
                )
            )
            self.samples += 1
        self.groups += 1
        return group

    def prompt(self, task):
        if self.tokenizer is None:
            return task["prompt"]
        options = self.args.apply_chat_template_kwargs or {}
        return self.tokenizer.apply_chat_template(
            task["messages"], tokenize=False, add_generation_prompt=True, **options
        )

    def add_samples(self, samples):
        self.aborted += samples

    def report(self, groups):
        """What became of the step's tasks: failed programs become tasks of the next steps."""
        done = (Sample.Status.COMPLETED, Sample.Status.TRUNCATED)
        items = [
            {"task_id": sample.label, "response": sample.response, "reward": number(sample.reward)}
            for group in groups
            for sample in flat(group)
            if sample.status in done
        ]
        ask("/rollouts", {"trainer": "slime", "step": self.step, "items": items})
        self.step += 1

    def save(self, rollout_id):
        path = self.path(self.args.save, rollout_id)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            json.dump({"step": self.step, "groups": self.groups, "samples": self.samples}, file)

    def load(self, rollout_id=None):
        if self.args.load is None or rollout_id is None:
            return
        path = self.path(self.args.load, rollout_id)
        if os.path.exists(path):
            with open(path) as file:
                state = json.load(file)
            self.step, self.groups, self.samples = state["step"], state["groups"], state["samples"]

    def path(self, folder, rollout_id):
        return os.path.join(folder, "rollout", f"coderlplus_{rollout_id}.json")

    def __len__(self):
        raise TypeError("the queue has no end: say how long to train with --num-rollout")


def report(args, all_samples, data_source):
    """--rollout-all-samples-process-path coderlplus_slime.report; slime hands over the source's bound get_samples."""
    getattr(data_source, "__self__", data_source).report(all_samples)


async def reward(args, sample, **others):
    """--custom-rm-path coderlplus_slime.reward. A sample whose judge failed is left out of the loss."""
    if isinstance(sample, list):
        return await asyncio.gather(*(reward(args, each) for each in sample))
    request = {"task_id": sample.label, "response": sample.response}
    answer = await asyncio.to_thread(ask, "/reward", request)
    if answer["score"] is None:
        sample.remove_sample = True
        return 0.0
    return answer["score"]


def flat(group):
    """A rollout may be several samples."""
    return [sample for each in group for sample in (each if isinstance(each, list) else [each])]


def number(reward):
    return float(reward) if isinstance(reward, (int, float)) else None
