"""LeetCode's linked lists and binary trees: `{"$list_node": [1, 2]}` and `{"$tree_node": [1, null, 2]}`, level by level.

The class is the program's own `ListNode` or `TreeNode` where it defines one, else the usual one, which calls find in
their namespace. Not for values in general: values.py.
"""

from coderlplus_values import TooBig, Unsupported

MAX_NODES = 100_000


class ListNode:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next


class TreeNode:
    def __init__(self, val=0, left=None, right=None):
        self.val = val
        self.left = left
        self.right = right


ListNode.__module__ = TreeNode.__module__ = "program"


def provide(namespace):
    namespace["ListNode"] = ListNode
    namespace["TreeNode"] = TreeNode


def makers(namespace):
    """How tagged nodes become objects of the program's classes; the items are values already."""
    return {
        "$list_node": lambda items: make_list(node_class(namespace, ListNode), items),
        "$tree_node": lambda items: make_tree(node_class(namespace, TreeNode), items),
    }


def node_writers(namespace):
    """How objects of the program's node classes are written."""
    return [(node_class(namespace, ListNode), write_list), (node_class(namespace, TreeNode), write_tree)]


def node_class(namespace, usual):
    own = namespace.get(usual.__name__)
    return own if isinstance(own, type) else usual


def make_list(kind, items):
    head = None
    for item in reversed(items):
        node = kind(item)
        node.next = head
        head = node
    return head


def make_tree(kind, items):
    if not items or items[0] is None:
        return None
    root = kind(items[0])
    parents, side = [root], 0
    for item in items[1:]:
        if side // 2 == len(parents):
            raise ValueError("a node of the tree has no parent")
        if item is not None:
            node = kind(item)
            setattr(parents[side // 2], "right" if side % 2 else "left", node)
            parents.append(node)
        side += 1
    return root


def write_list(encoder, node, inside):
    kind = type(node)
    items, seen = [], set()
    while node is not None:
        fields = fields_of(encoder, node, kind, {"val", "next"})
        if id(node) in seen:
            items.append({"$cycle": 1})
            break
        if len(items) == MAX_NODES:
            raise TooBig
        seen.add(id(node))
        items.append(encoder.item(fields["val"], inside))
        node = fields["next"]
    return {"$list_node": items}


def write_tree(encoder, root, inside):
    """Level by level. Subtrees may be shared, so that a circle shows only in that there is no end."""
    kind = type(root)
    items, level = [], [root]
    while any(node is not None for node in level):
        below = []
        for node in level:
            if node is None:
                items.append(None)
                continue
            fields = fields_of(encoder, node, kind, {"val", "left", "right"})
            if fields["val"] is None:
                raise Unsupported
            items.append(encoder.item(fields["val"], inside))
            below += (fields["left"], fields["right"])
        if len(items) + len(below) > MAX_NODES:
            raise TooBig
        level = below
    while items[-1] is None:
        items.pop()
    return {"$tree_node": items}


def fields_of(encoder, node, kind, names):
    if type(node) is not kind:
        raise Unsupported
    fields = encoder.fields(node, kind)
    if not names <= fields.keys():
        raise Unsupported
    return fields
