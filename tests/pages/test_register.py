"""The registration page: duplicates while typing, on the spot, what a refusal keeps."""

from datetime import date

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from data_access.engine import Database
from data_access.tables import Case, CaseEvent, Committee, OrganisationUnit, Party, UserRole
from domain.cases import Stage
from domain.clocks import day_of
from domain.eligibility import CommitteeKind
from domain.organisation import UnitLevel
from domain.people import Role
from tests.desk import everything_sent
from ui import clock

REGISTER = "../../pages/desk/register.py"


@pytest.fixture
def office(desk):
    desk.there = desk.world.case(
        parties=("王小明",), phones=("13800000001",), occurred_on=day_of(clock.now())
    )
    return desk


def page(office, role=Role.GRID_WORKER, **over):
    over.setdefault("unit", office.world.grid_a)
    at = office.sign_in(role, **over)
    at.run()
    return at.switch_page(REGISTER).run()


def fill_in(at, **typed):
    given = {"title": "楼上漏水", "type": "0402", "name0": "赵六", "name1": "钱七"} | typed
    for name, value in given.items():
        if value is not None:
            at.session_state[f"register_0_{name}"] = value
    return at.run()


def submit(at):
    at = at.button(key="register").click().run()
    assert not at.exception
    return at


def messages(at):
    """What was refused: at the boxes of the parties first, then above the button."""
    return [one.value.replace("\\", "") for one in at.error]


def kept(at, name):
    return at.session_state[f"register_0_{name}"]


def cases(office):
    with office.here.db.read() as session:
        return session.scalars(select(Case).order_by(Case.id)).all()


def test_a_grid_worker_registers_in_their_own_grid_without_choosing_it(office):
    at = submit(fill_in(page(office)))
    assert not at.error
    _there, new = cases(office)
    assert (new.stage, new.grid_id) == (Stage.REGISTERED, office.world.grid_a)
    assert new.case_no in at.success[0].value.replace("\\", "")
    with office.here.db.read() as session:
        parties = session.scalars(select(Party).where(Party.case_id == new.id)).all()
    assert len(parties) == 2


def test_what_is_settled_on_the_spot_goes_to_the_archive_in_one_step(office):
    at = fill_in(page(office), on_the_spot=True)
    assert at.button(key="register").label == "登记并结案"
    at = fill_in(at, settled="双方当场说清,互相道歉")
    at = submit(at)
    new = cases(office)[-1]
    assert (new.stage, new.outcome_code, new.is_open) == (Stage.CLOSED, "O02", 0)
    with office.here.db.read() as session:
        kinds = session.scalars(
            select(CaseEvent.kind).where(CaseEvent.case_id == new.id).order_by(CaseEvent.seq)
        ).all()
    assert kinds == ["registered", "on_the_spot"]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"title": ""}, "事件名称"),
        ({"type": None}, "纠纷类型"),
        ({"name0": "", "name1": ""}, "当事人"),
        ({"phone1": "12"}, "第 2 位当事人的联系电话"),
        ({"identity0": "510129199001010012"}, "第 1 位当事人的证件号码"),
        ({"on_the_spot": True}, "当场化解情况"),
        ({"on_the_spot": True, "settled": "短"}, "当场化解情况:太短"),
    ],
)
def test_a_refusal_says_which_field_registers_nothing_and_keeps_what_was_typed(
    office, typed, message
):
    at = submit(fill_in(page(office), **typed))
    assert message in messages(at)[-1]
    assert len(cases(office)) == 1
    expected = {"title": "楼上漏水", "name0": "赵六", "name1": "钱七"} | typed
    for name, value in expected.items():
        if value is not None:
            assert kept(at, name) == value, name


def test_what_may_be_registered_already_is_shown_while_it_is_typed_with_names_masked(office):
    at = fill_in(page(office), type=None, name0="王小明", name1="")
    assert "可能已经登记过" in at.warning[0].value
    sent = everything_sent(at)
    assert office.there.case_no in sent
    assert "王某某" in sent
    assert "当事人同名" in sent
    at = fill_in(at, type="0402", name0="别人")
    # Now only the grid and the type agree.
    assert "同网格同类型" in everything_sent(at)


