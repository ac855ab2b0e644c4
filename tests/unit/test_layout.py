"""The rules of the house that no linter knows.

Each rule is a function from a file's syntax tree (or text) to offences. It is first shown that the
rule sees an offender, then the house is held to it: a rule that finds nothing proves nothing.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = ("domain", "texts", "data_access", "server", "ui", "pages")
SCREENS = ("app.py", "pages", "ui", "server")
MACHINE_MADE = {"__pycache__", ".venv", ".git", "test-results"}
PAGE_LINES = 120


def files(*places: str, suffixes: tuple[str, ...] = (".py",)) -> list[Path]:
    """The files with these suffixes at or below the places, as they are in the repository."""
    found = []
    for place in places:
        path = ROOT / place
        below = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [one for one in below if one.suffix in suffixes and one.is_file()]
    return [one for one in found if not MACHINE_MADE & set(one.relative_to(ROOT).parts)]


def held(rule: Callable[[ast.Module], list[str]], paths: list[Path]) -> list[str]:
    """What the rule has against the files, each offence with its place."""
    return [
        f"{path.relative_to(ROOT)}: {offence}"
        for path in paths
        for offence in rule(ast.parse(path.read_text("utf-8")))
    ]


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Each call with the dotted name that it calls, e.g. `datetime.now`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def imported(tree: ast.Module) -> set[str]:
    """The top-level names of the packages that a file imports."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def public_functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]


# ---------------------------------------------------------------------------------------- pages


def guard_missing(tree: ast.Module) -> list[str]:
    """`actor = require(...)`, or `require(...)`, comes before anything else that runs."""
    body = tree.body[1:] if ast.get_docstring(tree) else tree.body
    constants = ast.Import | ast.ImportFrom
    first = next((node for node in body if not isinstance(node, constants)), None)
    while isinstance(first, ast.Assign) and isinstance(first.value, ast.Constant):
        first = body[body.index(first) + 1]  # TICK_SECONDS = 2 runs nothing
    value = first.value if isinstance(first, ast.Assign | ast.Expr) else None
    if (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id == "require"
    ):
        return []
    return ["the first statement is not require(...)"]


@pytest.mark.parametrize(
    "page",
    [
        "import streamlit as st\nst.title('x')\nactor = require(Permission.CASE_READ)",
        "'''Page.'''\nactor = 3\nst.title('x')\nactor = require(Permission.CASE_READ)",
        "from x import require\nif debug:\n    require(Permission.CASE_READ)",
        "def show():\n    require(Permission.CASE_READ)",
        "actor = st.require(Permission.CASE_READ)",
    ],
)
def test_unguarded_page_is_seen(page):
    assert guard_missing(ast.parse(page))


def test_guarded_pages_pass():
    assert not guard_missing(ast.parse("'''Page.'''\nimport x\nTICK = 2\nactor = require(P.A)"))
    assert not guard_missing(ast.parse("import x\nrequire(P.A)\nst.title('x')"))


PAGES = [path for path in files("pages") if path.name != "__init__.py"]


def test_every_page_asks_who_is_there_before_anything_else():
    assert held(guard_missing, PAGES) == []


def test_streamlit_cannot_discover_a_page_by_itself():
    """A script right under pages/ could run without the entry script, so without sign-in."""
    assert [path.name for path in (ROOT / "pages").glob("*.py")] in ([], ["__init__.py"])


def test_pages_are_short():
    long = [p.name for p in PAGES if len(p.read_text("utf-8").splitlines()) > PAGE_LINES]
    assert long == []


def test_entry_script_stands_alone():
    """Its folder comes first on sys.path: a `calendar.py` beside it would be everybody's."""
    beside = {path.name for path in (ROOT / "ui/entry").glob("*")} - {"__pycache__"}
    assert beside <= {"main.py"}


# --------------------------------------------------------------------------- queries and commands

# Read before, or without, anybody's scope.
QUERIES_WITHOUT_SCOPE = {
    "has_users": "asks whether the site is new, when nobody can be signed in",
    "front": "tells the door what to say, before anybody is signed in",
    "live_sessions": "tells the gate who is signed in, from which a scope comes",
    "live_walls": "tells the gate which walls hold a good token, from which a scope comes",
    "last_seen": "tells the gate when a session was last used",
    "sought": "makes blind indexes of what is being typed, and reads no case",
    "outcome_names": "names of a code table that are the same for everybody",
    "case_types": "names of a code table that are the same for everybody",
}
# Carried out by nobody who is signed in.
COMMANDS_WITHOUT_ACTOR = {
    "new_setup_code": "the first administrator has no account yet",
    "create_first_administrator": "the first administrator has no account yet",
    "create_three_administrators": "the first administrators have no accounts yet",
    "sign_in": "whoever signs in is not yet known",
    "sign_in_by_provider": "whoever signs in is not yet known",
    "note_bad_answer": "whoever did not come in is not known",
    "require_valid_account": "judges what was entered and writes nothing",
}


