"""Which lines of a program can be asked about: those that one statement fills, or the head of one."""

import ast

from coderlplus_scopes import FUNCTIONS

SIMPLE = (
    ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Return, ast.Raise, ast.Assert, ast.Delete, ast.Break,
    ast.Continue,
)  # fmt: skip


def statement_lines(tree):
    """Lines that one statement fills, or the head of one `if`, `while` or `for`: line -> path of its function.

    Left out is what has no one course: lines with several statements and statements on several lines; `with`, `try`,
    `match`, definitions and imports; a `while` whose condition is a constant, and the one line inside of it.
    """
    begun, spanned, places = {}, set(), {}
    stack = [(node, ()) for node in tree.body]
    while stack:
        node, path = stack.pop()
        inner = (*path, node.name) if isinstance(node, (*FUNCTIONS, ast.ClassDef)) else path
        for child in ast.iter_child_nodes(node):
            children = child.body if isinstance(child, (ast.ExceptHandler, ast.match_case)) else [child]
            stack.extend((one, inner) for one in children if isinstance(one, ast.stmt))
        first, last = node.lineno, last_line(node)
        begun[first] = begun.get(first, 0) + 1
        spanned.update(range(first + 1, last + 1))
        if first == last and asked_about(node):
            places[first] = path
    alone = {line for line, count in begun.items() if count == 1} - spanned - endless_lines(tree)
    return {line: path for line, path in places.items() if line in alone}


def last_line(node):
    """Of the statement, or of its head."""
    last = last_part(node)
    return node.lineno if last is None else last.end_lineno


def last_part(node):
    """The node that the statement, or its head, ends with; None for heads that are not looked into."""
    if isinstance(node, (ast.If, ast.While)):
        return node.test
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return node.iter
    return None if hasattr(node, "body") or isinstance(node, ast.Match) else node


def last_assignments(tree, analysis, source):
    """Where the statement, or the head of one, that last assigns each variable begins and ends.

    [key, line, column, line, column], lines from 1, columns from 0 in characters. Not the variables that only a parameter,
    a `with`, an `except` or a pattern binds.
    """
    lines = source.split("\n")
    spans = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and (last := last_part(node)) is not None:
            spans.append(((node.lineno, node.col_offset), (last.end_lineno, last.end_col_offset)))
    spans.sort()
    found = []
    for key in sorted(analysis.assigned):
        place = analysis.places[key]
        # Statements nest: of those around the place, the one that begins last.
        around = [span for span in spans if span[0] <= place < span[1]]
        if around:
            found.append([key, *(part for at in around[-1] for part in in_characters(at, lines))])
    return found


def in_characters(place, lines):
    """The parser counts columns in bytes of UTF-8."""
    line, column = place
    return line, len(lines[line - 1].encode("utf-8", "surrogatepass")[:column].decode("utf-8", "replace"))


def asked_about(node):
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    if isinstance(node, ast.AnnAssign):
        return node.value is not None
    if isinstance(node, ast.While):
        return not isinstance(node.test, ast.Constant)
    return isinstance(node, (*SIMPLE, ast.If, ast.For))


def endless_lines(tree):
    """The body of an endless loop that is one statement: each round looks like the one before."""
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.While) and isinstance(node.test, ast.Constant)]
    return {loop.body[0].lineno for loop in loops if len(loop.body) == 1}
