"""Every deed that the code can write has a sentence, a group, and words for all that it says."""

import ast
from datetime import date
from pathlib import Path

import pytest

from domain.errors import ProviderProblem
from domain.people import Role
from domain.trail import (
    ACTIONS,
    Account,
    AnchorProblem,
    Break,
    DeedGroup,
    Finding,
    Line,
    Names,
    Note,
    NoteKind,
    PostHeld,
    SubjectKind,
    Verification,
    verification_from_json,
)
from domain.transitions import Action
from tests.world import NOW
from texts import trail, trail_details
from texts.verification import (
    break_sentence,
    finding_sentence,
    note_sentence,
    verification_lines,
)

ROOT = Path(__file__).parents[2]
# Where an action is handed on, whoever hands it in is found by itself.
STEP = "f'case:{action}'"
HANDED_ON = {"what.action", "move.action", "action", STEP}
MAKERS = {"Deed": 0, "Change": 1, "Move": 1, "_record": 1}


def actions_in(tree: ast.Module) -> tuple[set[str], set[str]]:
    """(the actions that a module writes, what else stands where an action is written)."""
    constants = {
        name.id: value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        for name, value in _pairs(target, node.value)
    }
    found, unclear = set(), set()
    for node in ast.walk(tree):
        name = ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
        place = MAKERS.get(name)
        if place is None or len(node.args) <= place:
            continue
        wanted = [node.args[place]]
        while wanted:
            one = wanted.pop()
            if isinstance(one, ast.IfExp):
                wanted += [one.body, one.orelse]
            elif isinstance(one, ast.Name) and one.id in constants:
                wanted.append(constants[one.id])
            elif isinstance(one, ast.Constant):
                found.add(one.value)
            else:
                unclear.add(ast.unparse(one))
    return found, unclear


def _pairs(target, value):
    if isinstance(target, ast.Name):
        yield target, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, of_it in zip(target.elts, value.elts, strict=True):
            yield from _pairs(one, of_it)


def test_actions_are_found_however_they_are_written():
    found, unclear = actions_in(
        ast.parse(
            "_A, _B = 'a:one', 'b:two'\n"
            "audit.Deed(_A, 's')\n"
            "Deed('c:three' if first else _B, 's')\n"
            "history.Change(kind, 'd:four', {})\n"
            "Deed(f'e:{name}', 's')\n"
        )
    )
    assert found == {"a:one", "b:two", "c:three", "d:four"}
    assert unclear == {"f'e:{name}'"}


def written():
    found, unclear = set(), set()
    for folder in ("data_access", "server", "ui"):
        for path in (ROOT / folder).rglob("*.py"):
            more, other = actions_in(ast.parse(path.read_text("utf-8")))
            found |= more
            unclear |= other
    if STEP in unclear:
        found |= {f"case:{step}" for step in Action}
    return found, unclear


def test_every_action_that_the_code_writes_has_a_sentence_and_a_group():
    found, unclear = written()
    assert unclear <= HANDED_ON
    assert len(found) > 25
    assert found - set(trail.deed_words()) == set(), "say it in texts/trail.py"
    grouped = [action for actions in ACTIONS.values() for action in actions]
    assert found - set(grouped) == set(), "put it into a group in domain/trail.py"


def test_nothing_is_said_of_actions_that_nobody_writes():
    found, _unclear = written()
    grouped = [action for actions in ACTIONS.values() for action in actions]
    assert sorted(grouped) == sorted(set(grouped)) == sorted(trail.deed_words())
    assert set(grouped) == found


def test_every_group_break_and_finding_has_words():
    assert set(ACTIONS) == set(DeedGroup)
    assert len({trail.group(one) for one in DeedGroup}) == len(DeedGroup)
    assert len({break_sentence(one) for one in Break}) == len(Break)
    told = {finding_sentence(Finding(one, "2026-03-02.json", 7)) for one in AnchorProblem}
    assert len(told) == len(AnchorProblem)
    assert all("2026-03-02.json" in one for one in told)
    said = {note_sentence(Note(one, 7, "2026-03-02.json")) for one in NoteKind}
    assert len(said) == len(NoteKind)


# --- lines -----------------------------------------------------------------------------------

NAMES = Names(
    accounts={
        4: Account(4, "周值班", "zhou", active=True),
        5: Account(5, "吴某", "wu", active=False),
    },
    posts_of={
        4: (
            PostHeld(Role.DUTY, "大邑县", date(2020, 1, 1), date(2026, 3, 2)),
            PostHeld(Role.TOWN, "安仁镇", date(2026, 3, 2), None),
        )
    },
    posts={9: PostHeld(Role.TOWN, "安仁镇", date(2026, 3, 2), None)},
    mediators={11: "张建国", 12: "李红"},
    units={2: "安仁镇"},
    committees={3: "和众社区调委会"},
    mappings={6: "信访局月报"},
    codes={"O01": ("达成书面调解协议", "Written agreement")},
)


def line(action="case:reassign", subject="case:D2026-00001", actor_id=4, **payload):
    return Line(7, NOW, actor_id, 17, "10.1.1.1", action, subject, payload)


def told(action="case:reassign", subject="case:D2026-00001", **payload):
    return trail_details.details(line(action, subject, **payload), NAMES, now=NOW)


@pytest.mark.parametrize(
    ("actor_id", "action", "name"),
    [
        (4, "session:open", "周值班(zhou)"),
        (5, "session:open", "吴某(wu),已停用"),
        (99, "session:open", "账号 99"),
        (0, "demo:load", "系统"),
        (0, "session:refuse", "未登录者"),
    ],
)
def test_who_it_was(actor_id, action, name):
    assert trail.doer(line(action, actor_id=actor_id), NAMES) == name


