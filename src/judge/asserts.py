"""Reads `assert f(x) == literal` as a call test, and finds test code that does not compile.

Works on trusted test code only: no program is loaded meanwhile.
"""

import ast
import builtins
import types

from coderlplus_guest import OPERATIONS, compile_preamble, run_preamble
from coderlplus_values import Encoder, Limits, TooBig, Unsupported


def read_asserts(request):
    """For each text the call and what it must return, or None where the text asks for more than that; and its fault.

    Also what the preamble asks for in vain.
    """
    namespace = types.ModuleType("asserts").__dict__
    namespace["__builtins__"] = builtins
    skipped = []
    try:
        skipped = run_preamble(compile_preamble(request["preamble"]), namespace)
    except Exception:
        pass
    calls = [read_assert(code, namespace) for code in request["codes"]]
    faults = [fault_in(code) for code in request["codes"]]
    return {"end": "finished", "calls": calls, "faults": faults, "skipped": skipped}


def fault_in(code):
    try:
        compile(code, "<test>", "exec", dont_inherit=True)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def read_assert(code, namespace):
    try:
        statements = ast.parse(code).body
    except SyntaxError:
        return None
    if len(statements) != 1 or not isinstance(statements[0], ast.Assert):
        return None
    test = statements[0].test
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return None
    left, right = test.left, test.comparators[0]
    return read_call(left, right, namespace) or read_call(right, left, namespace)


def read_call(call, expected, namespace):
    if not isinstance(call, ast.Call) or not (path := dotted(call.func)):
        return None
    if any(isinstance(node, ast.Starred) for node in call.args) or any(word.arg is None for word in call.keywords):
        return None
    if path.partition(".")[0] in namespace:
        return None
    try:
        return {
            "function": path,
            "arguments": [constant(node, namespace) for node in call.args],
            "keywords": {word.arg: constant(word.value, namespace) for word in call.keywords},
            "expected": constant(expected, namespace),
        }
    except Exception:
        return None


def dotted(node):
    """`a.b` as text. `C().m` is `C.m`: methods are called on an instance made without arguments."""
    if isinstance(node, ast.Name):
        return node.id
    if not isinstance(node, ast.Attribute):
        return None
    owner = node.value
    if isinstance(owner, ast.Call) and not owner.args and not owner.keywords:
        owner = owner.func
        return f"{owner.id}.{node.attr}" if isinstance(owner, ast.Name) else None
    return None


def constant(node, namespace):
    """The value of an expression that does not depend on the program. @raises for one that does, or has no form."""
    value = eval(compile(ast.Expression(node), "<assert>", "eval"), dict(namespace))
    tree = Encoder(Limits(), set()).encode(value)
    if has_untyped(tree):
        raise Unsupported
    return tree


def has_untyped(tree):
    if type(tree) is list:
        return any(map(has_untyped, tree))
    if type(tree) is dict:
        return any(tag in tree for tag in ("$repr", "$cycle")) or any(map(has_untyped, tree.values()))
    return False


OPERATIONS["asserts"] = read_asserts
