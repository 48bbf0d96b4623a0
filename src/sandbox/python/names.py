"""What test code asks of a program by name, read from the texts of both: nothing is run for it."""

import ast


def only_calls(code, name):
    """Whether test code does nothing with a name but call it, and looks into no object: the test's doing, whatever the
    program made of the name."""
    nodes = list(ast.walk(ast.parse(code)))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    return all(
        id(node) in called for node in nodes if isinstance(node, ast.Name) and node.id == name
    ) and not any(isinstance(node, ast.Attribute) for node in nodes)


def only_methods(code, name):
    """Whether test code does nothing with a class but call methods on instances made without arguments."""
    nodes = list(ast.walk(ast.parse(code)))
    owners = {id(node.func.value) for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)}
    made = {
        id(node.func)
        for node in nodes
        if isinstance(node, ast.Call) and id(node) in owners and not node.args and not node.keywords
    }
    return all(id(node) in made for node in nodes if isinstance(node, ast.Name) and node.id == name)


def definitions(source):
    """A program's functions, its classes and values, and the import statements of what it imports by its own name."""
    functions, others, imported = set(), set(), {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            functions.add(node.name)
        elif isinstance(node, ast.ClassDef):
            others.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name.partition(".")[0] for alias in node.names if alias.asname is None]
            imported.update(dict.fromkeys(names, ast.unparse(node)))
        else:
            others |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and type(name.ctx) is ast.Store}
    return functions, others - functions, imported


def unresolved(code, namespace):
    """Names that test code uses and that neither it nor its surroundings define."""
    nodes = list(ast.walk(ast.parse(code)))
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return sorted(name for name in used - bound if name not in namespace)
