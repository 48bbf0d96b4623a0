"""Both sides of a check: the program's (`load`, `serve`) and the trusted one (`check`), where the program is a stub.

Only tagged values cross. The trusted side never holds an object of the program's making, so nothing a class of the
program's defines takes part in a comparison.
"""

import ast
import builtins
import functools
import sys
import types

from coderlplus_guest import (
    OPERATIONS,
    Ended,
    compile_preamble,
    compiled,
    describe,
    encode_result,
    exit_code,
    given,
    guarded,
    receive,
    resolve,
    run_preamble,
    send,
    start,
    too_deep,
)
from coderlplus_names import definitions, only_calls, only_methods, unresolved
from coderlplus_nodes import provide
from coderlplus_objects import Table, remade
from coderlplus_values import Encoder, Limits, TooBig, Unsupported, decode

_served = {}
# Where the classes come from that both sides share: LeetCode's nodes count as the program's.
TRUSTED = {"check", "program"}


def load(request):
    """Program's side: runs the module and keeps it for the calls to come."""
    try:
        _served["namespace"] = start(compiled(request), request["name"])
    except Ended as ended:
        return ended.reply
    return {"end": "finished"}


def serve(request):
    """Program's side: one call. The arguments go back too, for tests that look at what was done to them."""
    call = request["call"]
    namespace = _served["namespace"]
    classes = {name: namespace[name] for name in call["classes"] if isinstance(namespace.get(name), type)}
    try:
        arguments, keywords = guarded(lambda: given(call, remade(call["objects"], classes)))
        result = guarded(lambda: resolve(namespace, call["function"])(*arguments, **keywords))
    except Ended as ended:
        return ended.reply
    trees, objects = written([result, *arguments, *keywords.values()], namespace, classes)
    return {"end": "finished", "returned": trees[0], "after": trees[1:], "objects": objects}


def written(values, namespace, classes):
    """Values as trees, with the objects that they refer to; what refers to any that cannot cross is named only."""
    table = Table(classes)
    writers = table.writers()
    trees = [encode_result(value, namespace, typed=True, writers=writers) for value in values]
    try:
        modules = {namespace["__name__"], "__main__"}
        objects = table.rows(Encoder(Limits(), modules, True, writers), modules)
        if not too_deep(objects):
            return trees, objects
    except Exception:
        pass
    return [encode_result(value, namespace, typed=True, writers=()) for value in values], []


class Foreign:
    """Stands for a result that has no tagged form: equal to nothing, not even to another of its kind."""

    __slots__ = ("name",)
    __hash__ = None

    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        return False

    def __ne__(self, other):
        return True

    def __repr__(self):
        return f"<{self.name}>"


class CannotCross(BaseException):
    """An argument of the test's own making has no tagged form: this check needs both sides in one interpreter."""


class Raised(Exception):
    """What the program raised, where it is no built-in exception."""


class Stub:
    """The program's function as the trusted side sees it."""

    def __init__(self, path, state):
        self._path = path
        self._state = state

    def __call__(self, *arguments, **keywords):
        given = [*arguments, *keywords.values()]
        send(self._question(arguments, keywords))
        reply = receive()
        if reply["end"] == "raised":
            self._state["raised"] = error = rebuild(reply["error"])
            raise error
        make = self._makers(reply)
        for argument, after in zip(given, reply["after"]):
            self._update(argument, self._revive(after, make))
        result = self._revive(reply["returned"], make)
        self._state["last"] = encode_result(result, self._state["namespace"])
        return result

    def _question(self, arguments, keywords):
        classes = self._state["classes"]
        table = Table(classes)
        encoder = Encoder(Limits(), set(), True, table.writers())
        try:
            return {
                "function": self._path,
                "arguments": [encoder.encode(argument) for argument in arguments],
                "keywords": {name: encoder.encode(argument) for name, argument in keywords.items()},
                "classes": list(classes),
                "objects": table.rows(encoder, TRUSTED),
            }
        except (Unsupported, TooBig):
            # Only what the test made itself may bring both sides together: what the program returned may not.
            if self._state.get("foreign"):
                raise TypeError("a result of the program's cannot be an argument") from None
            raise CannotCross from None

    def _makers(self, reply):
        try:
            return remade(reply["objects"], self._state["classes"])
        except Exception:
            return {}

    def _revive(self, tree, make):
        value = revive(tree, make)
        if type(value) is Foreign:
            self._state["foreign"] = True
        return value

    def _update(self, argument, value):
        """Does to the test's list, dict, set or object what the program did to its own."""
        kind = type(argument)
        if kind is not type(value):
            return
        if kind is list:
            argument[:] = value
        elif kind in (dict, set):
            argument.clear()
            argument.update(value)
        elif kind in self._state["classes"].values():
            for name, item in Encoder(Limits(), TRUSTED).fields(value, kind).items():
                object.__setattr__(argument, name, item)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Stub(f"{self._path}.{name}", self._state)


def revive(tree, make):
    """The value that a result's tree stands for, or a stand-in. The tree is a claim: it may have any shape."""
    if type(tree) is dict and tree:
        tag = next(iter(tree))
        if tag in ("$foreign", "$obj", "$enum", "$cycle", "$big", "$repr"):
            return Foreign(str(tree[tag])[:500])
    try:
        return decode(tree, make)
    except Exception:
        return Foreign("object")


