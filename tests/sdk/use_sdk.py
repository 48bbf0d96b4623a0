"""Uses a server as a program of the Tinker protocol's users would, through its official Python SDK.

    python use_sdk.py URL MODEL > answers.json

Nothing is judged here: what each step answers, or the error it ends with, is written down for sdk.test.ts.
"""

import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import traceback
import urllib.request
import warnings

import tinker
from tinker import types

warnings.simplefilter("ignore")
URL, MODEL = sys.argv[1:3]
answers = {"version": tinker.__version__}


def done(future):
    """What newer versions give as a future, older ones give at once."""
    return future.result() if hasattr(future, "result") else future


def step(function):
    """Runs at once; its name says what is written down."""
    try:
        answers[function.__name__] = function()
    except Exception as error:
        answers[function.__name__] = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
    return function


def numbers(tensor):
    return [float(x) for x in tensor.data]


def datum(tokens, **inputs):
    length = len(tokens) - 1
    tensors = {
        name: types.TensorData(data=values, dtype="float32", shape=[length]) for name, values in inputs.items()
    }
    tensors["target_tokens"] = types.TensorData(data=tokens[1:], dtype="int64", shape=[length])
    return types.Datum(model_input=types.ModelInput.from_ints(tokens[:-1]), loss_fn_inputs=tensors)


def weighted(tokens):
    return datum(tokens, weights=[1.0] * (len(tokens) - 1))


def logprobs_of(client, sequences):
    output = client.forward([weighted(tokens) for tokens in sequences], "cross_entropy").result()
    return [numbers(row["logprobs"]) for row in output.loss_fn_outputs]


SEQUENCES = [[10, 20, 30, 40, 50], [60, 70, 80], [11, 22, 33, 44, 55, 66, 77]]
ADAM = types.AdamParams(learning_rate=5e-3, beta2=0.99, eps=1e-8)
service = tinker.ServiceClient(base_url=URL, api_key="tml-not-a-secret")
training = done(service.create_lora_training_client(base_model=MODEL, rank=4, seed=1))
rest = service.create_rest_client()


@step
def capabilities():
    asked = rest if hasattr(rest, "get_server_capabilities") else service
    return [model.model_name for model in done(asked.get_server_capabilities()).supported_models]


@step
def info():
    found = training.get_info()
    return {"id": found.model_id, "name": found.model_data.model_name, "rank": found.lora_rank}


@step
def cross_entropy():
    """Submitted as a whole before anything is waited for, as users are told to."""
    data = [weighted(tokens) for tokens in SEQUENCES]
    pairs = [(training.forward_backward(data, "cross_entropy"), training.optim_step(ADAM)) for _ in range(4)]
    results = [(passed.result(), stepped.result()) for passed, stepped in pairs]
    return {
        "losses": [passed.metrics["loss:sum"] for passed, _ in results],
        "logprobs": [numbers(row["logprobs"]) for row in results[0][0].loss_fn_outputs],
        "optimizer": [stepped.metrics for _, stepped in results],
    }


sampler = done(training.save_weights_and_get_sampling_client())
PROMPT = [10, 20, 30]


@step
def sampled():
    parameters = types.SamplingParams(max_tokens=6, temperature=1.0, seed=7, stop=[])
    result = sampler.sample(types.ModelInput.from_ints(PROMPT), 3, parameters).result()
    again = sampler.sample(types.ModelInput.from_ints(PROMPT), 3, parameters).result()
    whole = [PROMPT + sequence.tokens for sequence in result.sequences]
    return {
        "tokens": [sequence.tokens for sequence in result.sequences],
        "again": [sequence.tokens for sequence in again.sequences],
        "reasons": [sequence.stop_reason for sequence in result.sequences],
        "logprobs": [sequence.logprobs for sequence in result.sequences],
        "trainer": [row[len(PROMPT) - 1 :] for row in logprobs_of(training, whole)],
        "scored": [sampler.compute_logprobs(types.ModelInput.from_ints(tokens)).result() for tokens in whole],
        "trainerWhole": logprobs_of(training, whole),
    }


