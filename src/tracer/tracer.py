"""Runs a program and records the final value of every variable: the one it holds when the last activation of its scope
ends. Values are written down at that moment, so later aliasing does not count; module variables when the program ends.

The mechanism is `sys.monitoring`, by events at the ends of activations and never by line. Scopes that are entered often
are only counted in the first pass and captured at their last activation in a second one, which repeats the first
exactly: everything a program can see is the same.
"""

import ast
import builtins
import posix
import sys
import types

from coderlplus_guest import OPERATIONS, Ended, call, close, compile_expression, compiled, guarded, run_module, send
from coderlplus_scopes import Analysis, complexity, tampers, worldly
from coderlplus_values import Encoder, Limits, TooBig, Unsupported

LIMITS = Limits(nodes=2000, characters=4096, depth=12, bits=14000)
TOOL = 4
EAGER = 32
ABSENT = object()

_monitoring = sys.monitoring
_events = _monitoring.events
_frame = sys._getframe
_exit = posix._exit
ENDS = _events.PY_RETURN | _events.PY_YIELD
BEGINNINGS = _events.PY_START | _events.PY_RESUME


class Code:
    """What the tracer knows of one code object."""

    __slots__ = ("code", "path", "names", "cells", "depth", "exits", "last", "seen", "function")

    def __init__(self, code, path, names, cells, function):
        self.code = code
        self.path = path
        self.names = names  # (local name, key)
        self.cells = cells  # (name of a free variable, key of the owner's variable)
        self.function = function
        self.depth = 0
        self.exits = 0
        self.last = 0  # the activation to capture, where known from a first pass
        self.seen = set()


class Tracer:
    def __init__(self, top, variables, encoder, counts):
        self.codes = {}
        self.variables = variables
        self.encoder = encoder
        self.values = {}
        self.recursive = set()
        self.ambiguous = set()
        self.counted = counts is not None
        self._collect(top, (), ())
        for index, code in enumerate(self.codes.values()):
            code.last = counts[index] if counts else 0

    def _collect(self, code, path, around):
        """Maps every function's code object to its variables; lambdas and comprehensions only reach out of theirs."""
        function = bool(code.co_flags & 1) and not code.co_name.startswith("<")
        names = []
        if function:
            prefix = ".".join(path) + "."
            local = dict.fromkeys((*code.co_varnames, *code.co_cellvars))
            names = [(name, prefix + name) for name in local if prefix + name in self.variables]
        cells = []
        for name in code.co_freevars:
            owner = next((other for other in reversed(around) if name in other[0].co_cellvars), None)
            key = ".".join((*owner[1], name)) if owner else None
            if owner and owner[0].co_flags & 1 and key in self.variables:
                cells.append((name, key))
        if names or cells or function:
            # By identity: a code object's own hash is computed from all that is in it, every time.
            self.codes[id(code)] = Code(code, ".".join(path), names, cells, function)
        for inner in code.co_consts:
            if isinstance(inner, types.CodeType) and inner.co_name != "__annotate__":
                named = not inner.co_name.startswith("<")
                self._collect(inner, (*path, inner.co_name) if named else path, (*around, (code, path)))

    def start(self):
        monitoring, events = _monitoring, _events
        monitoring.use_tool_id(TOOL, "trace")
        counted = self.counted
        self.callbacks = {
            events.PY_START: self._entered,
            events.PY_RESUME: self._entered,
            events.PY_THROW: self._thrown,
            events.PY_RETURN: self._left_counted if counted else self._left,
            events.PY_YIELD: self._left_counted if counted else self._left,
            events.PY_UNWIND: self._unwound,
        }
        for event, callback in self.callbacks.items():
            monitoring.register_callback(TOOL, event, callback)
        for known in self.codes.values():
            # A second pass knows already who called itself: it need not see activations begin.
            monitoring.set_local_events(TOOL, known.code, ENDS if counted else ENDS | BEGINNINGS)
        monitoring.set_events(TOOL, events.PY_UNWIND | (0 if counted else events.PY_THROW))

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

    def _entered(self, code, offset):
        known = self.codes[id(code)]
        if known.depth and known.function:
            self.recursive.add(known.path)
            # That is all its beginnings can tell.
            _monitoring.set_local_events(TOOL, code, ENDS)
        known.depth += 1

    def _thrown(self, code, offset, error):
        if id(code) in self.codes:
            self._entered(code, offset)

    def _unwound(self, code, offset, error):
        if id(code) in self.codes:
            (self._left_counted if self.counted else self._left)(code, offset, None, 2)

    def _left(self, code, offset, value, frames=1):
        """First pass: an activation ends. The first few are captured, in case no more follow."""
        known = self.codes[id(code)]
        known.depth -= 1
        known.exits += 1
        if known.exits <= EAGER:
            self.capture(known, _frame(frames).f_locals)

    def _left_counted(self, code, offset, value, frames=1):
        """Second pass: only the last activation of each scope is captured."""
        known = self.codes[id(code)]
        known.exits += 1
        if known.exits == known.last:
            self.capture(known, _frame(frames).f_locals)
        elif len(known.seen) < len(known.names):
            known.seen.update(_frame(frames).f_locals)

    def capture(self, known, held):
        for name, key in known.names:
            value = held.get(name, ABSENT)
            if value is not ABSENT:
                known.seen.add(name)
                self.record(key, value)
                self.ambiguous.discard(key)
            else:
                self.values.pop(key, None)
                if name in known.seen:
                    self.ambiguous.add(key)
        for name, key in known.cells:
            value = held.get(name, ABSENT)
            if value is ABSENT:
                self.values.pop(key, None)
            else:
                self.record(key, value)

    def abandon(self, frame):
        """The process ends here and nothing unwinds: the values are taken from the frames as they stand."""
        while frame is not None:
            known = self.codes.get(id(frame.f_code))
            if known:
                known.exits += 1
                if known.exits == known.last if self.counted else known.exits <= EAGER:
                    self.capture(known, frame.f_locals)
            frame = frame.f_back

    def record(self, key, value):
        try:
            self.values[key] = self.encoder.encode(value)
        except Unsupported:
            self.values.pop(key, None)
        except TooBig:
            self.values[key] = {"$big": type.__dict__["__qualname__"].__get__(type(value))}

    def record_module(self, namespace):
        for name in self.variables:
            if "." not in name and name in namespace:
                self.record(name, namespace[name])

    def counts(self):
        """How often each scope was left, where it was too often to capture each time; None where none was."""
        exits = [known.exits for known in self.codes.values()]
        return exits if any(known.exits > EAGER and (known.names or known.cells) for known in self.codes.values()) else None


