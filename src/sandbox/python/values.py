"""Python values as tagged JSON and back, by exact built-in type: no code of a program's classes is ever called.

Not a pickle: what has no form here (functions, generators, foreign objects) is refused with `Unsupported`.
"""

import collections
import datetime
import decimal
import enum
import fractions
import json
import json.encoder
import json.scanner
import sys
from types import MappingProxyType

# The C halves of the codec, held from before any program runs: patching the json module does not reach them.
_encode_parts = json.encoder.c_make_encoder(
    None, None, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, True
)
_scan = json.scanner.c_make_scanner(json.JSONDecoder())
_type_name = type.__dict__["__qualname__"].__get__
_type_module = type.__dict__["__module__"].__get__
_type_mro = type.__dict__["__mro__"].__get__
_get_attribute = object.__getattribute__

_TEXT_OF = (fractions.Fraction, decimal.Decimal, datetime.date, datetime.datetime, datetime.time, datetime.timedelta)
_DICTS = (dict, collections.Counter, collections.defaultdict, collections.OrderedDict)
# What tells a value of these types, as plain values: it can be made again from them.
_PARTS = {
    complex: lambda value: (value.real, value.imag),
    range: lambda value: (value.start, value.stop, value.step),
    fractions.Fraction: lambda value: (value.numerator, value.denominator),
    decimal.Decimal: lambda value: (decimal.Decimal.__str__(value),),
    datetime.date: lambda value: (value.year, value.month, value.day),
    datetime.timedelta: lambda value: (value.days, value.seconds, value.microseconds),
    frozenset: lambda value: (list(value),),
    collections.Counter: lambda value: ({**value},),
    collections.OrderedDict: lambda value: (list(value.items()),),
}
_MADE_OF_PARTS = {kind.__name__: kind for kind in _PARTS}
_BASES_WITHOUT_STATE = {("abc", "ABC"), ("typing", "Generic"), ("typing", "Protocol"), ("builtins", "object")}
_SAFE = 1 << 53


class Unsupported(Exception):
    """The value holds something that has no tagged form."""


class TooBig(Exception):
    """The value is over the size limits."""


class Limits:
    """How much of a value is written down; `None` is no limit."""

    def __init__(self, nodes=None, characters=None, depth=None, bits=None):
        self.nodes = nodes if nodes is not None else sys.maxsize
        self.characters = characters if characters is not None else sys.maxsize
        self.depth = depth if depth is not None else 400
        self.bits = bits if bits is not None else sys.maxsize


def to_text(tree):
    """A tree of plain JSON values as one line of text."""
    return "".join(_encode_parts(tree, 0))


def from_text(text):
    return _scan(text, 0)[0]


