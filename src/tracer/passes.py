"""When values are taken: at the end of each scope's last activation, which is known only once the program has run.

The first pass takes the first activations of every scope, in case no more follow. From the first scope that is entered
often, or enters itself, CPython's own profiler only counts, in C: it needs no frame and no time of the program's, so this
pass ends as the program does untraced. The second pass repeats the run and takes the values at the activations that the
counts name. It has room on the stack beyond the program's limit; where the program would reach its limit, it is made to
by hand. The events are `sys.monitoring`'s, at the ends of activations and never by line.
"""

import _lsprof
import sys
from itertools import repeat

TOOL = 4
EAGER = 16

_monitoring = sys.monitoring
_events = _monitoring.events
_frame = sys._getframe
_limit, _set_limit = sys.getrecursionlimit, sys.setrecursionlimit
ENDS = _events.PY_RETURN | _events.PY_YIELD
BEGINNINGS = _events.PY_START | _events.PY_RESUME
# What can be asked for only of all code at once.
ERRORS = _events.PY_UNWIND | _events.PY_THROW
# Frames that the second pass needs at most, besides the program's.
MARGIN = 300


class Pass:
    """One run's events and who is told of them."""

    def __init__(self, scopes, captured):
        self.scopes = scopes
        self.captured = captured
        self.callbacks = {}

    def listen(self, began, ended, unwound, thrown):
        events = _events
        self.callbacks = {
            events.PY_START: began,
            events.PY_RESUME: began,
            events.PY_THROW: thrown,
            events.PY_RETURN: ended,
            events.PY_YIELD: ended,
            events.PY_UNWIND: unwound,
        }
        for event, callback in self.callbacks.items():
            _monitoring.register_callback(TOOL, event, callback)

    def stop(self):
        """Ends the tracing. False where the program has changed anything about it."""
        try:
            _monitoring.set_events(TOOL, 0)
            held = [_monitoring.register_callback(TOOL, event, None) for event in self.callbacks]
            intact = _monitoring.get_tool(TOOL) == "trace" and held == list(self.callbacks.values())
            _monitoring.free_tool_id(TOOL)
            return intact
        except (ValueError, TypeError, AttributeError):
            return False


class FirstPass(Pass):
    def __init__(self, scopes, captured):
        super().__init__(scopes, captured)
        self.recursive = set()
        self.profiler = None

    def start(self):
        _monitoring.use_tool_id(TOOL, "trace")
        self.listen(self._began, self._ended, self._unwound, self._thrown)
        for scope in self.scopes.values():
            _monitoring.set_local_events(TOOL, scope.code, ENDS | BEGINNINGS)
        _monitoring.set_events(TOOL, ERRORS)

    def _began(self, code, offset):
        scope = self.scopes[id(code)]
        if scope.active:
            self._enters_itself(scope)
            self._count(_frame(1))
        scope.active += 1

    def _thrown(self, code, offset, error):
        if id(code) in self.scopes:
            scope = self.scopes[id(code)]
            if scope.active:
                self._enters_itself(scope)
            scope.active += 1

    def _enters_itself(self, scope):
        if scope.function:
            self.recursive.add(scope.path)

    def _ended(self, code, offset, value):
        self._left(self.scopes[id(code)], _frame(1))

    def _unwound(self, code, offset, error):
        if id(code) in self.scopes:
            self._left(self.scopes[id(code)], _frame(1))

    def _left(self, scope, frame):
        scope.active -= 1
        scope.exits += 1
        if scope.exits <= EAGER:
            self.captured.capture(scope, frame.f_locals)
        elif scope.names or scope.cells:
            self._count(frame.f_back)
        else:
            # A lambda with nothing to ask: it was watched only to see it enter itself.
            _monitoring.set_local_events(TOOL, scope.code, 0)

    def _count(self, frame):
        """From here on activations are only counted, and who enters itself is noticed; those that go on are told of."""
        self.profiler = profiler = _lsprof.Profiler(int)
        began, ended = profiler._pystart_callback, profiler._pyreturn_callback
        active = []
        while frame:
            active.append(frame.f_code)
            frame = frame.f_back
        for code in reversed(active):
            began(code, 0)
        for scope in self.scopes.values():
            _monitoring.set_local_events(TOOL, scope.code, 0)
        self.listen(began, ended, ended, profiler._pythrow_callback)
        _monitoring.set_events(TOOL, BEGINNINGS | ENDS | ERRORS)

    def stop(self):
        intact = super().stop()
        for entry in self.profiler.getstats() if self.profiler else ():
            scope = self.scopes.get(id(entry.code))
            if scope:
                scope.exits += entry.callcount
                if entry.reccallcount:
                    self._enters_itself(scope)
        return intact

    def report(self):
        """What a second pass needs to know of each scope; nothing where this one has taken all."""
        if not self.profiler:
            return {}
        return {"counts": [[scope.exits, sorted(scope.seen)] for scope in self.scopes.values()]}

    def abandon(self, frame):
        """The process ends here and nothing unwinds: the values are taken from the frames as they stand."""
        met = set()
        while frame is not None:
            scope = self.scopes.get(id(frame.f_code))
            if scope:
                if scope in met:
                    self._enters_itself(scope)
                met.add(scope)
                self.captured.capture(scope, frame.f_locals)
            frame = frame.f_back