def test_nothing_is_shown_of_another_grid(office):
    at = fill_in(page(office, unit=office.world.grid_b), name0="王小明")
    assert not at.warning
    assert office.there.case_no not in everything_sent(at)


def test_the_next_one_begins_with_an_empty_form(office):
    at = submit(fill_in(page(office)))
    at = at.button(key="register_again").click().run()
    assert at.text_input(key="register_1_title").value == ""
    assert not at.success


def test_who_may_not_register_has_no_form(office):
    at = office.sign_in(Role.LEADER, unit="county")
    at.run()
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        at.switch_page(REGISTER)


@pytest.mark.parametrize("field", ["phone", "identity"])
def test_a_party_without_a_name_is_never_left_out_and_hears_at_its_own_box(office, field):
    """The first box is empty: of those that are sent it is the second, on the screen the third."""
    at = page(office)
    at = at.button(key="register_0_more").click().run()
    value = {"phone": "13900000009", "identity": "11010519491231002X"}[field]
    at = submit(fill_in(at, name0="", **{f"{field}2": value}))
    assert len(cases(office)) == 1
    at_the_box, above_the_button = messages(at)
    assert at_the_box == above_the_button == "第 3 位当事人的姓名:必填。"
    boxes = [at.text_input(key=f"register_0_name{number}").label for number in range(3)]
    assert [label.startswith(f"第 {number} 位") for number, label in enumerate(boxes, 1)] == [
        True
    ] * 3
    assert kept(at, f"{field}2") == value
    # The message leaves its box with what it was about.
    at = fill_in(at, name0="", name2="孙八", **{f"{field}2": value})
    assert messages(at) == [above_the_button]
    at = submit(at)
    new = cases(office)[-1]
    with office.here.db.read() as session:
        parties = session.scalars(select(Party).where(Party.case_id == new.id)).all()
    assert len(parties) == 2


def test_a_telephone_alone_finds_what_may_be_registered_already(office):
    at = fill_in(page(office), type=None, name0="", name1="", phone1="13800000001")
    assert "同一电话" in everything_sent(at)


def head_of(office, committee_id, *roles):
    """The page of somebody who heads a committee, with other posts beside."""
    at = office.sign_in(Role.COMMITTEE_HEAD, unit=None)
    office.world.add(
        UserRole(
            user_id=office.user.id,
            role=Role.COMMITTEE_HEAD,
            committee_id=committee_id,
            valid_from=date(2020, 1, 1),
        )
    )
    for role in roles:
        office.world.add(
            UserRole(
                user_id=office.user.id,
                role=role,
                unit_id=office.world.grid_a,
                valid_from=date(2020, 1, 1),
            )
        )
    office.here.watcher.look()
    at.run()
    return at.switch_page(REGISTER).run()


def test_who_heads_a_communitys_committee_registers_there(office):
    at = submit(fill_in(head_of(office, office.world.committee_a)))
    new = cases(office)[-1]
    assert (new.community_id, new.grid_id) == (office.world.community_a, office.world.grid_a)
    assert at.get("link_button")


def test_who_heads_a_towns_committee_registers_in_the_town_and_hears_when_it_is_theirs(office):
    """Until it is assigned to the committee its head sees nothing of it, and no dead link."""
    world = office.world
    town = world.committee("镇调委会", kind=CommitteeKind.TOWN, town=world.town_a)
    at = submit(fill_in(head_of(office, town)))
    new = cases(office)[-1]
    assert (new.town_id, new.grid_id) == (world.town_a, world.grid_a)
    assert not at.get("link_button")
    assert any("指派给您的调委会" in one.value for one in at.caption)


@pytest.mark.parametrize(
    ("role", "unit", "source"),
    [
        (Role.GRID_WORKER, "grid_a", "S01"),
        (Role.DUTY, "county", "S02"),
        (Role.DUTY, "town_a", "S02"),
        (Role.CENTRE_ADMIN, "county", "S02"),
        (Role.TOWN, "town_a", "S02"),
        (Role.COMMITTEE_HEAD, "community_a", "S05"),
    ],
)
def test_the_source_begins_with_what_the_persons_post_mostly_takes_down(office, role, unit, source):
    at = page(office, role, unit=getattr(office.world, unit))
    assert kept(at, "source") == source


