"""TRL's streaming dataset and reward function from the CodeRL+ service. See docs/integrations/trl.md."""

import json
import os
import time
import urllib.error
import urllib.request
import uuid
from concurrent.futures import ThreadPoolExecutor

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


def task_rows(run, prompts, chat=True):
    """Rows without end, so many prompts at a time.

    Each process of a run reads the whole stream and takes its part of it: `run`, a name that no other run has, makes them
    read the same.
    """
    pull = 0
    while True:
        answer = ask("/tasks/next", {"n": prompts}, key=f"trl-{run}-{pull}")
        for task in answer["tasks"]:
            prompt = task["messages"] if chat else task["prompt"]
            yield {"prompt": prompt, "task_id": task["task_id"], "coderlplus_step": answer["step"]}
        pull += 1


def task_dataset(run, prompts, chat=True):
    """train_dataset; `prompts` is generation_batch_size // num_generations."""
    from datasets import IterableDataset

    return IterableDataset.from_generator(task_rows, gen_kwargs={"run": run, "prompts": prompts, "chat": chat})


def coderlplus_reward(prompts, completions, task_id, coderlplus_step, **others):
    """reward_funcs; None where the judge failed. Reports the rollouts of programs to the queue."""
    responses = [completion if isinstance(completion, str) else completion[-1]["content"] for completion in completions]
    requests = [{"task_id": id, "response": response} for id, response in zip(task_id, responses)]
    with ThreadPoolExecutor(max_workers=32) as pool:
        answers = list(pool.map(lambda request: ask("/reward", request), requests))
    for step in sorted(set(coderlplus_step)):
        items = [
            {**request, "reward": answer["score"]}
            for request, answer, at in zip(requests, answers, coderlplus_step)
            if at == step and answer["kind"] == "code"
        ]
        if items:
            ask("/rollouts", {"trainer": "trl", "step": int(step), "items": items})
    return [answer["score"] for answer in answers]