def unscoped(tree: ast.Module) -> list[str]:
    """A read says for whom: by keyword `scope`, or by a row `found` that was read in one."""
    return [
        node.name
        for node in public_functions(tree)
        if "scope" not in {arg.arg for arg in node.args.kwonlyargs}
        and "found" not in {arg.arg for arg in node.args.args}
        and node.name not in QUERIES_WITHOUT_SCOPE
    ]


def unaccountable(tree: ast.Module) -> list[str]:
    """A command works on `db` (or in the `session` of one that does), for `actor`, at `now`."""
    return [
        node.name
        for node in public_functions(tree)
        if (
            [arg.arg for arg in node.args.args] not in (["db"], ["session"])
            or not {"actor", "now"} <= {arg.arg for arg in node.args.kwonlyargs}
        )
        and node.name not in COMMANDS_WITHOUT_ACTOR
    ]


def test_careless_reads_and_writes_are_seen():
    assert unscoped(ast.parse("def page(session, *, now): ...")) == ["page"]
    assert unscoped(ast.parse("def page(session, scope): ...")) == ["page"]
    assert not unscoped(ast.parse("def page(session, *, scope): ...\ndef _inner(): ..."))
    assert unaccountable(ast.parse("def move(db, *, now): ...")) == ["move"]
    assert unaccountable(ast.parse("def move(db, actor, now): ...")) == ["move"]
    assert unaccountable(ast.parse("def move(*, actor, now): ...")) == ["move"]
    assert not unaccountable(ast.parse("def move(db, *, case_no, actor, now): ..."))


def test_every_query_is_told_whose_scope():
    assert held(unscoped, files("data_access/queries")) == []


def test_every_command_is_told_who_and_when():
    assert held(unaccountable, files("data_access/commands")) == []


def test_exceptions_are_still_needed():
    names = {
        node.name
        for path in files("data_access/queries", "data_access/commands")
        for node in public_functions(ast.parse(path.read_text("utf-8")))
    }
    assert set(QUERIES_WITHOUT_SCOPE | COMMANDS_WITHOUT_ACTOR) <= names


# --------------------------------------------------------------------------------- clock and text

CLOCKS = re.compile(
    r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime))$"
    r"|(^|\.)func\.(now|current_timestamp|current_date|localtimestamp)$"
)


def clock_reads(tree: ast.Module) -> list[str]:
    """Time is an argument: nothing below the edge asks the clock, nor the database's."""
    return [f"{name}()" for _, name in calls(tree) if CLOCKS.search(name)]


def unsafe_markup(tree: ast.Module) -> list[str]:
    """Markup comes from us, never from data."""
    return [
        keyword.arg
        for call, _ in calls(tree)
        for keyword in call.keywords
        if keyword.arg in {"unsafe_allow_html", "unsafe_allow_javascript"}
    ]


def built_sql(tree: ast.Module) -> list[str]:
    """SQL text is a constant: values are bound."""
    ours = {"sa.text", "sqlalchemy.text"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            ours |= {alias.asname or alias.name for alias in node.names if alias.name == "text"}
    return [
        f"{name}({ast.unparse(call.args[0])})"
        for call, name in calls(tree)
        if name in ours and call.args and not isinstance(call.args[0], ast.Constant)
    ]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (clock_reads, "datetime.now(UTC)"),
        (clock_reads, "datetime.datetime.utcnow()"),
        (clock_reads, "date.today()"),
        (clock_reads, "time.time()"),
        (clock_reads, "select(func.now())"),
        (unsafe_markup, "st.markdown(title, unsafe_allow_html=True)"),
        (unsafe_markup, "st.html(title, unsafe_allow_javascript=allowed)"),
        (built_sql, "from sqlalchemy import text\ntext(f'SELECT {name}')"),
        (built_sql, "sa.text('SELECT ' + name)"),
        (built_sql, "from sqlalchemy import text as t\nsession.execute(t(statement))"),
    ],
)
def test_offence_is_seen(rule, code):
    assert rule(ast.parse(code))


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (clock_reads, "when.date()"),
        (clock_reads, "time.monotonic()"),
        (unsafe_markup, "st.markdown(title)"),
        (built_sql, "from sqlalchemy import text\ntext('SELECT 1')"),
        (built_sql, "vault.text(title)"),
    ],
)
def test_innocent_code_passes(rule, code):
    assert not rule(ast.parse(code))


