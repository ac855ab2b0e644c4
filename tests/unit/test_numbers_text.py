"""Moments, spans and counts as people read them; a word for each choice, a sentence for each no."""

import ast
import importlib
import pkgutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import domain
import texts
from domain import errors
from domain.batches import BatchRefused, CaseRefusal
from domain.cases import (
    CaseObjection,
    EventKind,
    FieldProblem,
    Lamp,
    Stage,
    UndoObjection,
    objections_to_move,
)
from domain.clocks import BEIJING
from domain.eligibility import Objection
from domain.imports import FileProblem, FileRefused, MappingProblem, MappingRefused
from domain.limits import RuleProblem
from domain.people import AccountObjection, AccountProblem, Permission
from domain.teams import TeamObjection, TeamProblem
from domain.transitions import Closed
from domain.walls import WallObjection
from texts.identity import provider_refused
from texts.imports import file_refused
from texts.numbers import clock_time, count, due_day, exact, moment, span, time_left
from texts.people import sign_in_refused
from texts.planning import refused_moves
from texts.sentences import explain, field_name
from texts.types import type_name
from texts.words import _WORDS, LAMP_SHAPES, word

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, 6, 5, 9, tzinfo=UTC)  # 14:05:09 in Beijing


@pytest.fixture
def in_english():
    texts.use("en")
    yield
    texts.use("zh")


def beijing(text):
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


# --- moments ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "shown", "english"),
    [
        ("2026-11-22T14:05", "11月22日 14:05", "22 Nov 14:05"),
        ("2026-01-01T00:00", "1月1日 00:00", "01 Jan 00:00"),
        ("2025-12-31T23:59", "2025年12月31日 23:59", "31 Dec 2025 23:59"),
        ("2027-01-01T00:00", "2027年1月1日 00:00", "01 Jan 2027 00:00"),
    ],
)
def test_a_moment_names_the_year_where_it_is_another(at, shown, english):
    assert moment(beijing(at), now=NOW) == moment(beijing(at).astimezone(UTC), now=NOW) == shown
    texts.use("en")
    try:
        assert moment(beijing(at), now=NOW) == english
    finally:
        texts.use("zh")


def test_the_year_is_that_of_beijing_also_in_the_last_hours_of_utc():
    new_year = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
    assert moment(new_year, now=new_year) == "1月1日 01:00"


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        ("2026-11-23T00:00", "11月22日 24:00"),
        ("2027-01-01T00:00", "12月31日 24:00"),
        ("2026-01-01T00:00", "2025年12月31日 24:00"),
        ("2026-11-23T09:30", "11月23日 09:30"),
    ],
)
def test_a_deadline_at_midnight_belongs_to_the_day_it_ends(at, shown):
    assert due_day(beijing(at), now=NOW) == shown


def test_a_deadline_at_midnight_in_english(in_english):
    assert due_day(beijing("2026-11-23T00:00"), now=NOW) == "22 Nov 24:00"


def test_the_time_of_day_is_beijings():
    assert clock_time(NOW) == "14:05:09"


# --- spans and counts ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        ({"days": 2, "hours": 3, "minutes": 59}, "2 天 3 小时"),
        ({"days": 2, "minutes": 59}, "2 天"),
        ({"hours": 5, "minutes": 59}, "5 小时"),
        ({"minutes": 59, "seconds": 59}, "59 分钟"),
        ({"seconds": 59}, "0 分钟"),
        ({"seconds": -1}, "0 分钟"),
        ({"days": 400}, "400 天"),
    ],
)
def test_a_span_has_two_units_while_days_count(length, shown):
    assert span(timedelta(**length)) == shown


@settings(deadline=None)
@given(some.timedeltas(timedelta(0), timedelta(days=4000)))
def test_a_span_never_says_more_than_there_is(length):
    units = {"天": timedelta(days=1), "小时": timedelta(hours=1), "分钟": timedelta(minutes=1)}
    numbers, names = span(length).split()[::2], span(length).split()[1::2]
    said = sum((int(n) * units[u] for n, u in zip(numbers, names, strict=True)), timedelta(0))
    assert said <= length < said + units[names[-1]]


