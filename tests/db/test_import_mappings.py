"""Saved mappings: shared by the county, changed by whom they belong to, and recorded."""

import threading
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from data_access.commands.import_mappings import NAME_LONGEST, delete_mapping, save_mapping
from data_access.queries.import_mappings import mapping_named, mappings
from data_access.tables import AuditLine, ImportMapping, OrganisationUnit
from domain.errors import NotAllowed, NotFound
from domain.imports import FileMapping, MappingProblem, MappingRefused, Profile
from domain.people import Permission, Scope
from tests.world import NOW, World

MAPPING = FileMapping(
    headers={"闹啥子": "title", "备注": ""}, codes={"case_type": {"扯皮": "0402"}}
)


@pytest.fixture
def town(world):
    """Somebody who imports for one town."""
    return world.actor("镇上", scope=Scope(world.county, towns=frozenset({world.town_a})))


@pytest.fixture
def other(world):
    return world.actor("邻镇", scope=Scope(world.county, towns=frozenset({world.town_b})))


def save(db, actor, name="安仁台账", mapping=MAPPING, version=None, profile=Profile.CASES):
    return save_mapping(
        db,
        name=name,
        profile=profile,
        mapping=mapping,
        expected_version=version,
        actor=actor,
        now=NOW,
    )


@contextmanager
def refused(problem):
    with pytest.raises(MappingRefused) as found:
        yield
    assert found.value.problem is problem


def all_of(db, actor):
    with db.read() as session:
        return mappings(session, scope=actor.scope(Permission.IMPORT_RUN))


def deeds(db):
    with db.read() as session:
        lines = session.execute(
            select(AuditLine.action, AuditLine.subject, AuditLine.payload).where(
                AuditLine.action.startswith("import_mapping:")
            )
        )
        return [tuple(line) for line in lines]


def test_what_is_saved_is_found_by_everybody_who_imports(db, world, town, other):
    saved = save(db, town, name="  安仁  台账 ")
    assert (saved.name, saved.mapping, saved.version) == ("安仁 台账", MAPPING, 1)
    assert (saved.actor, saved.updated_at, saved.profile) == ("镇上", NOW, Profile.CASES)
    assert all_of(db, other) == all_of(db, world.system) == [saved]
    with db.read() as session:
        assert mapping_named(session, scope=Scope(world.county), name="安仁 台账") == saved
        with pytest.raises(NotFound):
            mapping_named(session, scope=Scope(world.county), name="没有")


def test_the_trail_counts_the_words_and_keeps_none(db, town):
    saved = save(db, town)
    delete_mapping(db, mapping_id=saved.mapping_id, expected_version=1, actor=town, now=NOW)
    about = (
        f"import_mapping:{saved.mapping_id}",
        {"profile": "cases", "version": 1, "headers": 2, "codes": 1, "places": 0},
    )
    assert deeds(db) == [("import_mapping:save", *about), ("import_mapping:delete", *about)]
    assert all_of(db, town) == []


def test_a_name_that_is_taken_is_replaced_only_by_whoever_saw_what_stands_there(db, town):
    save(db, town)
    with refused(MappingProblem.NAME_TAKEN):
        save(db, town)
    better = FileMapping(headers={"闹啥子": "title"})
    assert save(db, town, mapping=better, version=1).version == 2
    with refused(MappingProblem.CHANGED):
        save(db, town, version=1)
    with refused(MappingProblem.GONE):
        save(db, town, name="没有", version=1)
    (kept,) = all_of(db, town)
    assert kept.mapping == better


def test_another_towns_importer_may_use_it_but_neither_change_nor_delete_it(db, world, town, other):
    saved = save(db, town)
    with refused(MappingProblem.OF_OTHERS):
        save(db, other, version=1)
    with refused(MappingProblem.OF_OTHERS):
        delete_mapping(db, mapping_id=saved.mapping_id, expected_version=1, actor=other, now=NOW)
    boss = world.actor("县里")
    assert save(db, boss, version=1).actor == "县里"
    # Now it is the county's: who saved it last owns it.
    with refused(MappingProblem.OF_OTHERS):
        delete_mapping(db, mapping_id=saved.mapping_id, expected_version=2, actor=town, now=NOW)


def test_deleting_asks_for_the_version_that_was_seen(db, town):
    saved = save(db, town)
    with refused(MappingProblem.CHANGED):
        delete_mapping(db, mapping_id=saved.mapping_id, expected_version=7, actor=town, now=NOW)
    with refused(MappingProblem.GONE):
        delete_mapping(db, mapping_id=99, expected_version=1, actor=town, now=NOW)
    assert len(all_of(db, town)) == 1


@pytest.mark.parametrize(
    ("over", "problem"),
    [
        ({"name": "  "}, MappingProblem.NAME_MISSING),
        ({"name": "长" * (NAME_LONGEST + 1)}, MappingProblem.NAME_LONG),
        ({"mapping": FileMapping()}, MappingProblem.EMPTY),
        (
            {"mapping": FileMapping(headers={"甲": "no_such_column"})},
            MappingProblem.NOT_UNDERSTOOD,
        ),
        (
            {"mapping": FileMapping(headers={"长" * 101: "title"})},
            MappingProblem.NOT_UNDERSTOOD,
        ),
        (
            {"mapping": FileMapping(codes={"case_type": {"扯皮": "7777"}})},
            MappingProblem.NOT_UNDERSTOOD,
        ),
        (
            {"mapping": FileMapping(codes={"no_such_list": {"扯皮": "01"}})},
            MappingProblem.NOT_UNDERSTOOD,
        ),
        (
            {"mapping": FileMapping(places={"老安仁镇": "999999999"})},
            MappingProblem.NOT_UNDERSTOOD,
        ),
        (
            {"mapping": FileMapping(places={str(n): "1" for n in range(401)})},
            MappingProblem.NOT_UNDERSTOOD,
        ),
    ],
)
def test_what_cannot_be_meant_is_not_saved(db, town, over, problem):
    with refused(problem):
        save(db, town, **over)
    assert all_of(db, town) == []
    assert deeds(db) == []


def test_places_are_units_of_the_county(db, world, town):
    with db.read() as session:
        code = session.get(OrganisationUnit, world.town_a).code
    saved = save(db, town, mapping=FileMapping(places={"老安仁镇": code}))
    assert saved.mapping.places == {"老安仁镇": code}


def test_a_header_that_could_be_somebodys_number_is_not_kept(db, town):
    slipped = FileMapping(headers={"闹啥子": "title", "13812345678": "", "510129199001011234": ""})
    save(db, town, mapping=slipped)
    with db.read() as session:
        words = session.scalars(select(ImportMapping.words)).one()
    assert words["headers"] == {"闹啥子": "title"}


def test_who_may_not_import_saves_and_deletes_nothing(db, world, town):
    saved = save(db, town)
    nobody = world.actor("旁人", permissions=[Permission.CASE_READ])
    with pytest.raises(NotAllowed):
        save(db, nobody, name="别的")
    with pytest.raises(NotAllowed):
        delete_mapping(db, mapping_id=saved.mapping_id, expected_version=1, actor=nobody, now=NOW)


def test_of_two_who_take_one_name_at_once_one_is_told(committed):
    world = World(committed)
    actors = [world.actor("甲"), world.actor("乙")]
    start, outcomes = threading.Barrier(2), []

    def run(actor):
        start.wait()
        try:
            outcomes.append(save(committed, actor).version)
        except MappingRefused as refusal:
            outcomes.append(refusal.problem)

    threads = [threading.Thread(target=run, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "1" in map(str, outcomes)
    assert len(all_of(committed, world.system)) == 1
