"""The same decoder in PyTorch, for bench/engine.ts: RMSNorm, rotary positions, grouped-query attention, SwiGLU; f32.

A server for one model: the first argument is a JSON object (the model's sizes and the number of threads), each line of
standard input a JSON task, each line of standard output its result. It checks no numbers and is no part of the product.
"""

import json
import math
import sys
import time

import torch
import torch.nn.functional as F


class Decoder:
    def __init__(self, sizes):
        self.sizes = sizes
        d, c, ff = sizes["hiddenSize"], sizes["headSize"], sizes["feedForwardSize"]
        q, kv = sizes["heads"] * c, sizes["keyValueHeads"] * c
        self.parameters = []
        self.embedding = self.matrix(sizes["vocabularySize"], d)
        self.head = self.embedding if sizes["tied"] else self.matrix(sizes["vocabularySize"], d)
        self.norm = self.vector(d, 1.0)
        bias = lambda: self.vector(q + 2 * kv, 0.0) if sizes["bias"] else None
        self.layers = [
            {
                "input_norm": self.vector(d, 1.0),
                "qkv": self.matrix(q + 2 * kv, d),
                "qkv_bias": bias(),
                "out": self.matrix(d, q),
                "feed_forward_norm": self.vector(d, 1.0),
                "gate_up": self.matrix(2 * ff, d),
                "down": self.matrix(d, ff),
            }
            for _ in range(sizes["layers"])
        ]
        angles = torch.arange(sizes["contextLength"])[:, None] * sizes["rope"]["theta"] ** (-torch.arange(0, c, 2) / c)
        self.cosine, self.sine = (torch.cat([f(angles)] * 2, -1) for f in (torch.cos, torch.sin))

    def matrix(self, rows, columns):
        return self.add(torch.randn(rows, columns) * 0.02)

    def vector(self, size, value):
        return self.add(torch.full((size,), value))

    def add(self, tensor):
        self.parameters.append(tensor.requires_grad_())
        return tensor

    def rms(self, x, weight):
        # Measured faster here than F.rms_norm, forward and backward.
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.sizes["normEpsilon"]) * weight

    def rotate(self, x, first):
        length, half = x.shape[2], x.shape[3] // 2
        cosine, sine = self.cosine[first : first + length], self.sine[first : first + length]
        return x * cosine + torch.cat([-x[..., half:], x[..., :half]], -1) * sine

    def hidden(self, tokens, attend, first=0):
        """[B, T] token ids -> [B T, D]; attend(layer, q, k, v) reads [B, heads, T, C]."""
        s = self.sizes
        rows, length = tokens.shape
        counts = [s["heads"], s["keyValueHeads"], s["keyValueHeads"]]
        x = F.embedding(tokens.reshape(-1), self.embedding)
        for index, layer in enumerate(self.layers):
            projected = F.linear(self.rms(x, layer["input_norm"]), layer["qkv"], layer["qkv_bias"])
            parts = projected.view(rows, length, -1, s["headSize"]).transpose(1, 2).split(counts, 1)
            read = attend(index, self.rotate(parts[0], first), self.rotate(parts[1], first), parts[2])
            x = x + F.linear(read.transpose(1, 2).reshape(rows * length, -1), layer["out"])
            gate, up = F.linear(self.rms(x, layer["feed_forward_norm"]), layer["gate_up"]).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, layer["down"])
        return self.rms(x, self.norm)


def plain_attention(q, k, v, mask=None):
    """Softmax of masked scores, query heads of a group stacked on their keys."""
    rows, heads, length, size = q.shape
    stacked = q.reshape(rows, k.shape[1], -1, size)
    scores = stacked @ k.transpose(-1, -2) * (1 / math.sqrt(size))
    if mask is not None:
        scores = (scores.view(rows, heads, length, -1) + mask).view(scores.shape)
    return (torch.softmax(scores, -1) @ v).view(rows, heads, length, size)


def train_step(model, optimizer, form, rows, length):
    tokens = torch.randint(0, model.sizes["vocabularySize"], (rows, length + 1))
    mask = torch.triu(torch.full((length, length), -1e9), 1)
    grouped = model.sizes["heads"] != model.sizes["keyValueHeads"]

    def attend(_, q, k, v):
        if form == "sdpa":
            return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=grouped)
        return plain_attention(q, k, v, mask)

    started = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    logits = F.linear(model.hidden(tokens[:, :-1], attend), model.head)
    F.cross_entropy(logits, tokens[:, 1:].reshape(-1)).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters, 1.0)
    optimizer.step()
    return time.perf_counter() - started


@torch.inference_mode()
def sample(model, form, rows, length):
    """One prompt token each, `length` drawn with a key-value cache."""
    s = model.sizes
    cache = [torch.zeros(2, rows, s["keyValueHeads"], length, s["headSize"]) for _ in model.layers]
    grouped = s["heads"] != s["keyValueHeads"]
    tokens = torch.randint(0, s["vocabularySize"], (rows, 1))
    started = time.perf_counter()
    for step in range(length):

        def attend(layer, q, k, v):
            cache[layer][0][:, :, step : step + 1] = k
            cache[layer][1][:, :, step : step + 1] = v
            keys, values = cache[layer][:, :, :, : step + 1]
            if form == "sdpa":
                return F.scaled_dot_product_attention(q, keys, values, enable_gqa=grouped)
            return plain_attention(q, keys, values)

        probabilities = torch.softmax(F.linear(model.hidden(tokens, attend, step), model.head), -1)
        tokens = torch.multinomial(probabilities, 1)
        probabilities.gather(1, tokens).log()
    return time.perf_counter() - started


def gemm(size, repeats):
    a, b = torch.randn(size, size), torch.randn(size, size)
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[repeats // 2]


def main():
    setup = json.loads(sys.argv[1])
    torch.set_num_threads(setup["threads"])
    torch.manual_seed(0)
    model = optimizer = None
    for line in sys.stdin:
        task = json.loads(line)
        processor = time.process_time()
        if task["kind"] == "gemm":
            seconds = gemm(task["size"], task["repeats"])
        else:
            if model is None:
                model = Decoder(setup["sizes"])
                optimizer = torch.optim.AdamW(model.parameters, lr=1e-3, weight_decay=0.01, fused=True)
            if task["kind"] == "train":
                seconds = train_step(model, optimizer, task["form"], task["rows"], task["length"])
            else:
                seconds = sample(model, task["form"], task["rows"], task["length"])
        cost = {"seconds": seconds, "processorSeconds": time.process_time() - processor}
        print(json.dumps(cost), flush=True)


main()
