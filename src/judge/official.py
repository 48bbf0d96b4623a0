"""Runs a program as the published harness does (LiveCodeBench's, as vendored by CodeRL+), mistakes included, so that
numbers can be put side by side: the module becomes the body of a function, standard input a text in memory without a
buffer, standard output another, `exit` and `quit` are gone. Strict judging has no part in this: guest.py.
"""

import ast
import builtins
import io
import sys

from coderlplus_guest import OPERATIONS, Ended, call, close, compiled, encode_result, guarded, start

GUARD = "__name__ == '__main__'"


def official(request):
    try:
        return close(call_function(request) if request["call"] else run_script(request))
    except Ended as ended:
        return close(ended.reply)


def run_script(request):
    inputs = sys.stdin.read()
    # What was imported by name before the run still is this stream; some of its methods read the inputs all the same.
    lines = iter(inputs.split("\n"))
    sys.stdin.read = lambda *rest: inputs
    sys.stdin.readline = lambda *rest: next(lines)
    sys.stdin.readlines = lambda *rest: inputs.split("\n")
    forbid_exits()
    # Under this name no main guard runs.
    namespace = start(compiled({**request, "source": wrapped(request["source"])}), "tmp_sol")
    sys.stdin = io.StringIO(inputs)
    sys.stdout = captured = io.StringIO()
    captured.close = lambda *rest: 1
    builtins.open = lambda *rest, **options: io.StringIO(inputs)
    try:
        guarded(lambda: namespace["code"]())
    except Ended as ended:
        # `sys.exit` in the function is passed over; `exit` is not there to be called.
        if ended.reply["end"] != "exited":
            raise
    return {"end": "finished", "captured": io.StringIO.getvalue(captured)}


def wrapped(source):
    """The program as the body of `code`. Imports in front stay in front; a main guard at the very end is taken off."""
    lines = [
        line if line.startswith(("from ", "import ")) else f"\t{line}" for line in without_guard(source).split("\n")
    ]
    first = next((at for at, line in enumerate(lines) if line.startswith("\t")), len(lines))
    body = [line if line.startswith("\t") else f"\t{line}" for line in lines[first:]]
    streams = ["import sys", "stdin = sys.stdin", "stdout = sys.stdout"]
    return "\n".join([*lines[:first], *streams, "def code():", *body]) if body else "\n".join(lines)


def without_guard(source):
    try:
        tree = ast.parse(source)
        last = tree.body[-1]
        if isinstance(last, ast.If) and ast.unparse(last.test) == GUARD:
            return ast.unparse(ast.Module(tree.body[:-1], [])) + "\n" + ast.unparse(ast.Module(last.body, []))
    except Exception:
        pass
    return source


def call_function(request):
    """The result, and whether it decides for itself what it is equal to, which the harness lets it."""
    forbid_exits()
    namespace = start(compiled(request), request["name"])
    method = request["call"]["function"].rpartition(".")[2]
    # By the text, as there: a class of that name makes every function a method of it.
    path = f"Solution.{method}" if "class Solution" in request["source"] else method
    value = call(namespace, {**request["call"], "function": path})
    decides = False
    base = next((kind for kind in WRITABLE if isinstance(value, kind)), None)
    if isinstance(value, tuple):
        value = guarded(list, value)
    elif base and type(value) not in (base, bool):
        decides = type(value).__eq__ is not base.__eq__
        value = BARE[base](value)
    return {"end": "finished", "returned": encode_result(value, namespace), "decides": decides}


# What the harness writes down before it compares: of other types it raises an error, these it asks whether they are equal.
BARE = {list: list.copy, dict: dict.copy, str: str.__str__, int: int.__int__, float: float.__float__}
WRITABLE = tuple(BARE)


def forbid_exits():
    builtins.exit = builtins.quit = None


OPERATIONS["official"] = official