def test_a_post_is_told_as_it_was_held_on_the_day():
    assert trail.doers_posts(line(), NAMES) == "镇街工作站(安仁镇)"


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("case:D2026-00001", "D2026-00001"),
        ("user:5", "吴某(wu),已停用"),
        ("user:4", "本人"),
        ("import:12", "第 12 批"),
        ("import_mapping:6", "信访局月报"),
        ("import_mapping:60", "对照方案 60"),
        ("login:ab12", "不存在的用户名"),
        ("trail", ""),
        ("site", ""),
        ("county:510129", ""),
        ("user:x", "user:x"),
        ("another:1", "another:1"),
    ],
)
def test_what_it_was_done_to(subject, shown):
    assert trail.subject(line("user:set_active", subject), NAMES) == shown


def test_old_and_new_stand_side_by_side():
    assert told(**{"from": 11, "to": 12, "reason": "overload", "version": 3}) == [
        "承办人 张建国 → 李红",
        "理由:负荷过高",
        "第 3 版",
    ]
    assert told(**{"from": None, "to": 12, "before": {"stage": "accepted"}}) == [
        "承办人 — → 李红",
        "环节 待指派 → 调解中",
    ]
    assert told(**{"from": 11, "to": 12, "suggested": [13, 12]}) == [
        "承办人 张建国 → 李红",
        "建议 调解员 13、李红,采纳第 2 位",
    ]
    assert told(**{"from": 12, "to": 13, "suggested": [11]})[1:] == ["建议 张建国,未采纳"]
    assert told("user:set_active", "user:5", active=False) == ["启用 → 停用"]
    grant = {"post": 9, "role": "town", "unit": 2, "committee": None}
    days = {"from": "2026-03-02", "to": None}
    assert told("user:grant", "user:5", **grant, **days) == ["镇街工作站(安仁镇),2026-03-02 起"]
    assert told("user:end_post", "user:5", post=9, to="2026-04-01") == [
        "镇街工作站(安仁镇),到 2026-04-01 为止(不含)"
    ]


def test_a_keyed_hash_of_a_reason_is_not_shown_as_one():
    assert told("case:unmask", reason="ab" * 16, parties=2) == ["当事人 2 人"]


def test_the_session_that_stands_beside_the_line_is_not_said_again():
    assert told("session:open", "user:4", session=17, how="password") == ["用密码"]
    assert told("session:close", "user:4", session=16) == ["登录号 16"]


def test_an_anchor_is_told_with_what_it_speaks_of():
    facts = {"file": "2026-03-02.json", "anchored": 1200, "key": "0123456789abcdef"}
    assert told("trail:anchor", "trail", **facts) == [
        "锚定文件 2026-03-02.json",
        "锚定到第 1,200 条",
        "公钥指纹 0123456789abcdef",
    ]


def test_what_a_later_version_wrote_is_shown_as_it_is():
    assert told("future:deed", "case:D2026-00001", new="值", active="maybe") == [
        'new: "值"',
        'active: "maybe"',
    ]
    assert trail.deed("future:deed") == "future:deed"


def test_every_refusal_of_the_provider_has_words():
    for problem in ProviderProblem:
        (said,) = told("session:refuse", "user:4", problem=problem.value)
        assert problem.value not in said


# --- a check ---------------------------------------------------------------------------------


def check(**over):
    facts = {
        "at": NOW,
        "actor_id": 4,
        "seconds": 1.25,
        "lines": 12345,
        "broken_at": None,
        "why": None,
        "anchors": 3,
        "found": 0,
        "findings": (),
    }
    return Verification(**{**facts, **over})


def test_a_check_says_what_it_found_and_what_that_means():
    assert verification_lines(check()) == [
        "审计链完整,共 12,345 条。",
        "与 3 份锚定文件全部相符。",
        "用时 1.2 秒。",
    ]
    findings = (Finding(AnchorProblem.REWRITTEN, "2026-03-01.json", 9),)
    broken = verification_lines(check(broken_at=10, why=Break.CONTENT, found=2, findings=findings))
    assert broken[0].startswith("审计链在第 10 条断裂。它的内容与写入时不同")
    assert broken[1] == "与 3 份锚定文件比对,有 2 处不符:"
    assert broken[2].startswith("2026-03-01.json 证明第 9 条原来不是现在这样")
    assert broken[3] == "另有 1 处锚定不符。"
    assert "还没有锚定文件" in verification_lines(check(anchors=0))[1]
    days = verification_lines(check(notes=(Note(NoteKind.DAYS, 2, "2026-03-02"),)))
    assert "有 2 天有记录而没有锚定,最早的是 2026-03-02" in days[2]
    (unfinished,) = verification_lines(check(finished=False, lines=0))
    assert unfinished.startswith("核对没有完成")


def test_a_check_is_kept_as_json_and_read_again():
    findings = (Finding(AnchorProblem.UNREADABLE, "x.json", None),)
    one = check(broken_at=10, why=Break.END, found=1, findings=findings)
    assert verification_from_json(one.as_json()) == one
    assert not one.intact
    assert check().intact
    assert check().vouched
    lacking = check(notes=(Note(NoteKind.MISSING, 2, "2026-03-02.json"),))
    assert verification_from_json(lacking.as_json()) == lacking
    assert (lacking.intact, lacking.vouched) == (True, False)
    broken_off = check(finished=False, lines=0)
    assert verification_from_json(broken_off.as_json()) == broken_off
    assert not broken_off.intact
    assert SubjectKind("import_mapping") is SubjectKind.MAPPING
