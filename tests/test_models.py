"""How the models are put together: no import circle, and mixins that use each other's public verbs only."""

import ast

import pytest

from chat_app.settings import BASE_DIR

MODULES = {path.stem: ast.parse(path.read_text()) for path in BASE_DIR.glob("chat/models/[a-z]*.py")}
MIXINS = ["JoiningMixin", "SettingsMixin", "StatusMixin", "RolesMixin", "AccountMixin"]


def is_for_types(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imported(tree):
    """Modules of chat.models that this one imports, also inside functions, but not those for type checks."""
    nodes = [node for top in tree.body if not is_for_types(top) for node in ast.walk(top)]
    froms = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {module.split(".")[2] for module in froms if module.startswith("chat.models.")}


def circles(imports):
    """Modules that import themselves through others."""
    reached = {name: set(targets) for name, targets in imports.items()}
    for _ in imports:
        reached = {
            name: targets.union(*(reached.get(to, set()) for to in targets)) for name, targets in reached.items()
        }
    return {name for name, targets in reached.items() if name in targets}


def test_models_have_no_circular_imports():
    assert circles({name: imported(tree) for name, tree in MODULES.items()}) == set()


def test_imports_inside_functions_count_and_those_for_types_do_not():
    tree = ast.parse("if TYPE_CHECKING:\n from chat.models.a import A\ndef use():\n from chat.models.b import B")
    assert imported(tree) == {"b"}


def test_a_circular_import_is_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == {"a", "b", "c"}


def class_named(name):
    return next(
        node
        for tree in MODULES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name == name
    )


@pytest.mark.parametrize("name", MIXINS)
def test_a_mixin_calls_no_private_method_but_its_own(name):
    mixin = class_named(name)
    own = {node.name for node in mixin.body if isinstance(node, ast.FunctionDef)}
    calls = [node.func for node in ast.walk(mixin) if isinstance(node, ast.Call)]
    private = {call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr.startswith("_")}
    assert private - own == set()