def test_who_heads_a_committee_and_walks_a_grid_is_met_there(office):
    at = head_of(office, office.world.committee_a, Role.GRID_WORKER)
    assert kept(at, "source") == "S01"


def test_another_town_takes_the_grid_of_the_former_one_with_it(office):
    """The only grid of a community is not asked for; it must not stay when the community goes."""
    office.world.unit(UnitLevel.COMMUNITY, "新建社区", office.world.town_b)
    at = page(office, Role.DUTY, unit="county")
    fill_in(at, **{UnitLevel.TOWN: office.world.town_a})
    assert kept(at, UnitLevel.GRID) == office.world.grid_a
    at = submit(fill_in(at, **{UnitLevel.TOWN: office.world.town_b}))
    new = cases(office)[-1]
    assert (new.town_id, new.community_id, new.grid_id) == (office.world.town_b, None, None)


def test_where_there_is_nothing_to_choose_is_said_in_one_line(office):
    at = page(office)
    assert [one.value for one in at.text] == ["发生在:安仁镇 和众社区 第1网格"]
    assert not [one for one in at.selectbox if "网格" in one.label]


def test_a_community_without_grids_asks_for_none(office):
    world = office.world
    empty = world.unit(UnitLevel.COMMUNITY, "新建社区", world.town_b)
    at = page(office, Role.DUTY, unit="county")
    asked = {UnitLevel.TOWN: world.town_b, UnitLevel.COMMUNITY: empty}
    at = fill_in(at, **asked)
    assert [one.label for one in at.selectbox][:3] == ["镇街", "村(社区)", "纠纷类型"]
    at = submit(at)
    assert cases(office)[-1].community_id == empty


def test_the_types_are_told_apart_by_their_group(office):
    (offered,) = [one.options for one in page(office).selectbox if one.label == "纠纷类型"]
    assert len(set(offered)) == len(offered)
    assert "邻里纠纷 · 其他" in offered


def test_who_heads_a_committee_that_is_no_more_hears_why_there_is_no_form(office):
    world = office.world
    town = world.committee("镇调委会", kind=CommitteeKind.TOWN, town=world.town_a)
    office.here.db.write(
        lambda session: session.execute(
            update(Committee).where(Committee.id == town).values(active=False)
        )
    )
    at = head_of(office, town)
    assert "没有可以登记纠纷的地点" in at.warning[0].value
    assert not at.text_input


def test_a_grid_that_ends_while_the_form_is_open_takes_nothing(office):
    at = fill_in(page(office))
    office.here.db.write(
        lambda session: session.execute(
            update(OrganisationUnit)
            .where(OrganisationUnit.id == office.world.grid_a)
            .values(valid_to=day_of(clock.now()))
        )
    )
    at = submit(at)
    assert messages(at) == ["发生网格:请从列表中选择。"]
    assert len(cases(office)) == 1
    assert kept(at, "title") == "楼上漏水"


def test_who_changes_the_form_after_a_lost_answer_hears_that_the_first_was_done(
    office, monkeypatch
):
    at = fill_in(page(office))
    write = Database.write

    def lose(db, work, **more):
        monkeypatch.setattr(Database, "write", write)
        write(db, work, **more)
        raise OperationalError("COMMIT", {}, Exception("gone"))

    monkeypatch.setattr(Database, "write", lose)
    at = submit(at)
    assert "不知道这一次办成没有" in messages(at)[0]
    first = cases(office)[-1]
    at = submit(fill_in(at, title="楼上漏水,墙也湿了"))
    (said,) = messages(at)
    assert f"上一次提交已经办成:{first.case_no}" in said
    assert len(cases(office)) == 2
    assert kept(at, "title") == "楼上漏水,墙也湿了"
    (link,) = at.get("link_button")
    assert link.proto.url.endswith(f"case={first.case_no}")
    # Where it is another dispute after all, one more press registers it, once.
    at = submit(at)
    assert at.success
    assert len(cases(office)) == 3


def test_what_makes_a_dispute_weigh_more_is_kept(office):
    at = submit(fill_in(page(office), cross_town=True, repeated=True))
    assert messages(at) == []
    found = max(cases(office), key=lambda one: one.id)
    assert (found.cross_town, found.repeated, found.weight) == (True, True, 10)