def trace(request):
    try:
        preamble, top = compiled(request)
        tree = ast.parse(request["source"])
        if request["call"] and "expression" in request["call"]:
            compile_expression(request["call"]["expression"])
    except Ended as ended:
        return ended.reply
    analysis = analyse(tree)
    order = analysis.order()
    tracer = Tracer(top, dict.fromkeys(order), Encoder(LIMITS, {request["name"], "__main__"}), request.get("counts"))
    facts = {
        "parameters": [key for key in order if key in analysis.parameters and key not in analysis.assigned],
        "complexity": complexity(tree),
        "worldly": worldly(tree),
        "tampered": tampers(tree),
    }
    run = Run(request, tracer, preamble, top)

    def record(reply):
        values = tracer.values
        return {
            **facts,
            **reply,
            "variables": [[key, values[key]] for key in order if key in values],
            "recursive": sorted(tracer.recursive),
            "ambiguous": sorted(tracer.ambiguous),
            "tampered": run.tampered or facts["tampered"],
            "counts": None if request.get("counts") else tracer.counts(),
        }

    run.record = record
    return record(run.perform())


def analyse(tree):
    """The visitor goes as deep as the syntax: a long `elif` chain or sum is deeper than the usual limit."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        return Analysis(tree)
    finally:
        sys.setrecursionlimit(limit)


class Run:
    """One traced run, with the program's end of whatever kind inside."""

    def __init__(self, request, tracer, preamble, top):
        self.request = request
        self.tracer = tracer
        self.preamble = preamble
        self.top = top
        self.tampered = False

    def perform(self):
        request = self.request
        module = types.ModuleType(request["name"])
        module.__file__ = "program.py"
        sys.modules["__main__"] = sys.modules[request["name"]] = module
        self.namespace = namespace = module.__dict__
        namespace["__builtins__"] = builtins
        posix._exit = sys.modules["os"]._exit = self.hard_exit
        reply = {"end": "finished"}
        self.tracer.start()
        try:
            guarded(run_module, self.preamble, self.top, namespace)
            if request.get("call"):
                returned = call(namespace, request["call"])
                self.encode(returned, reply)
        except Ended as ended:
            reply = ended.reply
        self.finish()
        return close(reply)

    def finish(self):
        self.tampered = not self.tracer.stop()
        self.tracer.record_module(self.namespace)

    def encode(self, value, reply):
        try:
            reply["returned"] = self.tracer.encoder.encode(value)
        except Unsupported:
            pass
        except TooBig:
            reply["returned"] = {"$big": type.__dict__["__qualname__"].__get__(type(value))}

    def hard_exit(self, status):
        """`os._exit`: the reply is sent from here, then the process ends, whatever the program would catch."""
        if isinstance(status, int):
            self.tracer.abandon(_frame(1))
            self.finish()
            send(self.record({"end": "exited", "exitCode": int(status) & 255}))
        _exit(status)


OPERATIONS["trace"] = trace


def inspect(request):
    """What the text alone says: nothing is executed."""
    try:
        tree = ast.parse(request["source"])
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        return {"end": "unparsable", "message": f"{type(error).__name__}: {error}"[:500]}
    analysis = analyse(tree)
    order = analysis.order()
    untouched = [key for key in order if key in analysis.parameters and key not in analysis.assigned]
    return {"end": "finished", "variables": order, "parameters": untouched}


OPERATIONS["inspect"] = inspect
