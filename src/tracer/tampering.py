"""Whether a program's text touches what the tracer stands on. Strict rather than clever: modules may be used only as
`module.name`, `sys` only for what is listed, and names that are put together at run time count as touching.
"""

import ast

SYS = {
    "stdin", "stdout", "stderr", "exit", "setrecursionlimit", "getrecursionlimit", "maxsize", "argv", "version",
    "version_info", "float_info", "int_info", "hash_info", "maxunicode", "byteorder", "platform", "getsizeof", "intern",
    "exc_info", "set_int_max_str_digits", "get_int_max_str_digits", "getdefaultencoding", "getrefcount", "path",
    "executable", "flags", "implementation", "gettrace", "getprofile", "set_coroutine_origin_tracking_depth",
}  # fmt: skip
# Ways from an object to frames, code, cells, modules or the interpreter.
ATTRIBUTES = {
    "settrace", "setprofile", "settrace_all_threads", "setprofile_all_threads", "monitoring", "modules", "sys", "_sys",
    "_getframe", "_getframemodulename", "_current_frames", "_current_exceptions", "currentframe", "walk_tb", "walk_stack",
    "tb_frame", "tb_next", "gi_frame", "cr_frame", "ag_frame", "gi_code", "cr_code", "ag_code", "gi_yieldfrom",
    "f_back", "f_globals", "f_locals", "f_builtins", "f_code", "f_trace", "__code__", "__closure__", "cell_contents",
    "__globals__", "__builtins__", "__self__", "__func__", "__wrapped__", "__subclasses__", "__bases__", "__base__",
    "__mro__", "mro", "__loader__", "__spec__", "__getattribute__", "__traceback__", "__import__", "__reduce_ex__",
    "get_objects", "get_referrers", "get_referents", "addaudithook", "call_tracing", "CodeType", "FrameType",
    "FunctionType", "resolve_name",
}  # fmt: skip
NAMES = ATTRIBUTES - {"mro", "modules", "sys", "_sys"} | {"breakpoint"}
MODULES = {
    "gc", "ctypes", "_ctypes", "inspect", "importlib", "builtins", "pkgutil", "runpy", "code", "codeop", "pdb", "bdb",
    "trace", "cProfile", "profile", "_lsprof", "tracemalloc", "faulthandler", "dis", "pickle", "imp", "zipimport",
    "_thread", "_testcapi", "_testinternalcapi", "_xxsubinterpreters", "_interpreters", "marshal", "sysconfig", "site",
}  # fmt: skip
# They take a name as text, or text as a program: harmless with a constant that is harmless.
BY_TEXT = {"getattr", "setattr", "delattr", "attrgetter", "methodcaller", "__import__", "eval", "exec", "compile"}
BY_TEXT_OF_A_MODULE = {"attrgetter", "methodcaller", "__import__"}
# All they hold are functions in C, which lead nowhere but by the attributes above.
LEAVES = {"math", "cmath", "itertools", "time"}
NAMESPACES = {"globals", "locals", "vars"}


def tampers(tree):
    return Tampering(tree).found


class Tampering(ast.NodeVisitor):
    def __init__(self, tree):
        self.found = False
        self.sys = set()  # names of the module
        self.modules = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = (alias for alias in node.names if alias.name not in LEAVES)
                self.modules |= {alias.asname or alias.name.partition(".")[0] for alias in names}
                self.sys |= {alias.asname or "sys" for alias in node.names if alias.name == "sys"}
        # A name that is also assigned, such as `string`, says nothing: what it stands for then is the program's own.
        stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and type(node.ctx) is ast.Store}
        stored |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        self.modules -= stored - self.sys
        self.visit(tree)

    def mark(self, touches):
        self.found = self.found or bool(touches)

    def visit_Import(self, node):
        self.mark({alias.name.partition(".")[0] for alias in node.names} & MODULES)

    def visit_ImportFrom(self, node):
        names = {alias.name for alias in node.names}
        self.mark((node.module or "").partition(".")[0] in MODULES or names & (ATTRIBUTES | MODULES))
        self.mark(node.module == "sys" and names - SYS)

    def visit_Name(self, node):
        # Alone, a module is an object like any other: what becomes of it cannot be seen here.
        self.mark(node.id in NAMES or node.id in self.modules or node.id in BY_TEXT | NAMESPACES)

    def visit_Attribute(self, node):
        owner = node.value
        own = isinstance(owner, ast.Name) and owner.id == "self" and not node.attr.startswith("_")
        self.mark(node.attr in ATTRIBUTES and not own)
        if isinstance(owner, ast.Name) and owner.id in self.modules:
            self.mark(owner.id in self.sys and node.attr not in SYS)
            self.mark(node.attr == "__dict__" or node.attr in MODULES)
        elif isinstance(owner, ast.Call) and name_of(owner.func) == "__import__":
            self.imports(owner, node.attr)
        else:
            self.visit(owner)

    def imports(self, call, attribute):
        """`__import__("sys").stdin`, the only harmless form."""
        module = constant(call.args[0]) if call.args else None
        self.mark(module is None or module.partition(".")[0] in MODULES)
        self.mark(module == "sys" and attribute not in SYS)

    def visit_Call(self, node):
        name = name_of(node.func)
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        builtin = isinstance(node.func, ast.Name)
        if name in (BY_TEXT if builtin else BY_TEXT_OF_A_MODULE):
            self.by_text(name, node)
        elif name in NAMESPACES and builtin:
            # A module's namespace as a whole leads to its built-ins.
            self.mark(not node.args or name_of(node.args[0]) != "self")
        else:
            self.visit(node.func)
            if name == "map" and len(arguments) == 2 and name_of(arguments[0]) == "eval" and reads_input(arguments[1]):
                return
        for argument in arguments:
            self.visit(argument)

    def by_text(self, name, node):
        if name == "__import__":
            self.mark(True)
        places = {"attrgetter": node.args, "methodcaller": node.args[:1], "eval": node.args[:1], "exec": node.args[:1]}
        for argument in places.get(name, node.args[:1] if name == "compile" else node.args[1:2]):
            text = constant(argument)
            if text is None:
                # Numbers and literals are read with `eval(input())`: what it is given then is data of the test.
                self.mark(not (name == "eval" and reads_input(argument)))
            elif name in ("eval", "exec", "compile"):
                self.mark(text_tampers(text))
            else:
                self.mark(set(text.split(".")) & (ATTRIBUTES | {"__dict__"}))

    def visit_Subscript(self, node):
        if is_namespace(node.value):
            key = constant(node.slice)
            self.mark(key is None or key.startswith("__"))
        else:
            self.visit(node.value)
        self.visit(node.slice)

    def visit_Compare(self, node):
        for operand in (node.left, *node.comparators):
            if not is_namespace(operand):
                self.visit(operand)

    def visit_MatchClass(self, node):
        self.mark(set(node.kwd_attrs) & ATTRIBUTES)
        self.generic_visit(node)


def name_of(node):
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def is_namespace(node):
    return isinstance(node, ast.Call) and name_of(node.func) in NAMESPACES and not node.args


def constant(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def reads_input(node):
    """`input()`, `sys.stdin.readline()` and what is taken from them."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("readline", "read"):
            return True
        node = node.func.value
    return isinstance(node, ast.Call) and name_of(node.func) == "input"


def text_tampers(text):
    try:
        return tampers(ast.parse(text.strip()))
    except (SyntaxError, ValueError, RecursionError):
        return False
