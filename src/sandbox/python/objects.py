"""Objects of classes that both sides of a check have from the same trusted text, such as a preamble's ListNode: they
cross as a table of attributes that refer to each other by number, and are made again without calling the class.
"""

from coderlplus_values import Encoder, Limits, TooBig, decode

MAX_OBJECTS = 100_000


class Table:
    """The objects of some values, in the order in which they were met; circles and sharing are kept."""

    def __init__(self, classes):
        self._names = {id(kind): name for name, kind in classes.items()}
        self._kinds = list(classes.values())
        self._objects = []
        self._numbers = {}

    def writers(self):
        return [(kind, self._refer) for kind in self._kinds]

    def _refer(self, encoder, value, inside):
        number = self._numbers.setdefault(id(value), len(self._objects))
        if number == len(self._objects):
            if number == MAX_OBJECTS:
                raise TooBig
            self._objects.append(value)
        return {"$ref": number}

    def rows(self, encoder, modules):
        """To be asked for after the values are written. Grows on the way: attributes hold further objects.

        `modules` are those that a class may come from, with all it inherits.
        """
        reader = Encoder(Limits(), modules)
        rows = []
        for value in self._objects:
            fields = reader.fields(value, type(value))
            row = {str(name): encoder.item(item, ()) for name, item in fields.items()}
            rows.append([self._names[id(type(value))], row])
        return rows


def remade(rows, classes):
    """Makers for the values that refer to these objects. @raises for rows of any other shape: they may be a claim"""
    objects = [object.__new__(classes[name]) for name, _ in rows]
    makers = {"$ref": objects.__getitem__}
    for instance, (_, fields) in zip(objects, rows):
        for name, tree in fields.items():
            object.__setattr__(instance, name, decode(tree, makers))
    return makers
