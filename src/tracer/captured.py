"""The variables of a compiled program by code object, and their values as they are taken down. When a value is taken is
not decided here (passes.py).
"""

import sys
import types

from coderlplus_values import TooBig, Unsupported

ABSENT = object()
# What writing a value down needs of the stack, beyond what the program may use.
HEADROOM = 150
_limit, _set_limit = sys.getrecursionlimit, sys.setrecursionlimit


class Scope:
    """What the tracer knows of one code object."""

    __slots__ = ("code", "path", "names", "cells", "function", "active", "exits", "seen")

    def __init__(self, code, path, names, cells, function):
        self.code = code
        self.path = path
        self.names = names  # (local name, key)
        self.cells = cells  # (name of a free variable, key of the owner's variable)
        self.function = function
        self.active = 0  # activations that have begun and not ended
        self.exits = 0
        self.seen = set()  # names that were bound at the end of some activation

    def look(self, held):
        self.seen.update(name for name, _ in self.names if name in held)


def scopes_of(top, variables):
    """Every function of a module's code, by identity: a code object's own hash is computed from all that is in it."""
    found = {}

    def collect(code, path, around):
        function = bool(code.co_flags & 1) and not code.co_name.startswith("<")
        names = []
        if function:
            prefix = ".".join(path) + "."
            local = dict.fromkeys((*code.co_varnames, *code.co_cellvars))
            names = [(name, prefix + name) for name in local if prefix + name in variables]
        cells = []
        for name in code.co_freevars:
            owner = next((other for other in reversed(around) if name in other[0].co_cellvars), None)
            key = ".".join((*owner[1], name)) if owner else None
            if owner and owner[0].co_flags & 1 and key in variables:
                cells.append((name, key))
        if names or cells or function or code.co_name == "<lambda>":
            found[id(code)] = Scope(code, ".".join(path), names, cells, function)
        for inner in code.co_consts:
            if isinstance(inner, types.CodeType) and inner.co_name != "__annotate__":
                named = not inner.co_name.startswith("<")
                collect(inner, (*path, inner.co_name) if named else path, (*around, (code, path)))

    collect(top, (), ())
    return found


class Captured:
    """Values by key, as tagged trees, and the keys whose variable is unbound in the last activation."""

    def __init__(self, encoder):
        self.encoder = encoder
        self.values = {}
        self.ambiguous = set()

    def capture(self, scope, held):
        """An activation of `scope` ends and holds these values."""
        limit = _limit()
        _set_limit(limit + HEADROOM)
        for name, key in scope.names:
            if self._take(key, held.get(name, ABSENT)):
                scope.seen.add(name)
                self.ambiguous.discard(key)
            elif name in scope.seen:
                self.ambiguous.add(key)
        for name, key in scope.cells:
            self._take(key, held.get(name, ABSENT))
        try:
            _set_limit(limit)
        except RecursionError:
            # The program stands right at the limit that it has set itself: it gets the rest of the headroom.
            pass

    def _take(self, key, value):
        if value is ABSENT:
            self.values.pop(key, None)
            return False
        self.record(key, value)
        return True

    def record(self, key, value):
        tree = self.tree(value)
        if tree is ABSENT:
            self.values.pop(key, None)
        else:
            self.values[key] = tree

    def tree(self, value):
        """ABSENT where the value holds something that has no form as data."""
        try:
            return self.encoder.encode(value)
        except Unsupported:
            return ABSENT
        except TooBig:
            return {"$big": type.__dict__["__qualname__"].__get__(type(value))}