@step
def stopped():
    """The likeliest first token, asked for again as what stops."""
    greedy = types.SamplingParams(max_tokens=5, temperature=0.0, stop=[])
    first = sampler.sample(types.ModelInput.from_ints(PROMPT), 1, greedy).result().sequences[0].tokens[0]
    stop = types.SamplingParams(max_tokens=5, temperature=0.0, stop=[first])
    sequence = sampler.sample(types.ModelInput.from_ints(PROMPT), 1, stop).result().sequences[0]
    return {"first": first, "tokens": sequence.tokens, "reason": sequence.stop_reason}


@step
def likeliest():
    parameters = types.SamplingParams(max_tokens=1, temperature=0.0)
    result = sampler.sample(
        types.ModelInput.from_ints(SEQUENCES[0]), 1, parameters, include_prompt_logprobs=True, topk_prompt_logprobs=3
    ).result()
    return {"topk": result.topk_prompt_logprobs, "prompt": result.prompt_logprobs}


def policy(loss, config=None):
    """Whether an update by this loss makes what was rewarded likelier, and what was not less so."""
    liked, disliked = SEQUENCES[0], SEQUENCES[2]
    before = logprobs_of(training, [liked, disliked])
    data = [
        datum(tokens, logprobs=row, advantages=[advantage] * len(row))
        for tokens, row, advantage in zip([liked, disliked], before, [1.0, -1.0])
    ]
    passed = training.forward_backward(data, loss, config)
    stepped = training.optim_step(ADAM)
    output = passed.result()
    stepped.result()
    after = logprobs_of(training, [liked, disliked])
    return {
        "loss": output.metrics["loss:sum"],
        "logprobs": [numbers(row["logprobs"]) for row in output.loss_fn_outputs],
        "before": before,
        "after": after,
    }


@step
def importance_sampling():
    return policy("importance_sampling")


@step
def ppo():
    return policy("ppo", {"clip_low_threshold": 0.8, "clip_high_threshold": 1.28})


@step
def cispo():
    return policy("cispo", {"clip_low_threshold": 0.0, "clip_high_threshold": 4.0})


@step
def custom():
    """A loss of the caller's own: the sum of squares of logprobs; without torch the SDK has none."""
    try:
        import torch  # noqa: F401
    except ImportError:
        return None

    def squares(data, logprobs):
        loss = sum((row**2).sum() for row in logprobs)
        return loss, {"squares": float(loss)}

    data = [weighted(tokens) for tokens in SEQUENCES]
    before = logprobs_of(training, SEQUENCES)
    passed = training.forward_backward_custom(data, squares)
    output = passed.result()
    training.optim_step(ADAM).result()
    return {"squares": output.metrics["squares"], "before": before, "after": logprobs_of(training, SEQUENCES)}


def one_more_step(client):
    client.forward_backward([weighted(tokens) for tokens in SEQUENCES], "cross_entropy").result()
    client.optim_step(ADAM).result()
    return logprobs_of(client, SEQUENCES)


@step
def state():
    """A model begun from a checkpoint goes on as the one that wrote it."""
    path = training.save_state("step-1").result().path
    answers["state_path"] = path
    saved = logprobs_of(training, SEQUENCES)
    went_on = one_more_step(training)
    resumed = done(service.create_training_client_from_state_with_optimizer(path))
    loaded = logprobs_of(resumed, SEQUENCES)
    resumed_on = one_more_step(resumed)
    without = done(service.create_training_client_from_state(path))
    return {
        "path": path,
        "saved": saved,
        "loaded": loaded,
        "wentOn": went_on,
        "resumedOn": resumed_on,
        "withoutOptimizer": logprobs_of(without, SEQUENCES),
    }


@step
def old_load():
    """Onto a model that is there, as its first call."""
    fresh = done(service.create_lora_training_client(base_model=MODEL, rank=4, seed=2))
    fresh.load_state(answers["state_path"]).result()
    return logprobs_of(fresh, SEQUENCES)


