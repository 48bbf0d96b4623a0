"""The course of a run, to be stepped through: which line is executed after which, over all functions, and what has become
different while it was. Found by comparing: at every line and at the end of every activation the variables that can be
seen there are written down, and those that read otherwise than before have changed, by whatever: an assignment, the
target of a loop, an argument, `xs.append(1)`. So nothing needs to be put into the program's text.

A run for this alone. It ends by itself once enough is recorded: what comes later is not needed, and a program that never
ends can be looked at too. Whether the program takes the course that it takes untraced is for the host to compare.
"""

import ast
import io
import sys

from coderlplus_captured import ABSENT
from coderlplus_guest import STDOUT
from coderlplus_history import FOREIGN, LINES, codes_of
from coderlplus_passes import BEGINNINGS, ENDS, ERRORS, MARGIN, TOOL, Pass
from coderlplus_scopes import FUNCTIONS
from coderlplus_values import to_text

# What all changes together may have in characters, and what may be looked at to find them, in values.
CHARACTERS, NODES = 1_000_000, 2_000_000
# Their values are the same as long as they are the same object.
ATOMS = frozenset({int, float, bool, str, bytes, type(None)})

GENERATOR = 0x20

_monitoring = sys.monitoring
_events = _monitoring.events
_frame = sys._getframe
_limit, _set_limit = sys.getrecursionlimit, sys.setrecursionlimit
_flush = io.TextIOWrapper.flush


class CountedOutput(io.FileIO):
    """Standard output that knows how much was written to it."""

    written = 0

    def write(self, data):
        count = super().write(data)
        self.written += count or 0
        return count


class Activation:
    __slots__ = ("number", "path", "names", "known", "line")

    def __init__(self, number, code, scope):
        self.number = number
        self.path = "" if code.co_name == "<module>" else code.co_qualname.replace(".<locals>", "")
        self.names = (*scope.names, *scope.cells) if scope else ()
        self.known = {}  # key -> (object, where that tells whether it has changed; its text)
        self.line = code.co_firstlineno


