"""Imports between modules, read from the files: also those inside functions, but not those under TYPE_CHECKING."""

import ast
from collections import defaultdict

from chat_app.settings import BASE_DIR


def sources(*folders):
    """Dotted name and path of each module that is not a migration."""
    paths = [path for folder in folders for path in sorted((BASE_DIR / folder).rglob("*.py"))]
    return {dotted(path): path for path in paths if "migrations" not in path.parts}


def dotted(path):
    parts = path.relative_to(BASE_DIR).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(name, path, known):
    """Our modules that this one imports. For `from package import name`, it is `package.name` if that is a module."""
    found = set()
    for node in run_nodes(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {each if each in known else node.module for each in whole}
    return (found & known.keys()) - {name}


def run_nodes(tree):
    """All nodes but those under `if TYPE_CHECKING`, which never run."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node
            yield from run_nodes(node)


def import_graph(*folders):
    known = sources(*folders)
    return {name: imports_of(name, path, known) for name, path in known.items()}


def circle(graph):
    """The names along one import circle in this graph, or an empty list."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        path.append(node)
        found = next(filter(None, map(visit, sorted(graph[node]))), [])
        path.pop()
        done.add(node)
        return found

    return next(filter(None, map(visit, sorted(graph))), [])


def rooms(graph):
    """The same graph between the folders of `chat/` and the modules directly in it."""
    between = defaultdict(set)
    for name, imported in graph.items():
        between[room(name)] |= {room(other) for other in imported} - {room(name)}
    return dict(between)


def room(name):
    return ".".join(name.split(".")[:2])


def running_back(graph):
    """Imports from a lower to a higher layer. A folder should be above all that it imports.

    With circular imports, no order is free of these. The order is by Eades, Lin and Smyth: a folder without imports
    goes to the bottom, one without importers to the top; of the rest, the one with most imports and fewest importers.
    """
    left, top, bottom = set(graph), [], []
    while left:
        imports = {one: graph[one] & left for one in left}
        importers = {one: {other for other in left if one in graph[other]} for one in left}
        if low := sorted(one for one in left if not imports[one]):
            bottom, chosen = [low[0], *bottom], low[0]
        else:
            high = sorted(one for one in left if not importers[one])
            chosen = (high or sorted(left, key=lambda one: (len(importers[one]) - len(imports[one]), one)))[0]
            top.append(chosen)
        left.discard(chosen)
    floor = {one: height for height, one in enumerate([*top, *bottom])}
    return sorted((one, other) for one in graph for other in graph[one] if floor[other] < floor[one])