def rebuild(error):
    kind = getattr(builtins, error["type"], None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(error["message"])
        except Exception:
            pass
    named = type(error["type"], (Raised,), {})
    return named(error["message"])


def check(request):
    """Trusted side: runs the test code with stubs for the program's functions."""
    namespace = trusted_namespace(request)
    state = {"weaker": False, "namespace": namespace, "classes": shared_classes(request, namespace)}
    if not bind_stubs(namespace, request, state):
        return {"end": "finished", "check": "uncrossable"}
    return conclude(request, namespace, state)


def trusted_namespace(request):
    module = types.ModuleType("check")
    sys.modules["check"] = module
    namespace = module.__dict__
    namespace["__builtins__"] = builtins
    provide(namespace)
    run_preamble(compile_preamble(request["preamble"]), namespace)
    run_helpers(request, namespace)
    return namespace


def shared_classes(request, namespace):
    """LeetCode's, those of the preamble, which both sides run, and those of the prompt that the program has too."""
    own = {name: kind for name, kind in namespace.items() if isinstance(kind, type) and kind.__module__ in TRUSTED}
    classes = {"ListNode", "TreeNode"}
    classes |= {node.name for node in ast.walk(ast.parse(request["preamble"])) if isinstance(node, ast.ClassDef)}
    classes |= {node.name for node in ast.parse(request["source"]).body if isinstance(node, ast.ClassDef)}
    return {name: kind for name, kind in own.items() if name in classes}


def run_helpers(request, namespace):
    """The imports and helper functions of the prompt, where the prompt is Python: checks may call them."""
    try:
        statements = ast.parse(request["prompt"]).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in statements:
        helper = isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name != request["entryPoint"]
        if helper or isinstance(node, (ast.Import, ast.ImportFrom)):
            try:
                exec(compile(ast.Module([node], []), "<prompt>", "exec"), namespace)
            except Exception:
                pass


def bind_stubs(namespace, request, state):
    """Puts stubs where the check names the program's functions. False where it asks for more than calls of them."""
    entry = request["entryPoint"]
    state["candidate"] = Stub(entry, state)
    if entry and "." not in entry:
        namespace[entry] = state["candidate"]
    functions, others, imported = definitions(request["source"])
    for name in unresolved(request["code"], namespace):
        # A check keeps the built-ins that it compares with; an assert means the program's function of that name.
        if hasattr(builtins, name) and (entry or name not in functions):
            continue
        methods = name in others and only_methods(request["code"], name)
        if name in others and not methods and not only_calls(request["code"], name):
            return False
        if name in functions or name in others:
            namespace[name] = functools.partial(Stub, name, state) if methods else Stub(name, state)
            state["weaker"] = state["weaker"] or bool(entry)
        elif name in imported:
            run_preamble(compile_preamble(imported[name]), namespace)
    return True


def conclude(request, namespace, state):
    """Runs the test code and says how it went."""
    try:
        exec(compile(request["code"], "<check>", "exec"), namespace)
        if request["entryPoint"]:
            namespace["check"](state["candidate"])
        verdict = {"check": "passed"}
    except CannotCross:
        verdict = {"check": "uncrossable"}
    except SystemExit as error:
        verdict = {"check": "exited", "exitCode": exit_code(error)}
    except BaseException as error:
        if error is state.get("raised"):
            verdict = {"check": "raised", "error": describe(error)}
        else:
            verdict = {"check": "failed", "error": describe(error), "line": failing_line(request["code"], error)}
    return {"end": "finished", "weaker": state["weaker"], "last": state.get("last"), **verdict}


def failing_line(code, error):
    """The source of the last line of the test code that the error passed through."""
    number = None
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == "<check>":
            number = trace.tb_lineno
        trace = trace.tb_next
    lines = code.split("\n")
    return lines[number - 1].strip()[:500] if number and number <= len(lines) else ""


def joined(request):
    """Check and program in one interpreter, for tests whose arguments cannot cross. Weaker: the verdict says so."""
    try:
        program = start(compiled(request), request["name"])
    except Ended as ended:
        return ended.reply
    state = {"weaker": True}
    namespace = {**program, **{k: v for k, v in trusted_namespace(request).items() if k not in program}}
    namespace["__name__"] = "check"
    for name in definitions(request["source"])[0]:
        namespace[name] = guard(name, program, state)
    if request["entryPoint"]:
        state["candidate"] = guard(request["entryPoint"], program, state)
    return conclude(request, namespace, state)


def guard(path, program, state):
    def candidate(*arguments, **keywords):
        try:
            result = resolve(program, path)(*arguments, **keywords)
        except Exception as error:
            state["raised"] = error
            raise
        return plain(result, program)

    return candidate


def plain(result, program):
    """Nothing whose class is the program's gets into the comparison, except through a function or an iterator."""
    tree = encode_result(result, program, writers=())
    if type(tree) is dict and ("$obj" in tree or "$enum" in tree):
        return Foreign(type(result).__name__)
    if type(tree) is dict and "$foreign" in tree:
        return result if type(result).__module__ == "builtins" else Foreign(tree["$foreign"])
    return result


OPERATIONS.update({"load": load, "serve": serve, "check": check, "joined": joined})
