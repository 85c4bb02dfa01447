"""Rules about the source files: settings are explained, modules are small, templates are clean."""

import ast
import json
import os
import re
from collections import Counter
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest
from django.core.management import call_command

import manage
from chat_app.environment import Env
from chat_app.settings import BASE_DIR
from tests.support.imports import circle, import_graph, rooms, running_back

TEMPLATES = [*BASE_DIR.glob("templates/**/*.html"), *BASE_DIR.glob("theme/templates/**/*.html")]
SETTINGS_PAGE = (BASE_DIR / "docs/settings.md").read_text()
ELSEWHERE = {".git", ".venv", "node_modules", "static"}  # top folders that are generated or by others


def modules(*folders):
    return [
        path
        for folder in folders
        for path in sorted((BASE_DIR / folder).rglob("*.py"))
        if not {"migrations", ".venv", "node_modules"} & set(path.parts)
    ]


def place(path):
    return path.relative_to(BASE_DIR).as_posix()


def each(paths):
    return pytest.mark.parametrize("path", paths, ids=place)


# Settings


def setting_calls():
    """The calls in settings.py that read a setting from the environment, such as env.int("THREADS", default=4)."""
    for node in ast.walk(ast.parse((BASE_DIR / "chat_app/settings.py").read_text())):
        if isinstance(node, ast.Call) and re.fullmatch(r"env\.\w+", ast.unparse(node.func)):
            yield node


def settings_read():
    """Name, type and default of each setting in settings.py that comes from the environment. None: it is computed."""
    for node in setting_calls():
        default = node.keywords[0].value if node.keywords else None
        literal = default is not None and not isinstance(default, ast.JoinedStr)
        yield node.args[0].value, node.func.attr, ast.literal_eval(default) if literal else None


def values_allowed():
    """The values of each setting that has only some, but not of LANGUAGE_CODE, whose values are in LANGUAGES."""
    kinds = {node.args[0].value: node for node in setting_calls() if node.func.attr in ("bool", "choice")}
    choices = {name: node.keywords[1].value for name, node in kinds.items() if len(node.keywords) == 2}
    named = {name: ast.literal_eval(node) for name, node in choices.items() if not isinstance(node, ast.Call)}
    return dict.fromkeys(kinds.keys() - choices.keys(), ("on", "off")) | named


def listed():
    """The default of each setting in .env.example."""
    return dict(re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", (BASE_DIR / ".env.example").read_text(), re.MULTILINE))


def explained():
    """Default and form of the value of each setting in the tables of docs/settings.md."""
    rows = re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \| (.*?) \| (.*?) \| .+ \|$", SETTINGS_PAGE, re.MULTILINE)
    return {name: ("" if default == "empty" else default.strip("`"), form) for name, default, form in rows}


def test_every_setting_is_listed_and_explained_and_nothing_else_is():
    names = sorted(name for name, _, _ in settings_read())
    assert names == sorted(listed()) == sorted(re.findall(r"^\| `([A-Z][A-Z0-9_]*)`", SETTINGS_PAGE, re.MULTILINE))
    assert names == sorted(explained()), "each row has a default, the form of the value and a meaning"


def test_the_list_and_the_explanation_have_the_same_sections_in_the_same_order():
    list_parts = re.findall(
        r"^# ([^.\n]+)$|^#?([A-Z][A-Z0-9_]*)=", (BASE_DIR / ".env.example").read_text(), re.MULTILINE
    )
    page_parts = re.findall(r"^## (.+)$|^\| `([A-Z][A-Z0-9_]*)` ", SETTINGS_PAGE, re.MULTILINE)
    assert list_parts == page_parts


@pytest.mark.parametrize("given", [listed(), {name: default for name, (default, _) in explained().items()}])
def test_the_defaults_are_those_of_the_code(given):
    env, empty = Env(), Env()
    env.ENVIRON, empty.ENVIRON = given, {}
    for name, kind, default in settings_read():
        if default is not None:
            more = {"choices": [default]} if kind == "choice" else {}
            said, actual = (getattr(source, kind)(name, default=default, **more) for source in (env, empty))
            assert said == actual, name


UNITS = {"_DAYS": "days", "_MINUTES": "minutes", "LIMIT_": "count/seconds", "MAX_": "connections"}


def test_the_page_names_the_unit_of_each_value():
    for name, (_, form) in explained().items():
        unit = next((unit for part, unit in UNITS.items() if name.startswith(part) or name.endswith(part)), form)
        assert form == unit, name


def test_the_page_names_the_values_that_are_allowed():
    forms = {name: set(re.findall("`(.+?)`", form)) for name, (_, form) in explained().items()}
    assert {name: set(values) for name, values in values_allowed().items()} == {
        name: forms[name] for name in values_allowed()
    }


# Commands


def test_manage_test_says_how_the_tests_are_run(monkeypatch):
    """Django's own runner would find no test and report success."""
    monkeypatch.setattr("sys.argv", ["manage.py", "test", "tests"])
    with pytest.raises(SystemExit, match="make test"):
        manage.main()


@pytest.mark.parametrize("created", ["env/", "venv/", ".venv", "node_modules/", "package-lock.json"])
def test_what_tools_create_is_not_committed(created):
    assert created in (BASE_DIR / ".gitignore").read_text().splitlines()


# Modules


@each(modules("chat", "chat_app", "theme", "tests"))
def test_a_module_opens_with_one_sentence(path):
    """So `head -1 chat/*.py` describes the tree."""
    first = path.read_text().partition("\n")[0]
    assert re.fullmatch(r'"""[^\s"](?:(?!"""|[.!?] ).)*\."""', first), first


def test_contributing_names_every_folder():
    text = (BASE_DIR / "CONTRIBUTING.md").read_text()
    folders = [path.parent for path in sorted((BASE_DIR / "chat").glob("*/__init__.py"))]
    assert [place(folder) for folder in folders if f"{folder.name}/" not in text] == []


def functions_of(path):
    """Length in lines of each function."""
    nodes = ast.walk(ast.parse(path.read_text()))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(node.name, node.end_lineno - node.lineno + 1) for node in functions]


