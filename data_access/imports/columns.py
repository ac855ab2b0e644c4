"""The columns that each kind of file may have, those that it must not, and those of no use here.

The 27 items of GB/T 31000-2015 table 30 keep the standard's names. What the standard does not have
and a county needs (number, channel, acceptance, place in the organisation) is local.
"""

from dataclasses import dataclass
from enum import StrEnum

from domain.imports import Profile


class Kind(StrEnum):
    """How a cell is read."""

    TEXT = "text"
    DAY = "day"
    MOMENT = "moment"
    COUNT = "count"
    YUAN = "yuan"
    TEN_THOUSAND_YUAN = "ten_thousand_yuan"
    YES = "yes"
    DEGREES = "degrees"
    NUMBER = "number"  # a name by which something is found: identity, phone, case number, system
    CODE = "code"
    CODES = "codes"


@dataclass(frozen=True, slots=True)
class Column:
    """One known column. `item` is its number in table 30; `personal`: never shown in a report.

    `least` and `most` bound a count; `longest` is in characters; `codes` names a list in codes.py.
    """

    key: str
    header: str
    aliases: tuple[str, ...] = ()
    kind: Kind = Kind.TEXT
    required: bool = False
    personal: bool = False
    longest: int = 100
    least: int = 0
    most: int = 999_999
    codes: str = ""
    item: int = 0


def _text(key: str, header: str, *aliases: str, longest: int = 100, item: int = 0) -> Column:
    return Column(key, header, aliases, longest=longest, item=item)


def _person(
    key: str, header: str, *aliases: str, longest: int, kind: Kind = Kind.TEXT, item: int = 0
) -> Column:
    return Column(key, header, aliases, kind, personal=True, longest=longest, item=item)


def _degrees(key: str, header: str, *international: str, item: int) -> Column:
    """Half of the point of a dispute."""
    words = tuple(word.format(header) for word in _POINTS)
    return Column(key, header, (*words, *international), Kind.DEGREES, personal=True, item=item)


def _code(key: str, header: str, codes: str, *aliases: str, item: int = 0) -> Column:
    return Column(key, header, aliases, Kind.CODE, codes=codes, item=item)


def _required(column: Column) -> Column:
    return Column(
        column.key,
        column.header,
        column.aliases,
        column.kind,
        required=True,
        personal=column.personal,
        longest=column.longest,
        codes=column.codes,
        item=column.item,
    )


_POINTS = ("发生地{}", "发生地点{}", "事发地{}", "事发地点{}", "地点{}", "{}坐标")

_TOWN = _text("town", "所属镇街", "镇街", "所属乡镇", "乡镇", "乡镇街道", "所属街道", "街道")
_COMMUNITY = _text("community", "所属社区", "社区", "村社区", "所属村社区", "所属村")

_CASES = (
    _required(_person("title", "事件名称", "纠纷名称", "案件名称", "主题", longest=100, item=1)),
    Column(
        "occurred_on",
        "发生日期",
        ("发生时间", "事发日期", "事件发生日期"),
        Kind.DAY,
        required=True,
        item=2,
    ),
    _person("place", "发生地点", "发生地址", "事发地点", longest=100, item=3),
    _code("scale_code", "事件规模", "event_scale", item=4),
    _required(
        _code("type_code", "事件类别", "case_type", "纠纷类型", "纠纷类别", "事件类型", item=5)
    ),
    Column("people_count", "涉及人数", ("当事人数", "人数"), Kind.COUNT, least=1, item=6),
    _person("summary", "事件简述", "简要情况", "案情简介", "基本情况", longest=4000, item=7),
    _person("organisation", "涉及单位", longest=100, item=8),
    _code("document", "主要当事人证件代码", "document", "证件代码", "证件类型", item=9),
    _person(
        "identity",
        "主要当事人证件号码",
        "证件号码",
        "身份证号",
        "身份证号码",
        "公民身份号码",
        longest=50,
        kind=Kind.NUMBER,
        item=10,
    ),
    _required(
        _person(
            "name",
            "主要当事人姓名",
            "姓名",
            "当事人姓名",
            "主要当事人",
            "当事人",
            "申请人",
            "申请人姓名",
            longest=80,
            item=11,
        )
    ),
    _code("sex", "主要当事人性别", "sex", "性别", item=12),
    _person("address", "主要当事人居住详址", "居住详址", "居住地址", "住址", longest=200, item=16),
    Column("due_day", "化解时限", ("调解时限", "办理时限"), Kind.DAY, item=17),
    _code("method", "化解方式", "method", "调解方式", item=18),
    _text("committee", "化解组织", "调解组织", "调委会", "调委会名称", "承办单位", item=19),
    _text(
        "mediator",
        "化解责任人姓名",
        "化解责任人",
        "调解员",
        "调解员姓名",
        "承办人",
        longest=50,
        item=20,
    ),
    Column("settled", "化解是否成功", ("是否化解成功", "是否成功"), Kind.YES, item=22),
    _person("result", "化解情况", "办理情况", longest=4000, item=23),
    _degrees("lon", "经度", "lon", "lng", "longitude", item=26),
    _degrees("lat", "纬度", "lat", "latitude", item=27),
    Column(
        "external_no",
        "外部编号",
        ("编号", "案件编号", "事件编号", "服务单号", "工单编号"),
        Kind.NUMBER,
        longest=40,
    ),
    Column("system", "来源系统", (), Kind.NUMBER, longest=20),
    _code("source_code", "来源渠道", "source_channel", "来源方式", "案件来源", "来源"),
    Column(
        "registered_at",
        "受理时间",
        ("受理日期", "登记时间", "登记日期", "录入时间"),
        Kind.MOMENT,
    ),
    Column("amount_yuan", "涉及金额", ("涉案金额", "标的额", "金额"), Kind.YUAN),
    Column("amount_wan", "涉及金额(万元)", ("涉案金额(万元)",), Kind.TEN_THOUSAND_YUAN),
    _TOWN,
    _COMMUNITY,
    _text("grid", "所属网格", "网格", "发生网格", "网格名称"),
    _code("risk", "风险等级", "risk", "风险级别"),
    _code("difficulty", "难易程度", "difficulty", "难易等级"),
    _code("stage", "当前环节", "stage", "环节", "办理状态", "当前状态", "状态"),
    _code("outcome_code", "化解结果", "outcome", "调解结果", "结案方式"),
    Column("closed_at", "化解日期", ("结案日期", "办结日期", "结案时间", "化解时间"), Kind.MOMENT),
    Column("mediator_code", "调解员编码", ("调解员编号",), Kind.NUMBER, longest=32),
    _person("phone", "主要当事人联系电话", "联系电话", "手机号码", longest=50, kind=Kind.NUMBER),
    _person("other_name", "对方当事人姓名", "对方当事人", "被申请人", longest=80),
    _person("other_identity", "对方当事人证件号码", longest=50, kind=Kind.NUMBER),
    _person("other_phone", "对方当事人联系电话", longest=50, kind=Kind.NUMBER),
    _person("other_address", "对方当事人居住详址", longest=200),
)

