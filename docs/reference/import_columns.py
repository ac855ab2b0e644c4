"""The columns of each kind of file: data_access/imports/columns.py as a page."""

from typing import Final

from data_access.imports.columns import COLUMNS, NOT_KEPT, PROFILING, Column, Kind
from docs.reference.markdown import code, page, section, table
from domain.imports import Profile
from texts.imports import profile_name

_KINDS: Final = {
    Kind.TEXT: "文字",
    Kind.DAY: "日期",
    Kind.MOMENT: "日期,可带时间",
    Kind.COUNT: "整数",
    Kind.YUAN: "金额,元",
    Kind.TEN_THOUSAND_YUAN: "金额,万元",
    Kind.YES: "是或否",
    Kind.DEGREES: "度数",
    Kind.NUMBER: "号码",
    Kind.CODE: "代码",
    Kind.CODES: "代码,可多个",
}

# What no field of a column says: what a blank cell means, and what comes of the value.
MEANINGS: Final[dict[Profile, dict[str, str]]] = {
    Profile.UNITS: {
        "code": "镇街 9 位,社区(村)12 位,网格 15 位",
        "level": "不填则看编码的位数",
        "parent": "编码或名称;不填则看编码的前几位",
        "kind": "街道、镇、社区、村、网格;不填则看名称",
        "valid_from": "不填为今天",
        "valid_to": "从这一天起不再使用;下级都已停用才行",
        "successor": "由哪个单位接续;一分为几时写几个,用“、”隔开",
    },
    Profile.COMMITTEES: {
        "committee_code": "一个社区或镇街只有一个调委会时可不填",
        "kind": "不填则看所在地",
        "town": "县级的调委会不填",
        "term_from": "新的调委会必填",
        "term_to": "不填为三年之后(人民调解法第九条)",
        "name": "不填则这一行只是调委会",
        "mediator_code": "不填则在该调委会里按姓名找,找不到即新编",
        "identity": "只留加密的摘要,用来发现本人就是当事人",
        "member": "不填为是",
        "chair": "不填为否",
        "full_time": "不填为否",
        "specialities": "不填为综合",
        "capacity": "不填:专职 15,兼职 3",
        "active": "不填为是",
    },
    Profile.CASES: {
        "occurred_on": "不晚于今天",
        "place": "所属镇街、社区、网格都没填时,从这里认镇街和社区",
        "scale_code": "不填为 01",
        "people_count": "不填为 2",
        "organisation": "成为一方当事人",
        "document": "决定号码怎样核对",
        "identity": "居民身份证号核对校验码",
        "name": "只按完全相同的写法找得到",
        "due_day": "化解的期限,到当天 24:00;早于受理时间则按本县的时限",
        "method": "已化解而没填化解结果时,由此推定结果",
        "committee": "名称或编号",
        "mediator": "能承办的调解员即承办人",
        "settled": "是:已结案;否或不填:仍在办",
        "result": "记入案件的经过",
        "lon": "CGCS2000(与 WGS 84 相差不到一米),73 至 136,存 5 位小数;与纬度同填同空;"
        "GCJ-02 等加偏的先转换",
        "lat": "CGCS2000,3 至 54,存 5 位小数;与经度同填同空",
        "external_no": "下次导入按它找到同一案件",
        "system": "两个系统的编号会相同时填写,与编号一起认案件",
        "source_code": "不填为其他",
        "registered_at": "办理时限从此起算;不填为导入的时间",
        "town": "名称或编码",
        "community": "名称或编码;填了它可不填镇街",
        "grid": "本社区内的名称,或编码",
        "risk": "不填则看事件规模",
        "difficulty": "不填则看人数、金额和风险",
        "outcome_code": "书面协议一律不推定",
        "closed_at": "不填为导入的时间",
        "mediator_code": "先于姓名",
    },
}


def import_columns_page() -> str:
    """Columns by kind of file, then what is dropped and what is not kept, with the reason."""
    return page(
        "导入的列",
        "表头写“列名”或“也可写作”里的任一个都行,空格、标点和(必填)之类的提示不影响。"
        "缺了必填的列(粗体),整个文件不读;必填的格空着,这一行退回。"
        "其余的列可以没有;格空着即没有说,不改动已有的内容。"
        "代码列的写法见[代码表](import-codes.md),怎样导入见[导入表格](../how-to/import.md)。",
        *(_columns(profile) for profile in Profile),
        section(
            "依法不采集的列",
            "列名里有下列字样的,涉及个人画像(个人信息保护法第六条、第二十八条)。"
            "这些列不读、不暂存、不保存,也不能对应到别的列;报告里写明丢弃了哪些:",
            "、".join(PROFILING) + "。",
        ),
        section(
            "标准里有、本系统不保存的列",
            "办理纠纷用不到,所以不读:",
            table(
                ("种类", "列"),
                [(profile_name(profile), "、".join(NOT_KEPT[profile])) for profile in Profile],
            ),
        ),
    )


def _columns(profile: Profile) -> str:
    of_standard = any(column.item for column in COLUMNS[profile])
    head = ("列名", "也可写作", "填什么", "说明")
    about = "“项”是 GB/T 31000-2015 表 30 的数据项,“本地”是表 30 之外的。" if of_standard else ""
    return section(
        profile_name(profile),
        f"种类代码 {code(profile)}。{about}",
        table(
            ("项", *head) if of_standard else head,
            [
                ((str(column.item or "本地"),) if of_standard else ()) + _row(profile, column)
                for column in COLUMNS[profile]
            ],
        ),
    )


def _row(profile: Profile, column: Column) -> tuple[str, ...]:
    header = f"**{column.header}**" if column.required else column.header
    told = (
        "必填" if column.required else "",
        "个人信息" if column.personal else "",
        MEANINGS[profile].get(column.key, ""),
    )
    return header, "、".join(column.aliases), _form(column), ";".join(filter(None, told))


def _form(column: Column) -> str:
    kind = _KINDS[column.kind]
    match column.kind:
        case Kind.TEXT | Kind.NUMBER:
            return f"{kind},最长 {column.longest:,} 字"
        case Kind.COUNT:
            return f"{kind},{column.least:,} 至 {column.most:,}"
        case Kind.CODE | Kind.CODES:
            return f"{kind}:{code(column.codes)}"
        case _:
            return kind
