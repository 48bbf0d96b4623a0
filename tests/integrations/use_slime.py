"""slime's rollout loop, as far as its data source sees it: three rollouts, one of them with an aborted group."""

import asyncio
import json
import sys
import tempfile
import urllib.request
from argparse import Namespace

import coderlplus_slime
from responses import response
from slime.utils.types import Sample


def remote_rm(sample):
    """What slime sends for --rm-type remote_rm."""
    payload = {"prompt": sample.prompt, "response": sample.response, "label": sample.label}
    request = urllib.request.Request(
        coderlplus_slime.URL + "/slime/rm", json.dumps(payload).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


folder = tempfile.mkdtemp()
args = Namespace(
    n_samples_per_prompt=2,
    hf_checkpoint="model",
    apply_chat_template=True,
    apply_chat_template_kwargs=None,
    save=folder,
    load=folder,
)
source = coderlplus_slime.TaskSource(args)
source.load(-1)
rollouts = []
for rollout_id in range(3):
    groups = source.get_samples(4)
    if rollout_id == 1:
        for sample in groups[0]:
            sample.status = Sample.Status.ABORTED
        source.add_samples([groups[0]])
    for sample in [sample for group in groups for sample in group]:
        if sample.status == Sample.Status.PENDING or rollout_id == 2:
            sample.response = response(sample.metadata["coderlplus_kind"], sample.index)
            sample.status = Sample.Status.COMPLETED
    pending = [sample for group in groups for sample in group if sample.status == Sample.Status.COMPLETED]
    rewards = asyncio.run(coderlplus_slime.reward(args, pending))
    for sample, reward in zip(pending, rewards):
        sample.reward = reward
        assert remote_rm(sample) == reward
    coderlplus_slime.report(args, groups, source.get_samples)
    source.save(rollout_id)
    rollouts.append(
        [
            {
                "index": sample.index,
                "group": sample.group_index,
                "prompt": sample.prompt,
                "label": sample.label,
                "reward": sample.reward,
            }
            for group in groups
            for sample in group
        ]
    )
resumed = coderlplus_slime.TaskSource(args)
resumed.load(2)
try:
    len(resumed)
    length = None
except TypeError as error:
    length = str(error)
json.dump({"rollouts": rollouts, "step": resumed.step, "samples": resumed.samples, "length": length}, sys.stdout)
