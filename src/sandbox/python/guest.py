"""What runs inside the interpreter on behalf of the host: one request in, one reply out, as JSON on two descriptors.

Everything it says is a claim: a program can reach and forge all of it. Limits, descriptors, clocks and the judging
itself are on the host's side. Not known here: what a test expects.
"""

import ast
import atexit
import builtins
import io
import posix
import sys
import types

from coderlplus_nodes import makers, node_writers, provide
from coderlplus_sharing import shareable
from coderlplus_values import Encoder, Limits, decode, from_text, to_text

REQUEST, REPLY = 100, 101
RECURSION_LIMIT = sys.getrecursionlimit()
PROGRAM = "<program>"
# Levels of JSON that a value may have: the host reads 500, and the reply around the value has some.
MAX_DEPTH = 480

_read, _write = posix.read, posix.write
_recursion_limit, _set_recursion_limit = sys.getrecursionlimit, sys.setrecursionlimit
_compiled = {}
_shareable = set()


class Ended(Exception):
    """A run is over: carries the reply."""

    def __init__(self, **reply):
        super().__init__()
        self.reply = reply


def main():
    """One request: the host calls this, and throws away or keeps the interpreter's state afterwards."""
    request = receive()
    if "source" in request:
        # Python takes one byte order mark off a file; `compile` and `ast.parse` do not take it off a text.
        request["source"] = request["source"].removeprefix("\ufeff")
    send(OPERATIONS[request["op"]](request))


def receive():
    parts = []
    while part := _read(REQUEST, 1 << 20):
        parts.append(part)
    return from_text(b"".join(parts).decode("utf-8", "surrogatepass"))


def send(tree):
    data = to_text(tree).encode()
    while data:
        data = data[_write(REPLY, data) :]


def run(request):
    """Runs a program, and calls one of its functions where the request says so."""
    try:
        with Streams() as streams:
            namespace = start(request)
            returned = call(namespace, request["call"]) if request.get("call") else None
            reply = {"end": "finished"}
            if request.get("call"):
                reply["returned"] = encode_result(returned, namespace)
            del returned
            streams.finish(namespace)
    except Ended as ended:
        reply = ended.reply
    reply["clean"] = (request["source"], request["preamble"]) in _shareable
    return reply


def start(request):
    """Compiles a program and runs its module. @returns its namespace @raises Ended where that goes wrong."""
    preamble, code = compiled(request)
    module = types.ModuleType(request["name"])
    module.__file__ = "program.py"
    sys.modules["__main__"] = sys.modules[request["name"]] = module
    sys.setrecursionlimit(RECURSION_LIMIT)
    namespace = module.__dict__
    namespace["__builtins__"] = builtins
    guarded(run_module, preamble, code, namespace)
    return namespace


def run_module(preamble, code, namespace):
    if namespace["__name__"] == "program":
        provide(namespace)
    run_preamble(preamble, namespace)
    exec(code, namespace)


def compiled(request):
    """The program's code, and its preamble's statements each on its own; kept from one test to the next."""
    key = (request["source"], request["preamble"])
    if key not in _compiled:
        _compiled.clear()
        _shareable.clear()
        try:
            _compiled[key] = (compile_preamble(key[1]), compile(key[0], PROGRAM, "exec", dont_inherit=True))
        except MemoryError:
            raise Ended(end="unparsable", message="MemoryError: too deeply nested") from None
        except BaseException as error:
            raise Ended(end="unparsable", message=f"{type(error).__name__}: {error}"[:500]) from None
        # Preambles only import; what they import may be used as the program's own imports may.
        if key[1] == "" and quick(key[0]):
            _shareable.add(key)
    return _compiled[key]


def quick(source):
    try:
        return shareable(source)
    except RecursionError:
        return False


