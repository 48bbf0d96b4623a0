"""TRL's loop, as far as a streaming dataset and a reward function see it: two processes read the same three batches, each
has half of every group's completions rewarded.
"""

import json
import sys
from itertools import islice

from coderlplus_trl import coderlplus_reward, task_dataset
from responses import response

streams = [iter(task_dataset(run="one", prompts=4)) for process in range(2)]
batches = []
for batch in range(3):
    rows = [list(islice(stream, 4)) for stream in streams]
    rewards = []
    for process in range(2):
        # TRL hands over every other column of the rows, and each completion as messages where prompts are.
        completions = [
            [{"role": "assistant", "content": response(row["task_id"].split(":")[0], batch * 8 + process * 4 + i)}]
            for i, row in enumerate(rows[process])
        ]
        rewards.append(
            coderlplus_reward(
                prompts=[row["prompt"] for row in rows[process]],
                completions=completions,
                completion_ids=[[1]] * 4,
                task_id=[row["task_id"] for row in rows[process]],
                coderlplus_step=[row["coderlplus_step"] for row in rows[process]],
                trainer_state=None,
                log_extra=None,
                log_metric=None,
            )
        )
    batches.append({"rows": rows, "rewards": rewards})
resumed = list(islice(iter(task_dataset(run="one", prompts=4)), 12))
text = next(iter(task_dataset(run="text", prompts=1, chat=False)))
json.dump({"batches": batches, "resumed": resumed, "text": text}, sys.stdout)
