"""Whether a program's tests may run one after another in the same interpreter state, each in fresh module globals.

Read from the text, conservatively: a program passes only where nothing in it can change a module, a built-in or the
interpreter. A program that lies to this changes only what its own later tests see.
"""

import ast
import builtins

MODULES = {
    "math", "cmath", "heapq", "bisect", "collections", "itertools", "functools", "string", "re", "operator", "typing",
    "dataclasses", "enum", "fractions", "copy", "json", "statistics", "sys", "abc", "datetime", "__future__",
}  # fmt: skip
SYS = {"stdin", "stdout", "stderr", "setrecursionlimit", "getrecursionlimit", "maxsize", "exit", "float_info", "getsizeof"}
NAMES = {
    "setattr", "delattr", "getattr", "globals", "locals", "vars", "exec", "eval", "compile", "open", "breakpoint",
    "__import__", "__builtins__", "__loader__", "__spec__",
}  # fmt: skip
ATTRIBUTES = {"register", "purge", "__subclasses__", "__globals__", "__builtins__", "__bases__", "__mro__", "__dict__",
              "__class__", "__code__", "__closure__", "__base__", "__setattr__", "__func__", "__self__", "__wrapped__",
              "__module__", "f_globals", "gi_frame", "tb_frame", "cache_clear"}  # fmt: skip


def shareable(source):
    tree = ast.parse(source)
    modules, imported = imports(tree)
    if modules is None:
        return False
    used_as_owner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return all(harmless(node, modules, imported, used_as_owner) for node in ast.walk(tree))


def imports(tree):
    """Names bound to modules and names imported from them; (None, None) for an import that is not known harmless."""
    modules, names = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] not in MODULES:
                    return None, None
                modules.add(alias.asname or alias.name.partition(".")[0])
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").partition(".")[0] not in MODULES:
                return None, None
            if node.module == "sys" and any(alias.name not in SYS for alias in node.names):
                return None, None
            names |= {alias.asname or alias.name for alias in node.names}
    return modules, names


def harmless(node, modules, imported, used_as_owner):
    if isinstance(node, ast.Name):
        return node.id not in NAMES and (node.id not in modules or id(node) in used_as_owner)
    if isinstance(node, ast.Attribute):
        if node.attr in ATTRIBUTES or (isinstance(node.ctx, ast.Store) and node.attr.startswith("__")):
            return False
        if isinstance(node.value, ast.Name) and node.value.id in modules:
            if node.attr.startswith("_") or (node.value.id == "sys" and node.attr not in SYS):
                return False
    if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
        root = node
        while isinstance(root, (ast.Attribute, ast.Subscript, ast.Call)):
            root = root.func if isinstance(root, ast.Call) else root.value
        return isinstance(root, ast.Name) and root.id not in modules | imported and not hasattr(builtins, root.id)
    if isinstance(node, ast.FunctionDef):
        return node.name != "__del__"
    return True