class Encoder:
    """Turns one value into a tree of plain JSON values.

    `modules` names the modules whose classes are the program's. `typed` writes what has only a text otherwise so that
    it can be made again: as `$typed`, a tag that never leaves the sandbox. `writers` are pairs of a class and what
    writes its objects instead.
    """

    def __init__(self, limits, modules, typed=False, writers=()):
        self.limits = limits
        self.modules = modules
        self.typed = typed
        self.writers = writers
        self.left = limits.nodes

    def encode(self, value):
        self.left = self.limits.nodes
        return self.item(value, ())

    def item(self, value, parents):
        self.left -= 1
        if self.left < 0:
            raise TooBig
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return self._integer(value)
        if kind is str:
            return self._bounded(value)
        if kind is float:
            return self._float(value)
        if kind is bytes or kind is bytearray:
            return {"$bytes": bytes(self._bounded(value)).hex()}
        return self._compound(value, kind, parents)

    def _compound(self, value, kind, parents):
        for distance, parent in enumerate(reversed(parents)):
            if parent is value:
                return {"$cycle": distance + 1}
        inside = (*parents, value)
        if len(inside) > self.limits.depth:
            raise TooBig
        if kind is list:
            return [self.item(item, inside) for item in value]
        if self.typed and (kind in _PARTS or kind in _TEXT_OF):
            return self._typed(value, kind, inside)
        if kind is tuple:
            return {"$tuple": [self.item(item, inside) for item in value]}
        if kind is set or kind is frozenset:
            return {"$set": self._sorted(value, inside)}
        if kind in _DICTS:
            return self._dict(value, inside)
        if kind is collections.deque:
            return {"$deque": [self.item(item, inside) for item in value]}
        if kind is range or kind is complex:
            return {"$repr": repr(value)}
        if kind in _TEXT_OF:
            return {"$repr": self._bounded(kind.__str__(value))}
        return self._object(value, kind, inside)

    def _typed(self, value, kind, inside):
        if kind not in _PARTS:
            raise Unsupported
        return {"$typed": [kind.__name__, [self.item(part, inside) for part in _PARTS[kind](value)]]}

    def _bounded(self, value):
        if len(value) > self.limits.characters:
            raise TooBig
        return value

    def _integer(self, value):
        if -_SAFE < value < _SAFE:
            return value
        if int.bit_length(value) > self.limits.bits:
            raise TooBig
        return {"$int": digits(value)}

    @staticmethod
    def _float(value):
        if value != value:
            return {"$float": "nan"}
        if value in (float("inf"), float("-inf")):
            return {"$float": "inf" if value > 0 else "-inf"}
        return value

    def _sorted(self, items, inside):
        def order(pair):
            value, tree = pair
            if type(value) in (int, float) and value == value:
                return (0, value, "")
            return (1, 0, to_text(tree))

        pairs = [(item, self.item(item, inside)) for item in items]
        return [tree for _, tree in sorted(pairs, key=order)]

    def _dict(self, value, inside):
        pairs = [(self.item(key, inside), self.item(item, inside)) for key, item in dict.items(value)]
        if all(type(key) is str and not key.startswith("$") for key, _ in pairs):
            return dict(pairs)
        return {"$dict": [[key, item] for key, item in pairs]}

    def _object(self, value, kind, inside):
        for special, write in self.writers:
            if kind is special:
                return write(self, value, inside)
        if isinstance(kind, enum.EnumType) and _type_module(kind) in self.modules:
            return {"$enum": f"{_type_name(kind)}.{_get_attribute(value, '_name_')}"}
        if _type_module(kind) not in self.modules or issubclass(kind, type):
            raise Unsupported
        fields = self.fields(value, kind)
        attributes = {str(name): self.item(item, inside) for name, item in fields.items()}
        return {"$obj": _type_name(kind).rpartition(".")[2], "attrs": attributes}

    def fields(self, value, kind):
        line = _type_mro(kind)
        if line[1:] == (tuple, object) and type(kind.__dict__.get("_fields")) is tuple:
            return dict(zip(kind.__dict__["_fields"], tuple.__iter__(value)))
        for ancestor in line:
            place = (_type_module(ancestor), _type_name(ancestor))
            if place[0] not in self.modules and place not in _BASES_WITHOUT_STATE:
                raise Unsupported
        fields = {}
        try:
            fields.update(_get_attribute(value, "__dict__"))
        except AttributeError:
            pass
        for ancestor in line:
            slots = ancestor.__dict__.get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                try:
                    fields.setdefault(name, _get_attribute(value, name))
                except AttributeError:
                    pass
        return fields


def digits(value):
    """All decimal digits of an integer, past the interpreter's guard against long conversions."""
    guard = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return int.__repr__(value)
    finally:
        sys.set_int_max_str_digits(guard)


def decode(tree, makers=MappingProxyType({})):
    """The Python value of a tagged tree. `makers` make what other tags stand for, from the values inside.

    @raises ValueError for a tag that cannot be an argument
    """
    if type(tree) is list:
        return [decode(item, makers) for item in tree]
    if type(tree) is not dict:
        return tree
    tag = next(iter(tree), "")
    if not tag.startswith("$"):
        return {key: decode(item, makers) for key, item in tree.items()}
    body = tree[tag]
    if tag == "$tuple":
        return tuple([decode(item, makers) for item in body])
    if tag == "$set":
        return {hashable(decode(item, makers)) for item in body}
    if tag == "$deque":
        return collections.deque([decode(item, makers) for item in body])
    if tag == "$dict":
        return {hashable(decode(key, makers)): decode(item, makers) for key, item in body}
    if tag == "$float":
        return float(body)
    if tag == "$int":
        return from_digits(body)
    if tag == "$bytes":
        return bytes.fromhex(body)
    if tag == "$typed":
        name, parts = body
        return _MADE_OF_PARTS[name](*[decode(part, makers) for part in parts])
    if tag in makers:
        return makers[tag](decode(body, makers))
    raise ValueError(f"a value tagged {tag} cannot be passed to a program")


def hashable(value):
    """A set inside a set, or in a key, was a frozenset: both are written alike."""
    if type(value) is set:
        return frozenset(value)
    return tuple(map(hashable, value)) if type(value) is tuple else value


def from_digits(text):
    guard = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return int(text)
    finally:
        sys.set_int_max_str_digits(guard)