def test_only_the_command_line_reads_the_clock_below_the_screens():
    edge = re.compile(r"(^|_)(main__|verbs)$")
    below = [p for p in files("domain", "texts", "data_access") if not edge.search(p.stem)]
    assert held(clock_reads, below) == []


def test_markup_never_comes_from_data():
    assert held(unsafe_markup, files(*SCREENS)) == []


def test_sql_is_never_built_from_text():
    paths = [p for p in files("data_access") if "versions" not in p.parts]
    assert held(built_sql, paths) == []


# ------------------------------------------------------------------------------------------ layers


def foreign(tree: ast.Module, *, allowed: set[str]) -> list[str]:
    """What is imported beyond the standard library and the names allowed."""
    return sorted(imported(tree) - set(sys.stdlib_module_names) - allowed)


def test_foreign_import_is_seen():
    assert foreign(ast.parse("import re\nfrom scipy.stats import norm"), allowed={"numpy"}) == [
        "scipy"
    ]


@pytest.mark.parametrize(
    ("layer", "allowed"),
    [("domain", {"domain", "numpy", "scipy"}), ("texts", {"texts", "domain", "babel"})],
)
def test_lower_layers_stand_on_little(layer, allowed):
    assert held(lambda tree: foreign(tree, allowed=allowed), files(layer)) == []


def test_scripts_that_are_no_package_keep_the_layers_too():
    """import-linter sees packages only: not the entry script, and nobody who imports app."""
    entry = files("ui/entry")
    assert held(lambda tree: sorted(imported(tree) & {"sqlalchemy", "server", "app"}), entry) == []
    assert held(lambda tree: sorted(imported(tree) & {"app"}), files(*LAYERS)) == []


# ------------------------------------------------------------------------------------ words, names

# Each pattern is spelled so that it does not find itself.
UNFINISHED = re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b")
ONE_MACHINE = re.compile(r"(?<![\w.-])/(wor[k]|roo[t]|hom[e]/\w+|op[t]/\w+)/")
REGISTRY = re.compile(r"--(extra-)?index-url|--find-links|--trusted-host|@ (file|https?):")
ELSEWHERE = re.compile(
    r"(?:https?:)?//(?!127\.0\.0\.1|localhost|www\.w3\.org)[a-z0-9-]+(\.[a-z0-9-]+)+"
)
VAGUE = {"utils", "util", "helpers", "helper", "common", "core", "services", "manager", "misc"}


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (UNFINISHED, "# TO" + "DO: later"),
        (ONE_MACHINE, "path = '/wor" + "k/data/x.csv'"),
        (ONE_MACHINE, "/hom" + "e/li/x"),
        (REGISTRY, "--find-links" + " /wheels"),
        (ELSEWHERE, '<script src="//cdn.' + 'example.com/x.js">'),
        (ELSEWHERE, "@import url(https:" + "//fonts.example.com)"),
    ],
)
def test_forbidden_line_is_seen(pattern, line):
    assert pattern.search(line)


def matches(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


OURS = [
    path
    for path in files(
        *SCREENS, "data_access", "domain", "texts", "tests", "docs", "Makefile", ".ci/run",
        "README.md", "CHANGELOG.md", "pyproject.toml", ".streamlit/config.toml",
        suffixes=(".py", ".css", ".js", ".html", ".md", ".toml", ".po", ""),
    )
    if "leaflet" not in str(path)  # comes from elsewhere, as it is
]  # fmt: skip


def test_nothing_is_left_unfinished():
    assert matches(UNFINISHED, OURS) == []


def test_no_path_of_one_machine_is_named():
    assert matches(ONE_MACHINE, OURS) == []


def test_requirements_name_versions_and_no_registry():
    pinned = re.compile(r"^(#.*|-r requirements\.txt|[\w.-]+==[\w.]+( ; .+)?|)$")
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (ROOT / name).read_text("utf-8").splitlines()
        assert [line for line in lines if not pinned.match(line)] == []
    assert matches(REGISTRY, [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]) == []


def test_screens_name_no_other_host():
    """Not one request leaves the site."""
    shown = files(*SCREENS, suffixes=(".py", ".css", ".js", ".html", ".toml"))
    assert matches(ELSEWHERE, [path for path in shown if "leaflet" not in str(path)]) == []


def test_modules_have_names_of_the_field():
    named = [path.relative_to(ROOT).with_suffix("") for path in files(*LAYERS, "tests")]
    assert [path for path in named if VAGUE & set(path.parts)] == []