def compile_preamble(source):
    statements = ast.parse(source).body
    futures = [node for node in statements if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    return [
        (isinstance(node, (ast.Import, ast.ImportFrom)), compile(ast.Module([node], []), "<preamble>", "exec"))
        for node in statements
        if node not in futures
    ]


def run_preamble(statements, namespace):
    """Runs a preamble; an import of what is not installed is skipped, for the program may never need it.

    @returns the names of what was skipped
    """
    skipped = []
    for is_import, code in statements:
        try:
            exec(code, namespace)
        except ImportError as error:
            if not is_import:
                raise
            skipped.append(str(error.name).partition(".")[0])
    return skipped


def call(namespace, request):
    """Evaluates `function(*arguments)` or an expression in a program's namespace."""
    if "expression" in request:
        code = compile_expression(request["expression"])
        return guarded(lambda: eval(code, namespace))
    # Making nodes calls the program's own classes.
    arguments, keywords = guarded(given, request, makers(namespace))
    return guarded(lambda: resolve(namespace, request["function"])(*arguments, **keywords))


def given(request, make):
    """Arguments, by place and by keyword."""
    return (
        [decode(argument, make) for argument in request["arguments"]],
        {name: decode(argument, make) for name, argument in request["keywords"].items()},
    )


def compile_expression(text):
    """@raises Ended: a call that is no expression is the caller's mistake, not the program's."""
    try:
        return compile(text.strip(), "<call>", "eval", dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise Ended(end="unusable", message=f"{type(error).__name__}: {error}"[:500]) from None


def resolve(namespace, path):
    """`f`, or `Class.method`, also `Class().method`, on an instance made without arguments."""
    head, *rest = path.replace("()", "").split(".")
    if head not in namespace and not hasattr(builtins, head):
        raise NameError(f"name {head!r} is not defined")
    target = namespace[head] if head in namespace else getattr(builtins, head)
    for name in rest:
        target = getattr(target() if isinstance(target, type) else target, name)
    return target


def guarded(function, *arguments):
    """Calls into the program. @raises Ended for whatever comes out of it but a value."""
    try:
        return function(*arguments)
    except SystemExit as error:
        raise Ended(end="exited", exitCode=exit_code(error)) from None
    except BaseException as error:
        reply = {"end": "raised", "error": describe(error)}
        error.__traceback__ = None
        raise Ended(**reply) from None


def exit_code(error):
    code = error.code
    if code is None:
        return 0
    return code & 255 if type(code) in (int, bool) else 1


def describe(error):
    try:
        message = str(error)[:500]
    except BaseException:
        message = ""
    name = type.__dict__["__name__"].__get__(type(error))
    number = error.errno if isinstance(error, OSError) else None
    return {"type": name, "message": message, "errno": number if type(number) is int else None}


def encode_result(value, namespace, typed=False, writers=None):
    """A function's result by exact built-in type; anything else is named, and equal to nothing."""
    if writers is None:
        writers = node_writers(namespace)
    limit = _recursion_limit()
    try:
        # The program may have set too low a one; it gets its own back for the calls to come.
        _set_recursion_limit(RECURSION_LIMIT)
        modules = {namespace["__name__"], "__main__"}
        tree = Encoder(Limits(), modules, typed, writers).encode(value)
        if not too_deep(tree):
            return tree
    except Exception:
        # No tagged form, too large, or classes of the library that the program has changed.
        pass
    finally:
        _set_recursion_limit(limit)
    return {"$foreign": type.__dict__["__qualname__"].__get__(type(value))}


def too_deep(tree):
    """Whether the host would refuse to read it. Level by level, because it may be deeper than the stack."""
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            if type(node) in (list, dict)
            for child in (node if type(node) is list else node.values())
            if type(child) in (list, dict)
        ]
        if not level:
            return False
    return True


class Streams:
    """Fresh standard streams for one run; on the way out they are flushed, as at the end of a process."""

    def __enter__(self):
        sys.stdin = sys.__stdin__ = io.TextIOWrapper(
            io.BufferedReader(io.FileIO(0, "rb", closefd=False)), encoding="utf-8"
        )
        self.stdout = sys.stdout = sys.__stdout__ = io.TextIOWrapper(
            io.BufferedWriter(io.FileIO(1, "wb", closefd=False), 1 << 16), encoding="utf-8"
        )
        sys.stderr = sys.__stderr__ = io.TextIOWrapper(
            io.FileIO(2, "wb", closefd=False), encoding="utf-8", errors="backslashreplace", write_through=True
        )
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            self.finish({})

    def finish(self, namespace):
        quietly(atexit._run_exitfuncs)
        quietly(lambda: sys.stdout.flush())
        quietly(namespace.clear)
        quietly(self.stdout.flush)


def quietly(function):
    try:
        function()
    except BaseException:
        pass


OPERATIONS = {"run": run}