class SecondPass(Pass):
    recursive = ()  # known from the first pass

    def __init__(self, scopes, captured, counts):
        super().__init__(scopes, captured)
        self.steps = {}  # of each scope, by identity: does nothing, in C, until an end of an activation is to be looked at
        self.missing = 0  # scopes whose last activation has not ended yet
        self.overrun = False
        names = [scope.code.co_qualname for scope in scopes.values()]
        self.shared = {name for name in names if names.count(name) > 1}
        self.named = dict.fromkeys(self.shared, self._step_of_frame)
        for scope, (exits, seen) in zip(scopes.values(), counts):
            scope.seen.update(seen)
            self.missing += exits > 0
            self._await(scope, exits)

    def _await(self, scope, left):
        """Looks at every end while some name was never seen bound, then only at the last of those that are left."""
        quiet = left - 1 if left and len(scope.seen) == len(scope.names) else 0
        scope.exits = left - quiet
        self.steps[id(scope.code)] = step = repeat(None, quiet).__next__
        if scope.code.co_qualname not in self.shared:
            self.named[scope.code.co_qualname] = step

    def _step_of_frame(self):
        self.steps[id(_frame(2).f_code)]()

    def start(self):
        _monitoring.use_tool_id(TOOL, "trace")
        named, steps, arrived = self.named, self.steps, self._arrived

        def ended(code, offset, value):
            try:
                # A name is the cheapest key that a callback can have.
                named[code.co_qualname]()
            except StopIteration:
                arrived(code)

        def unwound(code, offset, error):
            if id(code) in steps:
                ended(code, offset, error)

        self.listen(None, ended, unwound, None)
        for scope in self.scopes.values():
            _monitoring.set_local_events(TOOL, scope.code, ENDS)
        _monitoring.set_events(TOOL, _events.PY_UNWIND)
        self._raise_limit()

    def _raise_limit(self):
        _set_limit(_limit() + MARGIN)
        sys.getrecursionlimit = lambda: _limit() - MARGIN
        sys.setrecursionlimit = lambda limit: _set_limit(limit + MARGIN)

    def _arrived(self, code):
        scope = self.scopes[id(code)]
        if scope.exits == 0:
            self.overrun = True
            return
        frame = _frame(2)
        while frame.f_code is not code:
            frame = frame.f_back
        if scope.exits == 1:
            self.captured.capture(scope, frame.f_locals)
            self.missing -= 1
        else:
            scope.look(frame.f_locals)
        self._await(scope, scope.exits - 1)

    def report(self):
        """Whether the program went the same way as in the first pass."""
        return {"agrees": not (self.missing or self.overrun)}

    def abandon(self, frame):
        while frame is not None:
            scope = self.scopes.get(id(frame.f_code))
            if scope:
                self.captured.capture(scope, frame.f_locals)
            frame = frame.f_back


class DeepPass(SecondPass):
    """A second pass for a program that reaches its recursion limit: there it is stopped by hand, to leave the tracer room
    above it. Slow, for every call of any function is seen."""

    def start(self):
        _monitoring.use_tool_id(TOOL, "trace")
        self._raise_limit()
        self.level = None
        self.stopped = False
        self.listen(self._began, self._ended, self._ended, self._thrown)
        _monitoring.set_events(TOOL, BEGINNINGS | ENDS | ERRORS)

    def _began(self, code, offset):
        if self.level is None:
            self.level, frame = 0, _frame(2)
            while frame:
                self.level, frame = self.level + 1, frame.f_back
        self.level += 1
        if self.level > _limit() - MARGIN:
            self.stopped = True
            raise RecursionError("maximum recursion depth exceeded")

    def _thrown(self, code, offset, error):
        self._began(code, offset)

    def _ended(self, code, offset, value):
        if self.level is None:
            return
        self.level -= 1
        if self.stopped:
            # The activation that was one too many.
            self.stopped = False
        elif id(code) in self.scopes:
            try:
                self.steps[id(code)]()
            except StopIteration:
                self._arrived(code)