@each(modules("chat", "chat_app"))
def test_modules_and_functions_are_small(path):
    long = {name: lines for name, lines in functions_of(path) if lines > 30}
    assert (len(path.read_text().splitlines()) <= 300, long) == (True, {})


def test_the_module_of_answers_stays_short():
    assert len((BASE_DIR / "chat/responses.py").read_text().splitlines()) < 80


def test_half_of_all_functions_have_five_lines_at_most():
    assert median(lines for path in modules("chat", "chat_app") for _name, lines in functions_of(path)) <= 5


# Imports


def test_there_are_no_circular_imports():
    assert circle(import_graph("chat", "chat_app")) == []


def test_few_imports_go_from_lower_to_higher_layers():
    arrows = running_back(rooms(import_graph("chat")))
    assert len(arrows) <= 5, arrows


def test_circular_and_backward_imports_are_found():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}
    assert circle(graph) == ["a", "b", "c", "a"]
    assert len(running_back(graph)) == 1
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
    assert running_back({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


# Names that several folders may have: the model, form, view, access and admin of one noun.
LAYERS = {"models", "views", "forms", "access", "admin"}
SAME_NOUN = {
    *("rooms", "grants", "typing_indicator", "sidebar", "reader_css", "poll"),  # the gate's or the view's half
    *("forms", "views"),  # the product's folder, and the admin's module
}


def test_no_module_name_is_used_for_two_jobs():
    homes = {}
    for name in import_graph("chat"):
        *home, last = name.split(".")[1:] or [""]
        homes.setdefault(last, []).append(".".join(home))
    twice = {last: found for last, found in homes.items() if len(found) > 1 and last not in SAME_NOUN}
    assert {last: found for last, found in twice.items() if not set(found) <= LAYERS} == {}


RULES = {  # patterns that only these modules may contain
    "marks HTML safe": (
        r"mark_safe|[Ss]afe(?:string|String|Text|Data)|html_safe|__html__|is_safe\s*=|autoescape\s*=\s*False",
        {"chat/markup.py"},
    ),
    "builds HTML": (r"format_html", {"chat/markup.py", "chat/admin/"}),
    "looks at htmx": (r"\.htmx\b|[\"']htmx[\"']|hx-[a-z]+[\"']|HX-|HTTP_HX", {"chat/responses.py", "chat/gate/"}),
}


@pytest.mark.parametrize("rule", RULES)
def test_only_one_module_does_it(rule):
    pattern, allowed = RULES[rule]
    said = {
        f"{place(path)}:{number}: {line.strip()}"
        for path in modules("chat", "chat_app", "theme")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(pattern, line) and not place(path).startswith(tuple(allowed))
    }
    assert said == set()


# Transactions: a suppressed error inside `atomic` silently rolls back what was written before it.

DATABASE_ERRORS = re.compile(
    r"\b(?:Operational|Integrity|Interface|Internal|NotSupported|Database|Data|Programming)?Error\b|Exception\b"
)
LIBRARY_NAMES = {"get", "set", "add", "delete", "save", "create", "update", "filter", "first", "clear", "handle"}
ATOMIC = re.compile(r"\batomic\b|\.change(_by)?\(")


def error_groups(trees):
    """The names under which the sources keep tuples with errors of the database, such as STORAGE_ERRORS."""
    assigned = [node for tree in trees for node in tree.body if isinstance(node, ast.Assign)]
    groups = {}
    for node in assigned:
        if isinstance(node.value, ast.Tuple | ast.BinOp):
            groups |= {ast.unparse(target): ast.unparse(node.value) for target in node.targets}
    found = set()
    while more := {name for name, value in groups.items() if catches(value, found)} - found:
        found |= more
    return found


def catches(source, groups):
    """Whether this source names errors of the database, or one of these tuples of them."""
    return bool(DATABASE_ERRORS.search(source) or set(re.findall(r"\w+", source)) & groups)


class Known(NamedTuple):
    """What the sources define: names of tuples of errors, and names of functions that are a transaction."""

    groups: set
    atomic: set


def suppresses(node, known):
    """Whether this node swallows errors of the database."""
    if isinstance(node, ast.With | ast.AsyncWith):
        return any(is_suppress(item, known.groups) for item in node.items)
    if isinstance(node, ast.Try | ast.TryStar):
        caught = [h for h in node.handlers if h.type is None or catches(ast.unparse(h.type), known.groups)]
        return not all(always_raises(handler.body) for handler in caught) and not is_savepoint(node.body, known)
    return False


def is_suppress(item, groups):
    source = ast.unparse(item.context_expr)
    return bool(re.match(r"(contextlib\.)?suppress\(", source)) and catches(source.partition("(")[2], groups)


def always_raises(body):
    """Whether every path through these statements ends with an exception."""
    for statement in body:
        if isinstance(statement, ast.Raise):
            return True
        if isinstance(statement, ast.If) and always_raises(statement.body) and always_raises(statement.orelse):
            return True
        if any(isinstance(inner, ast.Return | ast.Break | ast.Continue) for inner in ast.walk(statement)):
            return False
    return False


def is_savepoint(body, known):
    """Whether these statements are one transaction, which is rolled back before the error is caught."""
    if len(body) > 1:
        return False
    calls = [node for node in ast.walk(body[0]) if isinstance(node, ast.Call)]
    return is_atomic(body[0]) or (len(calls) == 1 and called(body[0]) <= known.atomic)


def is_atomic(node):
    if isinstance(node, ast.With):
        return any(ATOMIC.search(ast.unparse(item.context_expr)) for item in node.items)
    return isinstance(node, ast.FunctionDef) and any(ATOMIC.search(ast.unparse(d)) for d in node.decorator_list)


def inside(node):
    """What runs inside the transaction that this node opens; in a `with` statement, also the managers after it."""
    if not isinstance(node, ast.With):
        return node.body
    opened = next(n for n, item in enumerate(node.items) if ATOMIC.search(ast.unparse(item.context_expr)))
    later = node.items[opened + 1 :]
    return [ast.With(items=later, body=[ast.Pass()]), *node.body] if later else node.body


def called(node):
    """The last part of the name of each function that this code calls."""
    calls = [call.func for call in ast.walk(node) if isinstance(call, ast.Call)]
    return {getattr(call, "attr", getattr(call, "id", "")) for call in calls}


def swallowing_names(functions, known):
    """The functions that suppress the database's errors, or call one that does, by however many steps.

    Calls are known by their last name alone. So a name that several functions have leads no further, as that of a verb
    of another model or of a library would: only one of them that suppresses errors itself counts.
    """
    defined = Counter(f.name for f in functions)
    swallowing = {f.name for f in functions if any(suppresses(node, known) for node in ast.walk(f))}
    calls = {f.name: called(f) for f in functions if defined[f.name] == 1 and f.name not in LIBRARY_NAMES}
    while more := {name for name, names in calls.items() if names & swallowing} - swallowing:
        swallowing |= more
    return swallowing


def atomic_names(functions):
    """The names that only functions with the decorator `atomic` have."""
    return {f.name for f in functions if is_atomic(f)} - {f.name for f in functions if not is_atomic(f)}


def functions_in(trees):
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def suppressed_in_transactions(sources):
    """Functions that suppress the database's errors inside a transaction, or call one there that does."""
    trees = [ast.parse(source) for source in sources]
    functions = functions_in(trees)
    known = Known(error_groups(trees), atomic_names(functions))
    swallowing = swallowing_names(functions, known)
    opened = [(f.name, node) for f in functions for node in ast.walk(f) if is_atomic(node)]
    transactions = [(name, part) for name, node in opened for part in inside(node)]
    return {
        (name, ", ".join(sorted(called(part) & swallowing)) or "suppresses")
        for name, part in transactions
        if called(part) & swallowing or any(suppresses(node, known) for node in ast.walk(part))
    }


def test_nothing_is_suppressed_inside_a_transaction():
    assert suppressed_in_transactions(path.read_text() for path in modules("chat", "chat_app")) == set()


@pytest.mark.parametrize(
    "body",
    [
        "with transaction.atomic():\n  with suppress(OperationalError): x()",
        "with room.change() as room:\n  note()",
        "with room.change() as room:\n  note_twice()",
        "with room.change() as room:\n  note_often()",
        "with room.change():\n  try: x()\n  except DatabaseError: pass",
        "with room.change_by(by):\n  try: x()\n  except DatabaseError: pass",
        "with room.change_by(by, owner=True) as room:\n  note()",
        "with transaction.atomic(durable=True), suppress(IntegrityError):\n  x()",
        "with transaction.atomic():\n  try: x()\n  except ERRORS: pass",
        "with transaction.atomic():\n  try: x()\n  except MORE_ERRORS: pass",
        "with transaction.atomic():\n  with suppress(*ERRORS): x()",
        "with transaction.atomic():\n  try: x()\n  except (ValueError, db.Error): pass",
        "with transaction.atomic():\n  try: x()\n  except InternalError: pass",
        "with transaction.atomic():\n  try: x()\n  except DatabaseError:\n   if y: raise",
        "with transaction.atomic():\n  try: x()\n  except DatabaseError:\n   if y: return\n   raise",
        "with room.change():\n  for y in z:\n   try: x()\n   except DatabaseError:\n    if y: continue\n    raise",
        "with room.change():\n  try: whole(x())\n  except IntegrityError: pass",
        "with transaction.atomic():\n  try:\n   with transaction.atomic(): x()\n   y()\n  except IntegrityError: pass",
    ],
)
def test_a_suppressed_error_inside_a_transaction_is_found(body):
    note = "def note():\n with suppress(DatabaseError): x()\n"
    note += (
        "@atomic\ndef whole(y): y\ndef note_twice():\n note()\n note()\ndef note_often():\n for _ in x: note_twice()\n"
    )
    errors = "ERRORS = (OperationalError, RedisError)\nMORE_ERRORS = (*ERRORS, OSError)\n"
    verb = "\n".join(f" {line}" for line in body.splitlines())
    assert suppressed_in_transactions([errors, f"{note}def verb():\n{verb}\n"])


@pytest.mark.parametrize(
    "body",
    [
        "try:\n  with transaction.atomic(): x()\n except IntegrityError: pass\n note()",
        "with room.change():\n  try: x()\n  except (ValueError, RedisError, OTHERS): pass",
        "with transaction.atomic():\n  try: x()\n  except DatabaseError as error: raise Refused from error",
        "with room.change():\n  try: x()\n  except DatabaseError:\n   if y: raise\n   else: raise Refused",
        "with suppress(Refused), room.change_by(by): x()",
        "with room.change_by(by):\n  try: whole()\n  except IntegrityError: pass",
    ],
)
def test_an_error_that_is_passed_on_or_undone_alone_is_allowed(body):
    note = "OTHERS = (OSError, KeyError)\n@atomic\ndef whole(): x()\ndef note():\n with suppress(DatabaseError): x()\n"
    assert not suppressed_in_transactions([f"{note}def verb():\n {body}\n"])


def test_every_context_manager_that_opens_a_transaction_is_known():
    """The rule above knows them by name."""
    functions = functions_in(ast.parse(path.read_text()) for path in modules("chat", "chat_app"))
    managers = [f for f in functions if any("contextmanager" in ast.unparse(d) for d in f.decorator_list)]
    opening = {f.name for f in managers if any(map(is_atomic, ast.walk(f)))}
    assert opening
    assert {name for name in opening if not ATOMIC.search(f"with room.{name}()")} == set()


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# Templates and scripts

HTMX = "<script src=\"{% static 'django_htmx/htmx-2.min.js' %}\" defer></script>"
FORBIDDEN = {  # forbidden in the HTML of templates, with an example
    r"hx-on": '<a hx-on:click="x">',
    r"hx-vars": '<a hx-vars="a:1">',
    r"hx-boost": '<a data-hx-boost="true">',
    r"""hx-trigger\s*=\s*("[^"]*\[|'[^']*\[|[^"'\s>]*\[)""": "<a hx-trigger='click[x]'>",
    r"\b(js|javascript)\s*:": "<a hx-vals='js:{a: 1}'>",
    r"""[\s"'/]style\s*=""": '<p class="a"style="color:red">',
    r"<style": "<style>",
    r"<script": "<script>",
    r"""[\s"'/]on[a-z]+\s*=""": "<p onclick=x>",
    r"srcdoc": "<iframe srcdoc='<p>'>",
    r"https?://|[\"'(=]\s*//[a-z]": '<img src="//example.org/x.png">',
}
UNESCAPED = {  # in their tags
    r"\|\s*safe(seq)?\b": "{{ text|safe }}",
    r"autoescape\s+off": "{% autoescape off %}",
}
TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)


def forbidden(source):
    """The forbidden parts found in this template."""
    html = TAG.sub(" ", source.replace(HTMX, ""))
    tags = " ".join(TAG.findall(source))
    found = [re.search(pattern, html, re.IGNORECASE) for pattern in FORBIDDEN]
    found += [re.search(pattern, tags) for pattern in UNESCAPED]
    return [match[0] for match in found if match]


@each(TEMPLATES)
def test_a_template_has_nothing_that_the_policy_forbids(path):
    assert forbidden(path.read_text()) == []


@pytest.mark.parametrize(("pattern", "sample"), [*FORBIDDEN.items(), *UNESCAPED.items()])
def test_forbidden_parts_of_templates_are_found(pattern, sample):
    assert re.search(pattern, sample)[0] in forbidden(f"<p>words</p>{{% if on=1 %}}{sample}{{% endif %}}")


def test_htmx_is_the_only_script():
    loading = [place(path) for path in TEMPLATES if "<script" in path.read_text()]
    assert loading == ["templates/base.html"]
    assert (BASE_DIR / "templates/base.html").read_text().count(HTMX) == 1


def test_there_is_no_script_of_ours():
    scripts = []
    for folder, folders, files in os.walk(BASE_DIR):
        own = ELSEWHERE if Path(folder) == BASE_DIR else {".venv", "node_modules"}
        folders[:] = [name for name in folders if name not in own]
        scripts += [place(Path(folder) / name) for name in files if re.search(r"\.([cm]?[jt]s|[jt]sx)$", name)]
    assert scripts == []


def test_htmx_evaluates_no_code_and_has_a_rule_for_errors():
    base = (BASE_DIR / "templates/base.html").read_text()
    assert json.loads(re.search(r"<meta name=\"htmx-config\" content='(.*?)'>", base, re.DOTALL)[1]) == {
        "allowEval": False,
        "allowScriptTags": False,
        "includeIndicatorStyles": False,
        "selfRequestsOnly": True,
        "historyCacheSize": 0,
        "historyRestoreAsHxRequest": False,
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {"code": "422", "swap": True},
            {"code": "[45]..", "swap": True, "error": True, "swapOverride": "none", "ignoreTitle": True},
        ],
    }


@each([*BASE_DIR.glob("theme/static_src/src/**/*.css"), *BASE_DIR.glob("theme/static/**/*.css")])
def test_no_stylesheet_asks_another_host(path):
    rules = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert re.findall(r"https?://\S*|url\(\s*[\"']?//[^)]*|@import\s+[\"']//\S*", rules) == []
