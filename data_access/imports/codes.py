"""Coded fields: a cell may hold the code, the name, or both ("0402 物业及其管理")."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.imports.values import BadValue
from data_access.tables import CaseType, Code
from domain.cases import Difficulty, Risk, Stage
from domain.eligibility import GENERAL, CommitteeKind
from domain.imports import FileMapping, RejectReason
from domain.organisation import UnitLevel

_PUNCTUATION = re.compile(r"[\s()\[\]《》〈〉“”\"'、,，;；:：/\\|·\-_—.。]+")
_CODE_AND_NAME = re.compile(r"([A-Z]?[0-9]{2,6})(.+)")


def plain(name: str) -> str:
    """A name without blanks and punctuation, so that 村(社区)选举 and 村（社区）选举 are one."""
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", name)).casefold()


@dataclass(frozen=True)
class CodeList:
    """One list of codes with everything that people write for them."""

    names: Mapping[str, str]
    by_word: Mapping[str, str]

    def code(self, text: str) -> str:
        """The code that a cell means. Raises BadValue where there is none, or two that differ."""
        word = plain(text)
        if found := self.by_word.get(word):
            return found
        if match := _CODE_AND_NAME.fullmatch(word.upper()):
            code = self.by_word.get(match[1].casefold())
            if code is not None and self.by_word.get(match[2].casefold(), code) == code:
                return code
        raise BadValue(RejectReason.NOT_A_CODE)


def code_list(entries: Iterable[tuple[str, str, tuple[str, ...]]]) -> CodeList:
    """A list from (code, name, other words). An earlier entry keeps a word that a later one claims.

    A code of digits is also found without its leading zero, which spreadsheets like to drop.
    """
    names: dict[str, str] = {}
    by_word: dict[str, str] = {}
    for code, name, words in entries:
        names[code] = name
        short = (code.lstrip("0"),) if code.isdigit() and code.strip("0") else ()
        for word in (code, *short, name, *words):
            by_word.setdefault(plain(word), code)
    return CodeList(names, by_word)


@dataclass(frozen=True)
class CodeLists:
    """All lists that the columns of a file may refer to, by the name that columns.py uses."""

    lists: Mapping[str, CodeList]

    def code(self, kind: str, text: str) -> str:
        """The code that a cell of this kind means; BadValue where there is none."""
        return self.lists[kind].code(text)


def load_code_lists(session: Session, mapping: FileMapping) -> CodeLists:
    """The county's lists from the database and the fixed ones of the standards.

    What `mapping` says a word means goes before what it means to everybody else.
    """
    lists = dict(_FIXED)
    lists["case_type"] = _case_types(session)
    lists["speciality"] = _with_general(lists["case_type"])
    for kind in ("event_scale", "source_channel", "outcome"):
        rows = session.execute(
            select(Code.code, Code.name_zh).where(Code.kind == kind).order_by(Code.code)
        )
        lists[kind] = code_list((code, name, _OTHER_WORDS.get(code, ())) for code, name in rows)
    return CodeLists({name: _mapped(one, mapping.codes.get(name)) for name, one in lists.items()})


def _mapped(known: CodeList, words: Mapping[str, str] | None) -> CodeList:
    meant = {plain(word): code for word, code in (words or {}).items() if code in known.names}
    return CodeList(known.names, {**known.by_word, **meant})


def _case_types(session: Session) -> CodeList:
    """GB/T 31000 5.56. 其他 alone is 99; that of a group is written 邻里纠纷其他 or by its code."""
    rows = session.execute(
        select(CaseType.code, CaseType.name_zh, CaseType.parent_code).order_by(CaseType.code)
    ).all()
    names = {row.code: row.name_zh for row in rows}
    groups = [row for row in rows if row.parent_code is None]
    kinds = [row for row in rows if row.parent_code is not None]
    unique = {plain(row.name_zh) for row in kinds}
    entries = [(row.code, row.name_zh, (row.name_zh.removesuffix("纠纷"),)) for row in groups]
    for row in kinds:
        of_group = names[row.parent_code] + row.name_zh
        alone = plain(row.name_zh) in unique and row.name_zh != "其他"
        entries.append((row.code, row.name_zh if alone else of_group, (of_group,)))
    return code_list(entries)


def _with_general(types: CodeList) -> CodeList:
    general = dict.fromkeys(map(plain, ("综合", "通用", "不限", GENERAL)), GENERAL)
    return CodeList({**types.names, GENERAL: "综合"}, {**types.by_word, **general})


_OTHER_WORDS = {
    "S02": ("群众来访", "来访", "窗口"),
    "S05": ("依申请", "申请"),
    "S06": ("主动", "主动排查"),
    "S07": ("12345", "12345热线", "热线转办"),
    "S08": ("110", "警调对接"),
    "S09": ("法院", "法院委派", "法院委托", "诉调对接"),
    "S10": ("检察院",),
    "S11": ("信访", "访调对接"),
    "S12": ("上级交办", "部门交办", "交办"),
    "O01": ("书面", "书面协议", "书面调解协议"),
    "O02": ("口头", "口头协议", "口头调解协议"),
    "O03": ("和解", "自行和解"),
    "O04": ("调解不成",),
    "O09": ("诉讼", "引导诉讼"),
}

_FIXED: dict[str, CodeList] = {
    # GB/T 2261.1. 未知 is kept as 未说明: the product has no use for the difference.
    "sex": code_list(
        (("1", "男", ("男性",)), ("2", "女", ("女性",)), ("9", "未说明", ("0", "未知", "不详")))
    ),
    # GA/T 517, the kinds that people bring to a mediation.
    "document": code_list(
        (
            ("111", "居民身份证", ("身份证", "二代身份证", "公民身份号码")),
            ("112", "临时居民身份证", ("临时身份证",)),
            ("113", "户口簿", ("户口本",)),
            ("114", "军官证", ("中国人民解放军军官证",)),
            ("115", "警官证", ("武警警官证", "123")),
            ("414", "普通护照", ("护照",)),
            ("511", "台湾居民来往大陆通行证", ("台胞证",)),
            ("516", "港澳居民来往内地通行证", ("回乡证", "港澳通行证")),
            ("553", "外国人永久居留身份证", ("外国人永久居留证",)),
            ("990", "其他", ("其他证件",)),
        )
    ),
    # GB/T 31000 5.58 化解方式.
    "method": code_list(
        (
            ("01", "调解", ()),
            ("0101", "司法调解", ()),
            ("0102", "行政调解", ()),
            ("0103", "人民调解", ()),
            ("0104", "仲裁调解", ()),
            ("0105", "商事调解", ()),
            ("0106", "行业调解", ()),
            ("0107", "律师调解", ()),
            ("0199", "其他调解", ()),
            ("02", "仲裁", ()),
            ("0201", "民商事仲裁", ()),
            ("0202", "农村土地承包经营纠纷仲裁", ("土地仲裁",)),
            ("0203", "劳动人事争议仲裁", ("劳动仲裁",)),
            ("0204", "其他仲裁", ()),
            ("03", "行政复议", ()),
            ("04", "行政裁决", ()),
            ("05", "诉讼", ()),
            ("06", "协商和解", ("和解",)),
        )
    ),
    "stage": code_list(
        (
            (Stage.REGISTERED, "待受理", ("登记", "已登记")),
            (Stage.ACCEPTED, "待指派", ("已受理", "待分派", "待交办")),
            (Stage.IN_MEDIATION, "调解中", ("办理中", "化解中", "未化解")),
            (Stage.PERFORMANCE, "待履行", ("履行中",)),
            (Stage.CONFIRMATION, "待确认", ("待司法确认", "司法确认中")),
            (Stage.CLOSED, "已结", ("已结案", "结案", "办结", "已办结", "已化解", "归档")),
        )
    ),
    "difficulty": code_list(
        (
            (Difficulty.SIMPLE, "简易", ("简单",)),
            (Difficulty.ORDINARY, "一般", ("普通",)),
            (Difficulty.COMPLEX, "疑难复杂", ("疑难", "复杂")),
            (Difficulty.MAJOR, "重大", ("特别重大",)),
        )
    ),
    "risk": code_list(
        (
            (str(Risk.RED.value), "红", ("红色", "重大风险", "一级")),
            (str(Risk.ORANGE.value), "橙", ("橙色", "高", "高风险", "二级")),
            (str(Risk.YELLOW.value), "黄", ("黄色", "中", "中风险", "三级")),
            (str(Risk.BLUE.value), "蓝", ("蓝色", "低", "低风险", "四级")),
        )
    ),
    # GB/T 31000 5.2 with the local grid level.
    "level": code_list(
        (
            (UnitLevel.TOWN, "乡镇、街道", ("乡镇", "镇街", "镇", "街道", "乡")),
            (UnitLevel.COMMUNITY, "村、社区", ("村社区", "社区", "村", "社区村")),
            (UnitLevel.GRID, "网格", ()),
        )
    ),
    "committee_kind": code_list(
        (
            (CommitteeKind.COMMUNITY, "村(社区)调委会", ("村社区", "社区", "村", "村居")),
            (CommitteeKind.TOWN, "乡镇(街道)调委会", ("乡镇街道", "镇街", "乡镇", "镇", "街道")),
            (
                CommitteeKind.INDUSTRY,
                "行业性、专业性调委会",
                ("行业", "专业", "行业性", "专业性", "行业专业"),
            ),
            (CommitteeKind.BRAND_ROOM, "品牌调解室", ("调解室", "个人调解室")),
        )
    ),
}
