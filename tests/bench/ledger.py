"""A county's ledger of disputes as a file: as many rows as asked, each with two parties.

Three in ten are open and held by a mediator, the others closed: each row becomes a case with two
parties, an event, a span and an assignment.
"""

import csv
import io
import random
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from xml.sax.saxutils import escape

from tests.world import NOW

MEDIATORS = 200
HEADERS = (
    "外部编号",
    "事件名称",
    "发生日期",
    "发生地点",
    "事件规模",
    "事件类别",
    "涉及人数",
    "事件简述",
    "主要当事人证件代码",
    "主要当事人证件号码",
    "主要当事人姓名",
    "主要当事人性别",
    "主要当事人民族",
    "主要当事人居住详址",
    "化解方式",
    "化解组织",
    "化解责任人姓名",
    "化解是否成功",
    "化解情况",
    "所属镇街",
    "所属社区",
    "所属网格",
    "来源渠道",
    "受理时间",
    "化解日期",
    "涉及金额",
    "主要当事人联系电话",
    "对方当事人姓名",
    "对方当事人联系电话",
)


def mediator_names() -> list[str]:
    """The people whom the ledger names; each must have room for `rows` / 600 cases."""
    return [f"调解员{number:03d}" for number in range(MEDIATORS)]


def rows(count: int, *, told: str) -> Iterator[tuple[str, ...]]:
    """The cells of each row below the headers; `told` is a part of every 事件简述."""
    chance = random.Random(510129)
    names = mediator_names()
    for number in range(count):
        day = (NOW - timedelta(days=chance.randrange(2, 300))).date()
        over = number % 10 > 2
        town, community = (("安仁镇", "和众社区"), ("䢺江镇", "太平社区"))[number % 2]
        yield (
            f"B{number:07d}",
            f"{community}相邻用水纠纷{number}",
            day.strftime("%Y年%m月%d日"),
            f"{town}{community}稻香路{number % 99}号",
            "01",
            ("0201", "0402", "物业及其管理", "0601")[number % 4],
            str(2 + number % 7),
            f"双方因相邻用水产生矛盾,{told}。" * 3,
            "990",
            f"X{number:09d}",
            f"当事人{number}",
            "男",
            "汉族",
            f"{community}{number % 40}栋{number % 300}号",
            "0103",
            "",
            names[number % MEDIATORS],
            "1" if over else "",
            "已达成协议,双方当场履行" if over else "",
            town,
            community,
            "第1网格",
            "S02",
            day.strftime(f"%Y/%m/%d {8 + number % 10:02d}:{number % 60:02d}"),
            (day + timedelta(days=1)).isoformat() if over else "",
            str(number % 50_000),
            f"144{number:08d}",
            f"对方{number}",
            f"145{number:08d}",
        )


@cache
def as_csv(count: int, *, told: str = "多次协商未果") -> bytes:
    """The ledger in UTF-8."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(HEADERS)
    writer.writerows(rows(count, told=told))
    return stream.getvalue().encode()


@cache
def as_workbook(count: int, *, told: str = "多次协商未果") -> bytes:
    """The ledger as spreadsheets save it: each text once, its cells by number."""
    texts: dict[str, int] = {}
    sheet = []
    for number, cells in enumerate((HEADERS, *rows(count, told=told)), start=1):
        places = (texts.setdefault(cell, len(texts)) for cell in cells)
        sheet.append(
            f'<row r="{number}">'
            + "".join(
                f'<c r="{column}{number}" t="s"><v>{place}</v></c>'
                for column, place in zip(_COLUMNS, places, strict=True)
            )
            + "</row>"
        )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in _PARTS.items():
            archive.writestr(name, _XML + part)
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>{"".join(sheet)}</sheetData></worksheet>',
        )
        shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
        archive.writestr("xl/sharedStrings.xml", f'{_XML}<sst xmlns="{_MAIN}">{shared}</sst>')
    return content.getvalue()


_COLUMNS = [chr(65 + number) if number < 26 else f"A{chr(39 + number)}" for number in range(29)]
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_FORMATS = "http://schemas.openxmlformats.org"
_MAIN = f"{_FORMATS}/spreadsheetml/2006/main"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATIONS = f"{_FORMATS}/package/2006/relationships"
_KINDS = f"{_FORMATS}/officeDocument/2006/relationships"
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_FORMATS}/package/2006/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_TYPES}.sharedStrings+xml"/>'
        "</Types>"
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1"'
        f' Type="{_KINDS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_KINDS}"><sheets>'
        '<sheet name="台账" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{_KINDS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_KINDS}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>"
    ),
}
