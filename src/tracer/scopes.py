"""What a program's text says about its variables: which names are variables of which scope, where each is last
assigned, which are parameters, and how complex the program is.
"""

import ast

# Modules and names whose results depend on nothing but their arguments.
PURE_MODULES = {
    "math", "cmath", "heapq", "bisect", "collections", "itertools", "functools", "string", "re", "operator", "typing",
    "copy", "fractions", "decimal", "statistics", "json", "sys", "dataclasses", "enum", "abc", "array", "__future__",
}  # fmt: skip
WORLDLY = {
    "set", "frozenset", "hash", "__hash__", "id", "object", "globals", "locals", "vars", "dir", "open", "exec", "eval",
    "compile", "__import__", "__dict__", "modules", "intern", "getrefcount",
}  # fmt: skip
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BRANCHES = (ast.If, ast.While, ast.For, ast.AsyncFor, ast.ExceptHandler)


class Scope:
    """A module, function or class body; a lambda or comprehension belongs to the scope around it."""

    def __init__(self, path, kind, parent):
        self.path = path
        self.kind = kind
        self.parent = parent
        self.outer = {}  # names declared global or nonlocal here -> the scope that owns them
        self.parameters = []


class Analysis(ast.NodeVisitor):
    """Collects, for each variable key (`main.t`), the place of its last assignment."""

    def __init__(self, tree):
        self.places = {}
        self.parameters = {}  # key -> place of its declaration
        self.assigned = set()  # keys assigned other than by being a parameter
        self.scope = Scope((), "module", None)
        self.visit(tree)

    def owner(self, name):
        return self.scope.outer.get(name, self.scope)

    def key(self, name):
        """Of the variable that an assignment to this name writes here; None where that is no variable."""
        scope = self.owner(name)
        return None if scope.kind == "class" or name.startswith("_") else ".".join((*scope.path, name))

    def bind(self, name, node):
        key = self.key(name)
        if key is None:
            return
        place = (node.lineno, node.col_offset)
        self.places[key] = max(place, self.places.get(key, place))
        self.assigned.add(key)

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Store):
            self.bind(node.id, node)

    def visit_MatchAs(self, node):
        if node.name:
            self.bind(node.name, node)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node):
        if node.rest:
            self.bind(node.rest, node)
        self.generic_visit(node)

    def visit_AnnAssign(self, node):
        if node.value is not None:
            self.generic_visit(node)

    def visit_ExceptHandler(self, node):
        if node.name:
            self.bind(node.name, node)
        self.generic_visit(node)

    def visit_NamedExpr(self, node):
        self.visit(node.value)
        self.bind(node.target.id, node.target)

    def comprehension(self, node):
        # Its targets are its own; an assignment expression inside binds in the scope around it.
        for inner in ast.walk(node):
            if isinstance(inner, ast.NamedExpr):
                self.bind(inner.target.id, inner.target)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension

    def visit_Lambda(self, node):
        # Its parameters are not asked, and it can assign only what an assignment expression inside binds: its own.
        pass

    def visit_FunctionDef(self, node):
        for outside in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(outside)
        inner = Scope((*self.scope.path, node.name), "function", self.scope)
        self.declare(inner, node)
        arguments = node.args
        outer, self.scope = self.scope, inner
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
            if argument is not None and not argument.arg.startswith("_"):
                key = ".".join((*inner.path, argument.arg))
                self.parameters[key] = (argument.lineno, argument.col_offset)
        for statement in node.body:
            self.visit(statement)
        self.scope = outer

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        inner = Scope((*self.scope.path, node.name), "class", self.scope)
        self.declare(inner, node)
        outer, self.scope = self.scope, inner
        for statement in node.body:
            self.visit(statement)
        self.scope = outer

    def declare(self, scope, node):
        """Resolves `global` and `nonlocal` of one body."""
        for inner in own_nodes(node.body):
            if isinstance(inner, ast.Global):
                scope.outer.update(dict.fromkeys(inner.names, self.module()))
            elif isinstance(inner, ast.Nonlocal):
                for name in inner.names:
                    scope.outer[name] = self.binder(name, scope.parent)

    def module(self):
        scope = self.scope
        while scope.parent:
            scope = scope.parent
        return scope

    def binder(self, name, scope):
        """The function around that a nonlocal name belongs to; found by text order, which suffices for keys."""
        while scope and scope.kind == "class":
            scope = scope.parent
        found = scope
        while scope and scope.kind != "module":
            if name in scope.outer:
                return scope.outer[name]
            if ".".join((*scope.path, name)) in self.places or ".".join((*scope.path, name)) in self.parameters:
                return scope
            scope = scope.parent
        return found

    def order(self):
        """Variable keys, by the place of their last assignment."""
        places = {**self.parameters, **self.places}
        for key in self.parameters:
            places[key] = max(self.parameters[key], self.places.get(key, (0, 0)))
        return sorted(places, key=places.__getitem__)


def own_nodes(body):
    """The nodes of a body without those of functions and classes inside it."""
    stack = list(body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(node))


def complexity(tree):
    """Cyclomatic complexity as in the CodeRL+ recipe: ternaries and conditions of comprehensions do not count."""
    total = 1
    for node in ast.walk(tree):
        if isinstance(node, BRANCHES):
            total += 1
        elif isinstance(node, ast.BoolOp):
            total += len(node.values) - 1
    return total


def worldly(tree):
    """Whether a second world could show the program anything else: sets of strings, addresses, clocks, chance.

    Conservative: a program without sets, classes and impure modules sees the same everywhere.
    """
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            return True
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add((node.module or "").partition(".")[0])
    return bool(words_of(tree) & WORLDLY or modules - PURE_MODULES) or unordered(tree)


def unordered(tree):
    """Whether there may be a set in the program. Views of dicts make some too: `a.keys() & b.keys()`, `a.keys() - b`."""
    words = words_of(tree)
    if words & {"set", "frozenset"}:
        return True
    mixing = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.Sub)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Set, ast.SetComp)):
            return True
        if words & {"keys", "items"} and isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, mixing):
            return True
    return False


def words_of(tree):
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
