"""How long 10,000 cases take to import: new, unchanged, changed. `make bench` prints it."""

import csv
import io
import random
import time
from datetime import timedelta

import pytest

from data_access.commands.import_file import import_file
from tests.world import NOW, World

ROWS = 10_000
HEADERS = [
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
]


def ledger(*, told: str = "多次协商未果") -> bytes:
    chance = random.Random(510129)
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(HEADERS)
    for number in range(ROWS):
        day = (NOW - timedelta(days=chance.randrange(2, 300))).date()
        over = number % 25 != 0
        town, community = chance.choice((("安仁镇", "和众社区"), ("䢺江镇", "太平社区")))
        writer.writerow(
            [
                f"B{number:07d}",
                f"某某纠纷{number}",
                day.strftime("%Y年%m月%d日"),
                f"{town}{community}某路{number % 99}号",
                "01",
                chance.choice(("0201", "0402", "物业及其管理", "0601")),
                str(chance.randrange(2, 9)),
                f"双方因相邻用水产生矛盾,{told}。" * 3,
                "990",
                f"X{number:09d}",
                f"当事人{number}",
                "男",
                "汉族",
                f"{community}某栋某号",
                "0103",
                f"{community}调委会",
                "张建国",
                str(int(over)),
                "已达成协议" if over else "",
                town,
                community,
                "第1网格",
                "S02",
                day.strftime("%Y/%m/%d 09:30"),
                (day + timedelta(days=1)).isoformat() if over else "",
                "12000",
                "14400000001",
                f"对方{number}",
                "14400000002",
            ]
        )
    return stream.getvalue().encode()


@pytest.mark.bench
@pytest.mark.timeout(0)
def test_ten_thousand_cases(committed, capsys):
    world = World(committed)
    world.mediator("张建国", capacity=100)
    dialect = committed.bind.dialect.name
    for label, content in (
        ("新增", ledger()),
        ("未变", ledger() + b"\n"),
        ("更新", ledger(told="数次协商未果")),
    ):
        start = time.perf_counter()
        report = import_file(
            committed, content=content, file_name="大台账.csv", actor=world.system, now=NOW
        )
        seconds = time.perf_counter() - start
        counts = (report.added, report.changed, report.unchanged, report.rejected)
        told = f"{dialect:<11} {label} {ROWS} 行 {len(content) / 1e6:.1f} MB {seconds:5.1f} s"
        with capsys.disabled():
            print("\n", told, counts)
        assert sum(counts) == ROWS
        assert report.rejected == 0