def test_time_left_turns_at_the_deadline():
    hour = timedelta(hours=1)
    assert time_left(NOW + hour, now=NOW) == "还剩 1 小时"
    assert time_left(NOW, now=NOW) == "已超 0 分钟"
    assert time_left(NOW - hour, now=NOW) == "已超 1 小时"


def test_large_counts_are_in_ten_thousands_in_chinese_alone():
    numbers = (0, 999, 1_000, 99_999, 100_000, 123_456, 12_345_678)
    chinese = ["0", "999", "1,000", "99,999", "10.0 万", "12.3 万", "1,234.6 万"]
    assert [count(number) for number in numbers] == chinese
    texts.use("en")
    try:
        assert [count(number) for number in numbers] == [f"{number:,}" for number in numbers]
    finally:
        texts.use("zh")


def test_the_rest_of_a_group_is_named_after_its_group():
    names = {"name_zh": "其他", "name_en": "Other", "group_zh": "邻里纠纷", "group_en": "Neighbour"}
    assert type_name(code="0299", **names) == "邻里纠纷(其他)"
    assert type_name(code="99", **names) == "其他"
    assert type_name(code="0201", **names | {"name_zh": "用水排水"}) == "用水排水"


# --- words -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("kind", _WORDS, ids=lambda kind: kind.__name__)
def test_every_member_has_a_word_of_its_own(kind, language):
    texts.use(language)
    try:
        words = [word(member) for member in kind]
    finally:
        texts.use("zh")
    assert all(words)
    assert len(set(words)) == len(words)


def test_every_lamp_has_a_shape_of_its_own():
    assert set(LAMP_SHAPES) == set(Lamp)
    assert len(set(LAMP_SHAPES.values())) == len(LAMP_SHAPES)


# --- sentences -------------------------------------------------------------------------------

LAST = errors.LastChange("王值班", EventKind.REASSIGNED, NOW, "新承办")
NOBODY_CHANGED = "操作被拒绝,没有做任何改动。"
EXAMPLES = {
    errors.NotFound: [errors.NotFound("D2026-00001")],
    errors.NotAllowed: [errors.NotAllowed(permission) for permission in Permission],
    errors.SessionEnded: [errors.SessionEnded("session:1")],
    errors.Conflict: [
        errors.Conflict(),
        errors.Conflict(LAST),
        *(errors.Conflict(errors.LastChange("", kind, NOW)) for kind in EventKind),
    ],
    errors.Invalid: [
        errors.Invalid(note=problem)
        for problem in (*FieldProblem, *AccountProblem, *RuleProblem, *TeamProblem)
    ],
    errors.NotEligible: [errors.NotEligible([one]) for one in Objection],
    errors.NotReassignable: [
        errors.NotReassignable(objections_to_move(stage, parked=True))
        for stage in (Stage.REGISTERED, Stage.ACCEPTED, Stage.FAILED, Stage.CLOSED)
    ],
    errors.NotPossible: [errors.NotPossible([one]) for one in Closed],
    errors.PreviewOutdated: [errors.PreviewOutdated()],
    errors.NotUndoable: [errors.NotUndoable([one]) for one in UndoObjection],
    errors.NotChangeable: [errors.NotChangeable([one]) for one in AccountObjection],
    errors.AccountNotFound: [errors.AccountNotFound("user:1")],
    errors.AccountChanged: [errors.AccountChanged()],
    errors.NotKeepable: [
        *(errors.NotKeepable([one]) for one in TeamObjection),
        errors.NotKeepable([TeamObjection.HOLDS_CASES], count=7),
        errors.NotKeepable([TeamObjection.HOLDS_CASES], cases=["D2026-00001"], count=1),
        errors.NotKeepable([TeamObjection.HOLDS_CASES], cases=["D2026-00001"], count=7),
    ],
    errors.TeamNotFound: [errors.TeamNotFound("committee:1")],
    errors.TeamChanged: [errors.TeamChanged()],
    errors.WallNotFound: [errors.WallNotFound("wall:1")],
    errors.WallChanged: [
        errors.WallChanged(),
        errors.WallChanged(by="王值班", at=NOW, version=3),
        errors.WallChanged(by="", at=NOW, version=3),
    ],
    errors.NotOnWall: [errors.NotOnWall([one]) for one in WallObjection],
    errors.KeyReused: [errors.KeyReused("reassign")],
    errors.SignInRefused: [errors.SignInRefused(one, NOW) for one in errors.SignInProblem],
    errors.ProviderRefused: [errors.ProviderRefused(one) for one in errors.ProviderProblem],
    FileRefused: [FileRefused(one, "表头") for one in FileProblem],
    MappingRefused: [MappingRefused(one) for one in MappingProblem],
    BatchRefused: [
        BatchRefused((CaseRefusal(0, why),))
        for why in (
            errors.NotEligible([Objection.KIN]),
            errors.NotReassignable([CaseObjection.CLOSED]),
            errors.Conflict(LAST),
            errors.NotFound(),
            errors.NotAllowed(Permission.CASE_REASSIGN),
        )
    ]
    + [BatchRefused((), (7, 8))],
}
# These are told where they happen, with more than the refusal itself knows.
ELSEWHERE = {
    errors.SignInRefused: lambda refusal: sign_in_refused(refusal, now=NOW),
    errors.ProviderRefused: provider_refused,
    FileRefused: file_refused,
    BatchRefused: lambda refusal: refused_moves(refusal, ("D2026-00001",), {7: "马红"}),
}
BRANCHES = {errors.RuleViolation}


