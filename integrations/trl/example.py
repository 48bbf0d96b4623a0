"""TRL's GRPOTrainer with the service's tasks and rewards: this project's small base model, some steps on a processor.

    coderlplus serve --state queue          # in another terminal
    PYTHONPATH=integrations/trl python integrations/trl/example.py
"""

from coderlplus_trl import coderlplus_reward, task_dataset
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from trl import GRPOConfig, GRPOTrainer

MODEL = "assets/model"
PROMPTS, SAMPLES = 4, 4


def reward(prompts, completions, task_id, **columns):
    rewards = coderlplus_reward(prompts, completions, task_id=task_id, **columns)
    print(list(zip(task_id[::SAMPLES], (rewards[i : i + SAMPLES] for i in range(0, len(rewards), SAMPLES)))))
    return rewards


tokenizer = PreTrainedTokenizerFast.from_pretrained(MODEL)
tokenizer.padding_side = "left"
args = GRPOConfig(
    output_dir="trl-out",
    max_steps=6,
    per_device_train_batch_size=PROMPTS * SAMPLES,
    num_generations=SAMPLES,
    max_completion_length=64,
    learning_rate=1e-4,
    use_cpu=True,
    bf16=False,
    shuffle_dataset=False,
    save_strategy="no",
    report_to=[],
)
trainer = GRPOTrainer(
    model=AutoModelForCausalLM.from_pretrained(MODEL),
    processing_class=tokenizer,
    reward_funcs=[reward],
    args=args,
    train_dataset=task_dataset(run="example", prompts=PROMPTS, chat=False),
)
trainer.train()