class MomentsPass(Pass):
    """One run whose course is written down. `leave` ends the process."""

    recursive = ()  # known from the other passes

    def __init__(self, captured, small, scopes, order, tree, leave):
        super().__init__(scopes, captured)
        self.small = small
        self.leave = leave
        self.heads = heads_in(tree)
        self.loops = one_line_loops(tree)
        self.module_names = [(key, key) for key in order if "." not in key]
        self.module_known = {}
        self.moments = []  # [line, path, number of the activation, activations around it, bytes printed before, changes]
        self.newest = None  # the activation of the newest moment
        self.stack = []
        self.live = {}  # by identity of the frame, also of those that are suspended
        self.started = 0
        self.below = 0  # frames around the outermost activation
        self.characters, self.nodes = CHARACTERS, NODES
        self.cut = False

    def watch(self, top):
        """The code objects whose lines count."""
        self.codes = {id(code): code for code in codes_of(top)}

    def start(self):
        self.raw = CountedOutput(1, "wb", closefd=False)
        quietly_reopened(STDOUT, self.raw)
        _monitoring.use_tool_id(TOOL, "trace")
        self.listen(self._began, self._ended, self._unwound, self._thrown)
        self.callbacks = {**self.callbacks, _events.PY_RESUME: self._resumed, _events.LINE: self._line}
        self.callbacks |= {_events.PY_YIELD: self._suspended, _events.JUMP: self._jumped}
        for event, callback in self.callbacks.items():
            _monitoring.register_callback(TOOL, event, callback)
        for code in self.codes.values():
            _monitoring.set_local_events(TOOL, code, _events.LINE | _events.JUMP | BEGINNINGS | ENDS)
        _monitoring.set_events(TOOL, ERRORS)
        _set_limit(_limit() + MARGIN)
        sys.getrecursionlimit = lambda: _limit() - MARGIN
        sys.setrecursionlimit = lambda limit: _set_limit(limit + MARGIN)

    def _began(self, code, offset):
        frame = _frame(1)
        if not self.stack:
            self.below = depth_of(frame.f_back)
        if self.below + len(self.stack) >= _limit() - MARGIN:
            # Where the program alone would come to its end: the room beyond is the recorder's.
            raise RecursionError("maximum recursion depth exceeded")
        scope = self.scopes.get(id(code))
        self.live[id(frame)] = activation = Activation(self.started, code, scope)
        self.started += 1
        self.stack.append(activation)
        if is_function(code):
            line = self.heads.get(code.co_firstlineno, code.co_firstlineno)
            self._add(activation, line, self._changes(activation, frame))

    def _resumed(self, code, offset):
        activation = self.live.get(id(_frame(1)))
        if activation is not None:
            self.stack.append(activation)

    def _thrown(self, code, offset, error):
        if id(code) in self.codes:
            activation = self.live.get(id(_frame(1)))
            if activation is not None:
                self.stack.append(activation)

    def _line(self, code, line):
        frame = _frame(1)
        activation = self.live.get(id(frame))
        if activation is None:
            return
        self._settle(activation, frame)
        # The loop of a comprehension, or the rest of an expression after a line inside it: the same line goes on.
        if self.newest is not activation or self.moments[-1][0] != line or self.moments[-1][5]:
            self._add(activation, line, [])

    def _jumped(self, code, offset, destination):
        """A round of a loop that fills one line: its events are those of lines otherwise."""
        if destination > offset or line_at(code, destination) not in self.loops:
            return _monitoring.DISABLE
        frame = _frame(1)
        activation = self.live.get(id(frame))
        if activation is not None:
            self._settle(activation, frame)
            self._add(activation, activation.line, [])
        return None

    def _suspended(self, code, offset, value):
        # What a coroutine hands over is its loop's affair.
        self._over(_frame(1), code, value if code.co_flags & GENERATOR else ABSENT)

    def _ended(self, code, offset, value):
        self._over(_frame(1), code, value)
        self.live.pop(id(_frame(1)), None)

    def _unwound(self, code, offset, error):
        if id(code) in self.codes:
            self._over(_frame(1), code, ABSENT)
            self.live.pop(id(_frame(1)), None)

    def _over(self, frame, code, value):
        """An activation ends, or is suspended, and gives a value to its caller."""
        activation = self.live.get(id(frame))
        if activation is None:
            return
        self._settle(activation, frame)
        tree = self._tree(value) if is_function(code) and value is not ABSENT else ABSENT
        if tree is not ABSENT:
            if self.newest is not activation:
                self._add(activation, activation.line, [])
            self._charge(to_text(tree))
            self.moments[-1][5].append([f"{activation.path}()", tree])
        if self.stack and self.stack[-1] is activation:
            self.stack.pop()

    def _settle(self, activation, frame):
        """What has changed since the last look did so in the newest moment; after a call, in one that goes on with the
        caller's line."""
        changes = self._changes(activation, frame)
        if not changes:
            return
        if self.newest is activation:
            self.moments[-1][5].extend(changes)
        else:
            self._add(activation, activation.line, changes)

    def _add(self, activation, line, changes):
        if self.cut:
            return
        if len(self.moments) == LINES or self.characters < 0 or self.nodes < 0:
            self._printed()
            self.cut = True
            self.leave(0)
            return
        activation.line = line
        self.newest = activation
        depth = len(self.stack) - 1
        self.moments.append([line, activation.path, activation.number, depth, self._printed(), changes])

    def _printed(self):
        try:
            _flush(STDOUT)
        except ValueError:
            # The program has closed it.
            pass
        return self.raw.written

    def _changes(self, activation, frame):
        changes = []
        self._look(frame.f_globals, self.module_names, self.module_known, changes)
        if activation.names:
            self._look(frame.f_locals, activation.names, activation.known, changes)
        return changes

    def _look(self, held, names, known, changes):
        for name, key in names:
            value = held.get(name, ABSENT)
            before = known.get(key)
            if type(value) in ATOMS:
                if before is not None and before[0] is value:
                    continue
                kept, tree = value, self._tree(value)
            else:
                kept, tree = ABSENT, ABSENT if value is ABSENT else self._tree(value)
            text = None if tree is ABSENT else to_text(tree)
            known[key] = (kept, text)
            if text == (before and before[1]):
                continue
            if text is None:
                # Deleted, or holding what has no form as data.
                changes.append([key] if value is ABSENT else [key, FOREIGN])
            else:
                self._charge(text)
                changes.append([key, tree])

    def _tree(self, value):
        encoder = self.small.encoder
        tree = self.small.tree(value)
        self.nodes -= encoder.limits.nodes - max(encoder.left, 0)
        return tree

    def _charge(self, text):
        self.characters -= len(text)

    def report(self):
        return {"moments": {"list": self.moments, "cut": self.cut}}

    def abandon(self, frame):
        """The process ends here. What the newest line has done is taken from the frame as it stands."""
        activation = self.live.get(id(frame))
        if activation is not None and not self.cut:
            self._settle(activation, frame)


def quietly_reopened(stream, raw):
    """The same stream, over another file."""
    _flush(stream)
    io.TextIOWrapper.__init__(stream, io.BufferedWriter(raw, 1 << 16), encoding="utf-8")


def depth_of(frame):
    depth = 0
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    return depth


def line_at(code, offset):
    return next((line for start, end, line in code.co_lines() if start <= offset < end), None)


def one_line_loops(tree):
    loops = [node for node in ast.walk(tree) if isinstance(node, (ast.For, ast.AsyncFor, ast.While))]
    return {loop.lineno for loop in loops if loop.body[0].lineno == loop.lineno}


def is_function(code):
    """Not a module's or a class's body."""
    return bool(code.co_flags & 1)


def heads_in(tree):
    """Where a function's code begins, with its decorators, and the line of its `def`."""
    functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    return {min(part.lineno for part in (node, *node.decorator_list)): node.lineno for node in functions}
