"""A program whose sets of strings and objects are seen the other way round wherever their order shows.

Another hash seed alone leaves a set of two strings as it was every second time. Here the text is changed where it reads
a set in order (loops, unpacking, `list`, `join`, `pop`, printing), under the same seed; how many elements a set has, and
which, stays. Only ever compared with the program as it is, whose course is the truth.
"""

import ast
import builtins
import datetime

READERS = {
    "list", "tuple", "iter", "enumerate", "zip", "map", "filter", "sorted", "min", "max", "sum", "dict", "deque",
    "Counter", "OrderedDict", "array", "reduce", "chain", "cycle", "islice", "accumulate", "product", "permutations",
    "combinations", "starmap", "zip_longest", "join", "fromkeys", "extend", "extendleft", "sample", "takewhile", "nlargest",
    "nsmallest", "groupby", "pairwise", "from_iterable", "next",
}  # fmt: skip
WRITERS = {"print", "str", "repr", "format"}
HASHED_BY_SEED = (str, bytes, datetime.date, datetime.time)
ORDER, TEXT, POP = "__stirred_order__", "__stirred_text__", "__stirred_pop__"
SMALL = 8


def stirred(tree):
    """The changed tree; what it calls is put among the built-ins."""
    vars(builtins).update({ORDER: order, TEXT: text, POP: pop})
    return ast.fix_missing_locations(Stirring().visit(tree))


class Stirring(ast.NodeTransformer):
    def visit_For(self, node):
        self.generic_visit(node)
        node.iter = through(ORDER, node.iter)
        return node

    visit_comprehension = visit_For

    def visit_Starred(self, node):
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            node.value = through(ORDER, node.value)
        return node

    def visit_Assign(self, node):
        self.generic_visit(node)
        if any(isinstance(target, (ast.Tuple, ast.List)) for target in node.targets):
            node.value = through(ORDER, node.value)
        return node

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Add):
            node.value = through(ORDER, node.value)
        return node

    def visit_YieldFrom(self, node):
        self.generic_visit(node)
        node.value = through(ORDER, node.value)
        return node

    def visit_FormattedValue(self, node):
        self.generic_visit(node)
        node.value = through(TEXT, node.value)
        return node

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.Mod):
            node.right = through(TEXT, node.right)
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        function = node.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", None)
        if name == "pop" and isinstance(function, ast.Attribute) and not node.args and not node.keywords:
            return ast.copy_location(through(POP, function.value), node)
        if name in READERS or name in WRITERS:
            how = ORDER if name in READERS else TEXT
            node.args = [one if isinstance(one, ast.Starred) else through(how, one) for one in node.args]
        return node


def through(name, expression):
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [expression], []), expression)


def depends(item):
    """Whether the item's place in a set is chance: its hash depends on the seed, or is its address."""
    kind = type(item)
    if kind in (tuple, frozenset):
        return any(depends(part) for part in item)
    return isinstance(item, HASHED_BY_SEED) or kind.__hash__ is object.__hash__


def unsettled(value):
    return type(value) in (set, frozenset) and len(value) > 1 and any(depends(item) for item in value)


def order(value):
    return list(value)[::-1] if unsettled(value) else value


def pop(value):
    if not (type(value) is set and unsettled(value)):
        return value.pop()
    item = list(value)[-1]
    value.remove(item)
    return item


def text(value):
    kind = type(value)
    if kind is list or kind is tuple:
        return kind([text(item) for item in value])
    if kind is dict:
        return {key: text(item) for key, item in value.items()}
    return another(value) if unsettled(value) and len(value) <= SMALL else value


def another(value):
    """An equal set in another order: in a larger table the items fall into other places."""
    before = list(value)
    for bits in range(3, 11):
        filler = [number for number in range(1 << bits) if number not in value]
        larger = set(filler)
        larger.update(before[::-1])
        for number in filler:
            larger.discard(number)
        if list(larger) != before:
            break
    # A frozen set cannot be made without copying, and a copy is laid out anew.
    return larger if type(value) is set else value


def ballast():
    """Objects of many sizes that push all later ones to other addresses."""
    return [bytes(size) for size in range(0, 1024, 16) for _ in range(61)]