def refusals(kind=errors.Refusal):
    for below in kind.__subclasses__():
        if below.__module__.startswith("domain."):
            yield below
            yield from refusals(below)


def all_refusals():
    for module in pkgutil.iter_modules(domain.__path__):
        importlib.import_module(f"domain.{module.name}")
    return set(refusals())


def test_every_refusal_of_the_domain_has_examples_here():
    assert all_refusals() - BRANCHES == set(EXAMPLES)


@pytest.mark.parametrize("kind", EXAMPLES, ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_sentence_that_says_why(kind):
    say = ELSEWHERE.get(kind, lambda refusal: explain(refusal, now=NOW))
    for refusal in EXAMPLES[kind]:
        sentence = say(refusal)
        assert sentence.endswith(("。", "？"))
        assert sentence != NOBODY_CHANGED
        assert "{" not in sentence


def test_what_no_sentence_knows_still_says_that_nothing_was_changed():
    assert explain(errors.Refusal()) == NOBODY_CHANGED


def test_a_conflict_says_who_did_what_when_and_that_nothing_typed_is_lost():
    assert explain(errors.Conflict(LAST), now=NOW) == (
        "王值班 已于 11月22日 14:05 将此案交给 新承办,您的提交没有生效。"
        "请核对后再试,已填写的内容保留。"
    )
    assert "已填写的内容保留" in explain(errors.Conflict(LAST))


def test_every_reason_is_in_the_sentence():
    sentence = explain(errors.NotEligible([Objection.ABSENT, Objection.AT_CAPACITY]))
    assert sentence == "不能交给这位调解员:请假中、在办已满。"


def fields_that_are_refused():
    """Keys of `Invalid(key=…)` and of `problems["key"] = …` below the screens."""
    for path in (ROOT / "data_access").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Invalid"), keywords=keywords):
                    yield from (one.arg for one in keywords if one.arg)
                case ast.Subscript(
                    value=ast.Name(id="problems"),
                    slice=ast.Constant(value=str(key)),
                    ctx=ast.Store(),
                ):
                    yield key


def test_every_field_that_can_be_refused_has_a_name_for_people():
    fields = set(fields_that_are_refused())
    assert {"note", "reason", "login", "password", "place"} <= fields
    assert {field for field in fields if field_name(field) == field} == set()


def test_where_a_number_is_watched_one_more_is_seen():
    assert (exact(123_456), exact(123_457)) == ("123,456", "123,457")
