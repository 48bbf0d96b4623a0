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
from coderlplus_values import Encoder, Limits, decode, from_text, to_text

REQUEST, REPLY = 100, 101
RECURSION_LIMIT = sys.getrecursionlimit()
PROGRAM = "<program>"
# Levels of JSON that a value may have: the host reads 500, and the reply around the value has some.
MAX_DEPTH = 480

_read, _write = posix.read, posix.write
_recursion_limit, _set_recursion_limit = sys.getrecursionlimit, sys.setrecursionlimit
_prepared = {}


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
        return conclude(start(compiled(request), request["name"]), request.get("call"))
    except Ended as ended:
        return close(ended.reply)


def script(request):
    """Runs a program as a shell does: an error is written to standard error, and every end has an exit code."""
    module = types.ModuleType("__main__")
    module.__file__ = "program.py"
    sys.modules["__main__"] = module
    namespace = module.__dict__
    namespace["__builtins__"] = builtins
    # Test runners set one around each test. It never rings: time is up when the host says so.
    for name in ("_signal", "signal"):
        if name in sys.modules:
            sys.modules[name].alarm = lambda seconds: 0
    try:
        exec(compile(request["source"], "program.py", "exec", dont_inherit=True), namespace)
        code = 0
    except SystemExit as error:
        code = exit_code(error)
        if error.code is not None and not isinstance(error.code, int):
            quietly(lambda: sys.stderr.write(f"{error.code}\n"))
    except BaseException as error:
        code = 1
        if isinstance(error, SyntaxError):
            # Guessing which keyword was meant would take longer than all the rest.
            error._metadata = None
        # Without the frames of this file.
        trace = error.__traceback__.tb_next
        quietly(lambda: sys.excepthook(type(error), error, trace))
        error.__traceback__ = None
    return close({"end": "exited", "exitCode": code}, namespace)


def prepare(request):
    """What all tests of a program begin with: the host saves the state after it, and each test starts from there."""
    try:
        _prepared["code"] = compiled(request)
        _prepared["name"] = request["name"]
        if request["execute"]:
            _prepared["namespace"] = start(_prepared["code"], request["name"])
    except Ended as ended:
        return close(ended.reply)
    return {"end": "finished"}


def resume(request):
    """One test of a program that is prepared."""
    try:
        namespace = _prepared.get("namespace")
        if namespace is None:
            namespace = start(_prepared["code"], _prepared["name"])
        return conclude(namespace, request.get("call"))
    except Ended as ended:
        return close(ended.reply)


def conclude(namespace, request):
    """@raises Ended where the call goes wrong"""
    reply = {"end": "finished"}
    if request:
        reply["returned"] = encode_result(call(namespace, request), namespace)
    return close(reply, namespace)


def close(reply, namespace=None):
    """The end of the process, in the order of Python's own: exit functions, output, and the module's variables."""
    quietly(atexit._run_exitfuncs)
    quietly(lambda: sys.stdout.flush())
    if namespace is not None:
        quietly(namespace.clear)
    quietly(STDOUT.flush)
    return reply


def start(code, name):
    """Runs a compiled program's module. @returns its namespace @raises Ended where that goes wrong."""
    module = types.ModuleType(name)
    module.__file__ = "program.py"
    sys.modules["__main__"] = sys.modules[name] = module
    namespace = module.__dict__
    namespace["__builtins__"] = builtins
    guarded(run_module, *code, namespace)
    return namespace


def run_module(preamble, code, namespace):
    if namespace["__name__"] == "program":
        provide(namespace)
    run_preamble(preamble, namespace)
    exec(code, namespace)


def compiled(request):
    """A preamble's statements, each on its own, and the program's code. @raises Ended for text that is no Python"""
    try:
        return compile_preamble(request["preamble"]), compile(request["source"], PROGRAM, "exec", dont_inherit=True)
    except MemoryError:
        raise Ended(end="unparsable", message="MemoryError: too deeply nested") from None
    except BaseException as error:
        raise Ended(end="unparsable", message=f"{type(error).__name__}: {error}"[:500]) from None


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


def open_streams():
    """Fresh standard streams, made once: every program starts from the same saved state. @returns standard output"""
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(
        io.BufferedReader(io.FileIO(0, "rb", closefd=False)), encoding="utf-8"
    )
    sys.stdout = sys.__stdout__ = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(1, "wb", closefd=False), 1 << 16), encoding="utf-8"
    )
    sys.stderr = sys.__stderr__ = io.TextIOWrapper(
        io.FileIO(2, "wb", closefd=False), encoding="utf-8", errors="backslashreplace", write_through=True
    )
    return sys.stdout


def quietly(function):
    try:
        function()
    except BaseException:
        pass


STDOUT = open_streams()
OPERATIONS = {"run": run, "script": script, "prepare": prepare, "resume": resume}
