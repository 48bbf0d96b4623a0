"""What a model might answer: programs that run and are wrong, each another one, and an answer that is none."""


def response(kind, i):
    if kind == "alignment":
        return "I do not know."
    return f"```python\ndef f(x):\n    rest = [{i}, 2]\n    total = len(rest) + {i}\n    return total\n```"
