"""What happens along the way, for questions that final values do not answer: what a variable holds right after each time
it is assigned, which line is executed after which, and which lines are executed at all.

Assignments are seen by a call that the text is given after each of them; lines by `sys.monitoring`, whose line events are
those of PEP 626. A run for this alone: whether the program takes the course that it takes untraced is for the host to
compare. Not recorded: attributes, items, class variables, names bound by a pattern or an `except`.
"""

import ast
import builtins
import sys
import unicodedata

from coderlplus_captured import ABSENT
from coderlplus_passes import MARGIN, TOOL, Pass
from coderlplus_scopes import Analysis

# What is written down at most, of the beginning of the run.
STEPS, LINES = 1000, 5000
HEADROOM = 150
GENERATOR = 0x20 | 0x80 | 0x200
FOREIGN = {"$foreign": True}

_monitoring = sys.monitoring
_events = _monitoring.events
_limit, _set_limit = sys.getrecursionlimit, sys.setrecursionlimit


class HistoryPass(Pass):
    """One run that is written down. `wants` names what of it: steps, lines, coverage."""

    recursive = ()  # known from the other passes

    def __init__(self, captured, small, wants, places):
        super().__init__({}, captured)
        self.small = small  # what writes the values along the way: there are many, and each is asked alone
        self.wants = wants
        self.places = places  # line -> path of its scope
        self.steps = {}
        self.left = STEPS
        self.lines = []  # [line, line that follows in the same activation]
        self.executed = set()
        self.stack = []  # of each activation: the place in `lines` of its newest
        self.codes = []
        self.followed = set()

    def watch(self, top):
        """The code objects whose lines count."""
        self.codes = list(codes_of(top))
        self.followed = {id(code) for code in self.codes if not code.co_flags & GENERATOR}

    def start(self):
        _monitoring.use_tool_id(TOOL, "trace")
        events = _events
        self.callbacks = {
            events.LINE: self._line if "lines" in self.wants else self._seen,
            events.PY_START: self._began,
            events.PY_RETURN: self._ended,
            events.PY_UNWIND: self._unwound,
        }
        for event, callback in self.callbacks.items():
            _monitoring.register_callback(TOOL, event, callback)
        if "lines" in self.wants:
            for code in self.codes:
                ends = events.PY_START | events.PY_RETURN if id(code) in self.followed else 0
                _monitoring.set_local_events(TOOL, code, events.LINE | ends)
            _monitoring.set_events(TOOL, events.PY_UNWIND)
        elif "coverage" in self.wants:
            for code in self.codes:
                _monitoring.set_local_events(TOOL, code, events.LINE)
        _set_limit(_limit() + MARGIN)
        sys.getrecursionlimit = lambda: _limit() - MARGIN
        sys.setrecursionlimit = lambda limit: _set_limit(limit + MARGIN)

    def step(self, key, value):
        """The variable has just been assigned this value."""
        if self.left > 0:
            self.left -= 1
            limit = _limit()
            _set_limit(limit + HEADROOM)
            tree = self.small.tree(value)
            _set_limit(limit)
            self.steps.setdefault(key, []).append(FOREIGN if tree is ABSENT else tree)
        return value

    def _seen(self, code, line):
        self.executed.add(line)
        return _monitoring.DISABLE

    def _line(self, code, line):
        self.executed.add(line)
        if len(self.lines) == LINES:
            return _monitoring.DISABLE
        if id(code) not in self.followed or not self.stack:
            return None
        place = self.stack[-1]
        if place[0] is not None:
            before = self.lines[place[0]]
            if before[0] == line:
                # The loop of a comprehension, or the rest of an expression after a line inside it.
                return None
            before[1] = line
        place[0] = len(self.lines)
        self.lines.append([line, 0])
        if len(self.lines) == LINES:
            # What comes next in the activations that go on is not known.
            self.stack = []
        return None

    def _began(self, code, offset):
        if len(self.lines) == LINES:
            return _monitoring.DISABLE
        self.stack.append([None])
        return None

    def _ended(self, code, offset, value):
        if not self.stack:
            return _monitoring.DISABLE
        place = self.stack.pop()
        if place[0] is not None:
            self.lines[place[0]][1] = None
        return None

    def _unwound(self, code, offset, error):
        if id(code) in self.followed:
            self._ended(code, offset, error)

    def report(self):
        """`lines` holds pairs: a line, and the next of its activation; null where that ends, 0 where it is not known."""
        return {
            "history": {
                "steps": [[key, values] for key, values in self.steps.items()],
                "lines": self.lines,
                "executed": sorted(self.executed),
                "statements": [[line, ".".join(path)] for line, path in sorted(self.places.items())],
            }
        }

    def abandon(self, frame):
        """The process ends here: what was recorded stands, and what would have come next is not known."""