@step
def named_sampler():
    path = training.save_weights_for_sampler("sampler-1").result().path
    answers["sampler_path"] = path
    client = done(service.create_sampling_client(model_path=path))
    whole = SEQUENCES[0]
    return {
        "path": path,
        "scored": client.compute_logprobs(types.ModelInput.from_ints(whole)).result(),
        "trainer": logprobs_of(training, [whole])[0],
        "base": client.get_base_model(),
    }


@step
def earlier_sampler():
    """Its weights are those of the time it was made."""
    whole = PROMPT + answers["sampled"]["tokens"][0]
    return sampler.compute_logprobs(types.ModelInput.from_ints(whole)).result()


@step
def base_sampler():
    client = done(service.create_sampling_client(base_model=MODEL))
    return client.compute_logprobs(types.ModelInput.from_ints(SEQUENCES[0])).result()


@step
def listings():
    run = training.model_id
    session = training.model_id.split(":")[0]
    weights = done(rest.get_weights_info_by_tinker_path(answers["state_path"]))
    return {
        "runs": [item.training_run_id for item in done(rest.list_training_runs()).training_runs],
        "run": done(rest.get_training_run(run)).training_run_id,
        "byPath": done(rest.get_training_run_by_tinker_path(answers["state_path"])).training_run_id,
        "checkpoints": [
            [item.checkpoint_id, item.checkpoint_type, item.tinker_path]
            for item in done(rest.list_checkpoints(run)).checkpoints
        ],
        "mine": [item.tinker_path for item in done(rest.list_user_checkpoints()).checkpoints],
        "weights": [weights.base_model, weights.is_lora, weights.lora_rank],
        "session": run in done(rest.get_session(session)).training_run_ids,
        "sessions": session in done(rest.list_sessions()).sessions,
    }


@step
def archive():
    """Newer versions have no archives."""
    if not hasattr(rest, "get_checkpoint_archive_url_from_tinker_path"):
        return None
    url = done(rest.get_checkpoint_archive_url_from_tinker_path(answers["sampler_path"])).url
    request = urllib.request.Request(url, headers={"X-API-Key": "tml-not-a-secret"})
    with urllib.request.urlopen(request) as response:
        content = tarfile.open(fileobj=io.BytesIO(response.read()), mode="r:gz")
    return sorted(member.name for member in content.getmembers() if member.isfile())


@step
def exported():
    """File by file; what older versions lack. Once by the library, and once by its command, from training weights."""
    if not hasattr(training, "save_weights_external"):
        return None
    path = training.save_weights_external("export-1").result().path
    urls = done(rest.get_external_weights_urls(path)).urls
    sizes = {}
    for name, url in urls.items():
        with urllib.request.urlopen(url) as response:
            sizes[name] = len(response.read())
    done(rest.delete_checkpoint_from_tinker_path(path))
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tinker.cli", "checkpoint", "download", answers["state_path"], "--output", folder]
        environment = {**os.environ, "TINKER_BASE_URL": URL, "TINKER_API_KEY": "tml-not-a-secret"}
        subprocess.run(command, env=environment, check=True, capture_output=True)
        downloaded = {file.name: file.stat().st_size for file in pathlib.Path(folder).glob("*/*")}
    return {"library": sizes, "command": downloaded}


@step
def deleted():
    done(rest.delete_checkpoint_from_tinker_path(answers["sampler_path"]))
    return [item.tinker_path for item in done(rest.list_checkpoints(training.model_id)).checkpoints]


def refusal(act):
    try:
        act()
    except Exception as error:
        return str(error)
    return None


@step
def refusals():
    fresh = done(service.create_lora_training_client(base_model=MODEL, rank=4))
    wrong = [datum([1, 2, 3], weights=[1.0, 1.0])]
    return {
        "loss": refusal(lambda: fresh.forward_backward(wrong, "no_such_loss").result()),
        "model": refusal(lambda: done(service.create_lora_training_client(base_model="no/such-model"))),
        "path": refusal(lambda: done(service.create_sampling_client(model_path="tinker://no/sampler_weights/such"))),
    }


@step
def finished():
    if hasattr(service, "close"):
        service.close("success").result()
    return True


json.dump(answers, sys.stdout)
