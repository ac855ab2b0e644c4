"""The code lists that a file's cells may use, with every word that is understood."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy.orm import Session

from data_access import migrate
from data_access.engine import Database, open_engine
from data_access.imports.codes import CodeList, load_code_lists, plain
from data_access.reference import seed_reference
from data_access.vault import open_vault
from docs.reference.markdown import code, page, section, table
from domain.imports import FileMapping

_TITLES: Final = {
    "case_type": "纠纷类型(GB/T 31000-2015 5.56)",
    "event_scale": "事件规模(GB/T 31000-2015)",
    "source_channel": "来源渠道(本地)",
    "outcome": "化解结果(本地)",
    "method": "化解方式(GB/T 31000-2015 5.58)",
    "stage": "当前环节(本地)",
    "difficulty": "难易程度(本地)",
    "risk": "风险等级(本地)",
    "sex": "性别(GB/T 2261.1)",
    "document": "证件种类(GA/T 517)",
    "level": "组织层级(GB/T 31000-2015 表 37)",
    "committee_kind": "调委会类型(本地)",
}
# The dispute types again, with one word more.
_OF_TYPES: Final = "speciality"


def import_codes_page() -> str:
    """Every list by the name that the columns' page uses."""
    with _new_site() as session:
        lists = load_code_lists(session, FileMapping()).lists
    types, specialities = lists["case_type"], lists[_OF_TYPES]
    more = [one for one in specialities.names if one not in types.names]
    named = "、".join(f"{specialities.names[one]}({_words(specialities, one)})" for one in more)
    return page(
        "导入的代码表",
        "代码列里写代码、名称,或两样一起写(`0402 物业及其管理`)都行;"
        "被表格软件丢掉的前导零会补回。空格和标点写不写都行,“也可写作”里的字样就没有写它们。"
        "纠纷类型的小类前面可以加上大类(`邻里纠纷其他`);单写 `其他` 是 `99`。",
        *(
            section(f"{code(name)} {_TITLES[name]}", _list(lists[name]))
            for name in (*_TITLES, *sorted(set(lists) - {*_TITLES, _OF_TYPES}))
        ),
        section(
            f"{code(_OF_TYPES)} 专长",
            f"与 {code('case_type')} 相同,另有{named};几个之间用 、 或 ; 隔开。",
        ),
    )


def code_names(name: str) -> dict[str, str]:
    """The names of a list by code."""
    with _new_site() as session:
        return dict(load_code_lists(session, FileMapping()).lists[name].names)


def _list(codes: CodeList) -> str:
    return table(
        ("代码", "名称", "也可写作"),
        [(code(one), codes.names[one], _words(codes, one)) for one in _ordered(codes)],
    )


def _ordered(codes: CodeList) -> list[str]:
    """By number; what has no number stays in the order of the list."""
    return sorted(codes.names, key=lambda one: one if one.isdigit() else "")


def _words(codes: CodeList, one: str) -> str:
    """What is written for a code besides itself, its name, and its name behind its group's."""
    name, group = codes.names[one], codes.names.get(one[:2], "")
    known = {plain(word) for word in (one, one.lstrip("0"), name, group + name)}
    return "、".join(w for w, meant in codes.by_word.items() if meant == one and w not in known)


@contextmanager
def _new_site() -> Iterator[Session]:
    """The tables of a new site, as every site begins with them."""
    with TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'reference.db'}")
        migrate.upgrade(engine)
        db = Database(engine, open_vault(Path(folder) / "secret.key", create=True))
        db.write(seed_reference)
        with db.read() as session:
            yield session
        db.dispose()