def codes_of(code):
    """A module's code and all in it, but for lambdas and generator expressions, which are part of a line."""
    yield code
    for inner in code.co_consts:
        if isinstance(inner, type(code)) and not inner.co_name.startswith("<") and inner.co_name != "__annotate__":
            yield from codes_of(inner)


def marked(tree, source, step):
    """The tree with a call of `step` after every assignment of a variable; changed in place. As it is where the program
    assigns by text too: then nobody can count."""
    name = "__step__"
    while name in unicodedata.normalize("NFKC", source):
        name = f"_{name}_"
    vars(builtins)[name] = step
    if any(assigns_by_text(node) for node in ast.walk(tree)):
        return tree
    keys = Keys(tree)
    marking = Marking({node: key for node, key in keys.of.items() if key not in keys.patterns}, name)
    return ast.fix_missing_locations(marking.visit(tree))


def assigns_by_text(node):
    """`exec`, or an `eval` of an assignment expression."""
    if isinstance(node, ast.Name):
        return node.id == "exec"
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "eval" and ":=" in ast.unparse(node)


class Keys(Analysis):
    """The variable that each place of an assignment writes."""

    def __init__(self, tree):
        self.of = {}
        self.patterns = set()  # variables that a pattern or an `except` binds too
        super().__init__(tree)

    def bind(self, name, node):
        super().bind(name, node)
        key = self.key(name)
        if key is not None:
            self.of[id(node)] = key
            if not isinstance(node, ast.Name):
                self.patterns.add(key)


class Marking(ast.NodeTransformer):
    def __init__(self, keys, name):
        self.keys = keys
        self.name = name

    def call(self, target, value):
        function = ast.Name(self.name, ast.Load())
        return ast.copy_location(ast.Call(function, [ast.Constant(self.keys[id(target)]), value], []), target)

    def marks(self, *targets):
        """A call for each variable among the targets, once."""
        found = {}
        for target in targets:
            for one in names_in(target):
                if id(one) in self.keys:
                    found.setdefault(one.id, one)
        return [
            ast.copy_location(ast.Expr(self.call(one, ast.Name(one.id, ast.Load()))), one) for one in found.values()
        ]

    def visit_Assign(self, node):
        self.generic_visit(node)
        return [node, *self.marks(*node.targets)]

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        return [node, *self.marks(node.target)]

    def visit_AnnAssign(self, node):
        self.generic_visit(node)
        return [node, *(self.marks(node.target) if node.value else ())]

    def visit_For(self, node):
        self.generic_visit(node)
        node.body = [*self.marks(node.target), *node.body]
        return node

    visit_AsyncFor = visit_For

    def visit_With(self, node):
        self.generic_visit(node)
        node.body = [*self.marks(*(item.optional_vars for item in node.items)), *node.body]
        return node

    visit_AsyncWith = visit_With

    def visit_NamedExpr(self, node):
        self.generic_visit(node)
        return self.call(node.target, node) if id(node.target) in self.keys else node

    def visit_Lambda(self, node):
        return node


def names_in(target):
    """The names that a target binds, from left to right."""
    if isinstance(target, ast.Name):
        yield target
    elif isinstance(target, (ast.Tuple, ast.List)):
        for item in target.elts:
            yield from names_in(item)
    elif isinstance(target, ast.Starred):
        yield from names_in(target.value)
