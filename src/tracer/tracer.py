"""Runs a program and records the final value of every variable: the one it holds when the last activation of its scope
ends. Values are written down at that moment, so later aliasing does not count; module variables when the program ends.
"""

import ast
import builtins
import posix
import sys
import types

from coderlplus_captured import ABSENT, Captured, scopes_of
from coderlplus_guest import OPERATIONS, PROGRAM, Ended, call, close, compile_expression, compiled, guarded, run_module, send
from coderlplus_history import HistoryPass, marked
from coderlplus_moments import MomentsPass
from coderlplus_passes import DeepPass, FirstPass, SecondPass
from coderlplus_scopes import Analysis, complexity, unordered, worldly
from coderlplus_statements import last_assignments, statement_lines
from coderlplus_stirring import ballast, stirred
from coderlplus_tampering import tampers
from coderlplus_values import Encoder, Limits

SMALL = Limits(nodes=200, characters=400, depth=12, bits=1400)
OF_MOMENTS = Limits(nodes=400, characters=400, depth=12, bits=1400)
LIMITS = Limits(nodes=2000, characters=4096, depth=12, bits=14000)

_frame = sys._getframe
_exit = posix._exit


def trace(request):
    """As deep on the stack as an untraced run: a program must reach its recursion limit at the same depth."""
    try:
        run = Run(request)
    except Ended as ended:
        return ended.reply
    reply, remains = {"end": "finished"}, None
    try:
        run.load()
        if request["call"]:
            run.call(request["call"], reply)
        remains = run.namespace
    except Ended as ended:
        reply = ended.reply
    run.finish()
    return close(run.record(reply), remains)


class Run:
    """One traced run, with the program's end of whatever kind inside."""

    def __init__(self, request):
        self.preamble, self.top = compiled(request)
        if request["call"] and "expression" in request["call"]:
            compile_expression(request["call"]["expression"])
        tree = ast.parse(request["source"])
        analysis = deeply(Analysis, tree)
        self.order = analysis.order()
        self.facts = {
            "parameters": untouched(analysis),
            "complexity": complexity(tree),
            "worldly": worldly(tree),
            "unordered": unordered(tree),
            "tampered": deeply(tampers, tree),
        }
        self.ballast = ballast() if request["moved"] else []
        self.name = request["name"]
        own = {self.name, "__main__"}
        self.captured = Captured(Encoder(LIMITS, own))
        wants = request.get("history")
        if wants is not None:
            small = Captured(Encoder(SMALL, own))
            self.watch = HistoryPass(self.captured, small, wants, statement_lines(tree))
            if "steps" in wants:
                tree = deeply(lambda top: marked(top, request["source"], self.watch.step), tree)
                self.top = deeply(lambda top: compile(top, PROGRAM, "exec", dont_inherit=True), tree)
        if request["stirred"]:
            self.top = deeply(in_another_order, tree) or self.top
        if wants is not None:
            self.watch.watch(self.top)
            return
        scopes = scopes_of(self.top, dict.fromkeys(self.order))
        if request.get("moments"):
            small = Captured(Encoder(OF_MOMENTS, own))
            self.watch = MomentsPass(self.captured, small, scopes, self.order, tree, self.hard_exit)
            self.watch.watch(self.top)
            return
        self.counts = request.get("counts")
        if self.counts is None:
            self.watch = FirstPass(scopes, self.captured)
        else:
            self.watch = (DeepPass if request["deep"] else SecondPass)(scopes, self.captured, self.counts)

    def load(self):
        """Runs the module."""
        module = types.ModuleType(self.name)
        module.__file__ = "program.py"
        sys.modules["__main__"] = sys.modules[self.name] = module
        self.namespace = namespace = module.__dict__
        namespace["__builtins__"] = builtins
        posix._exit = sys.modules["os"]._exit = self.hard_exit
        self.watch.start()
        guarded(run_module, self.preamble, self.top, namespace)

    def call(self, request, reply):
        tree = self.captured.tree(call(self.namespace, request))
        if tree is not ABSENT:
            reply["returned"] = tree

    def finish(self):
        intact = self.watch.stop()
        self.facts["tampered"] = self.facts["tampered"] or not intact
        for name in self.order:
            if "." not in name and name in self.namespace:
                self.captured.record(name, self.namespace[name])

    def record(self, reply):
        values = self.captured.values
        return {
            **self.facts,
            **reply,
            "variables": [[key, values[key]] for key in self.order if key in values],
            "recursive": sorted(self.watch.recursive),
            "ambiguous": sorted(self.captured.ambiguous),
            **self.watch.report(),
        }

    def hard_exit(self, status):
        """`os._exit`: the reply is sent from here, then the process ends, whatever the program would catch."""
        if isinstance(status, int):
            self.watch.abandon(_frame(1))
            self.finish()
            send(self.record({"end": "exited", "exitCode": int(status) & 255}))
        _exit(status)


def deeply(visit, tree):
    """A visitor goes as deep as the syntax: a long `elif` chain or sum is deeper than the usual limit."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        return visit(tree)
    finally:
        sys.setrecursionlimit(limit)


def in_another_order(tree):
    try:
        return compile(stirred(tree), PROGRAM, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return None


def untouched(analysis):
    """Parameters that their function never assigns again."""
    return [key for key in analysis.order() if key in analysis.parameters and key not in analysis.assigned]


OPERATIONS["trace"] = trace


def inspect(request):
    """What the text alone says: nothing is executed."""
    try:
        tree = ast.parse(request["source"])
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        return {"end": "unparsable", "message": f"{type(error).__name__}: {error}"[:500]}
    analysis = deeply(Analysis, tree)
    return {
        "end": "finished",
        "variables": analysis.order(),
        "parameters": untouched(analysis),
        "assignments": deeply(lambda top: last_assignments(top, analysis, request["source"]), tree),
    }


OPERATIONS["inspect"] = inspect