_UNITS = (
    Column(
        "code",
        "编码",
        ("单位编码", "网格编码", "社区编码", "区划代码", "统计用区划代码"),
        Kind.NUMBER,
        required=True,
        longest=15,
    ),
    _required(_text("name", "名称", "单位名称", "网格名称", "社区名称", longest=80)),
    _code("level", "层级", "level", "级别"),
    _text("parent", "上级编码", "上级单位", "上级", "所属社区", "上级单位编码", "所属社区编码"),
    _text("kind", "类别", "单位类别", longest=20),
    Column("households", "户数", ("网格户数",), Kind.COUNT),
    Column("valid_from", "启用日期", ("生效日期", "成立日期"), Kind.DAY),
    Column("valid_to", "停用日期", ("失效日期", "撤销日期"), Kind.DAY),
    Column("successor", "继任编码", ("并入单位编码", "继任单位"), Kind.TEXT),
)

_COMMITTEES = (
    _required(_text("committee_name", "调委会名称", "调委会", "调解组织", longest=80)),
    Column("committee_code", "调委会编码", ("调委会编号", "组织编码"), Kind.NUMBER, longest=32),
    _code("kind", "调委会类型", "committee_kind", "组织类型"),
    _TOWN,
    _COMMUNITY,
    Column("term_from", "任期开始", ("任期起", "换届日期"), Kind.DAY),
    Column("term_to", "任期届满", ("任期止",), Kind.DAY),
    _text("name", "姓名", "调解员姓名", "调解员", longest=40),
    Column("mediator_code", "调解员编码", ("调解员编号",), Kind.NUMBER, longest=32),
    _code("sex", "性别", "sex"),
    _person(
        "identity",
        "证件号码",
        "身份证号",
        "身份证号码",
        "公民身份号码",
        longest=50,
        kind=Kind.NUMBER,
    ),
    Column("member", "是否委员", ("委员",), Kind.YES),
    Column("chair", "是否主任", ("主任",), Kind.YES),
    Column("full_time", "是否专职", ("专职", "专兼职"), Kind.YES),
    Column("specialities", "专长", ("业务专长", "擅长领域"), Kind.CODES, codes="speciality"),
    Column("capacity", "在办上限", ("办案上限",), Kind.COUNT, most=200),
    Column("active", "是否在岗", ("在岗", "在岗状态"), Kind.YES),
)

COLUMNS: dict[Profile, tuple[Column, ...]] = {
    Profile.UNITS: _UNITS,
    Profile.COMMITTEES: _COMMITTEES,
    Profile.CASES: _CASES,
}

# In the standards, but of no use here: telephone numbers of staff, appraisals.
NOT_KEPT: dict[Profile, tuple[str, ...]] = {
    Profile.UNITS: (
        "网格长姓名",
        "网格员姓名",
        "性别",
        "出生日期",
        "手机号码",
        "固定电话",
        "网格员数量",
        "网格面积",
        "负责人",
        "联系方式",
    ),
    Profile.COMMITTEES: ("出生日期", "手机号码", "固定电话", "联系电话", "联系方式", "职务"),
    Profile.CASES: ("化解责任人联系方式", "考评日期", "考评意见"),
}

# Columns that profile persons are dropped at the door, whatever they are called around these words
# (PIPL 6 and 28: least data; specific identity, belief and health are sensitive).
PROFILING = (
    *("民族", "学历", "文化程度", "教育程度", "人员类别", "人员类型", "特殊人群", "重点人员"),
    *("政治面貌", "党员", "婚姻状况", "婚姻情况", "婚否", "宗教", "信仰"),
    *("健康状况", "病史", "残疾", "犯罪", "前科", "吸毒", "兵役", "血型", "人脸", "指纹"),
)
