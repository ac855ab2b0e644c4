"""A county clerk with an office's messy ledger: mapped, tried, taken in, mended, taken in again."""

import re

import pytest
import xlsxwriter
from playwright.sync_api import expect
from python_calamine import CalamineWorkbook

SECONDS = 1_000
IDENTITY, PHONE, NAME = "290129199308277747", "14401365594", "王小明明"
TITLE = "安仁镇2026年矛盾纠纷排查化解台账"
HEAD = [
    *("序号", "编号", "闹啥子", "发生时间", "纠纷类型", "民族"),
    *("姓名", "身份证号", "电话", "镇街", "社区", "备注"),
]
PARTY = 6
ROWS = [
    row.split(",")
    for row in (
        f"1,XC-1,楼上漏水,2026-11-02,0402,汉族,{NAME},{IDENTITY},{PHONE},安仁镇,和众社区,",
        "2,XC-2,停车位,2026年11月3日,扯皮,汉族,李大华,,,安仁镇,和众社区,",
        "3,XC-3,灌溉用水,46329,扯皮,汉族,魏宁,,,老安仁镇,,",
        "4,XC-4,夜间噪声,2026-02-31,邻里纠纷,汉族,周峰,,,安仁镇,和众社区,",
        "5,XC-5,<b>=1+1</b>,2026-11-06,天气,汉族,孙英,,,安仁镇,和众社区,",
    )
]


def messy_ledger(path):
    """Title rows, a head of two rows with a merged part, a total row, a second sheet in front."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        book.add_worksheet("说明").write(0, 0, "本表由安仁镇填写")
        sheet = book.add_worksheet("台账")
        sheet.merge_range(0, 0, 0, len(HEAD) - 1, TITLE)
        sheet.write(1, 0, "填表单位:安仁镇综治中心")
        for place, word in enumerate(HEAD):
            if PARTY <= place < PARTY + 3:
                sheet.write(3, place, word)
            else:
                sheet.merge_range(2, place, 3, place, word)
        sheet.merge_range(2, PARTY, 2, PARTY + 2, "当事人")
        for number, row in enumerate(ROWS, start=4):
            sheet.write_row(number, 0, row)
        sheet.write(len(ROWS) + 4, 0, "合计")
        sheet.write(len(ROWS) + 4, 1, 5)
    return path


def choose(page, what, **option):
    """Choose in one of the tables; its options are made when somebody goes there."""
    select = page.get_by_label(what, exact=True)
    select.focus()
    select.select_option(**option)


def figure(page, name):
    return page.locator(".figures > div", has=page.get_by_text(name, exact=True)).locator("dd")


def step(page):
    return page.locator(".steps .now")


def open_imports(desk, **size):
    """The page without the report of an import before."""
    page = desk("centre-admin", "/imports", **size)
    another = page.get_by_role("button", name="导入下一个文件")
    expect(another.or_(page.get_by_role("button", name="选择文件"))).to_be_visible()
    if another.count():
        another.click()
    expect(step(page)).to_contain_text("选文件")
    return page


def upload(page, path):
    page.locator("input[type=file]").set_input_files(path)
    expect(step(page)).to_contain_text("对应列", timeout=20 * SECONDS)


def rehearse(page, button="下一步:预演(不写入)"):
    page.get_by_role("button", name=button).click()
    expect(page.locator(".st-key-import_run button")).to_be_visible(timeout=30 * SECONDS)


def found_in_queue(page, server, number):
    page.goto(f"{server.url}/queue")
    page.get_by_placeholder(re.compile("案号")).fill(number)
    page.get_by_placeholder(re.compile("案号")).press("Enter")
    return page.locator(".row")


def test_a_messy_ledger_is_mapped_tried_taken_in_mended_and_taken_in_again(desk, server, tmp_path):
    page = open_imports(desk)
    upload(page, messy_ledger(tmp_path / "安仁镇台账.xlsx"))

    # What the product knows it has chosen; of persons nothing is to be read.
    name = page.get_by_label(re.compile("导入为 .*姓名"))
    expect(name).to_have_value("name")
    text = page.locator(".st-key-import_columns").inner_text()
    assert not any(secret in text for secret in (IDENTITY, PHONE, NAME))
    expect(page.get_by_text("依法不采集")).to_be_visible()
    expect(page.get_by_text("还缺必需的列:事件名称")).to_be_visible()
    expect(page.get_by_role("button", name="下一步")).to_be_disabled()
    choose(page, "导入为 闹啥子", value="title")
    expect(page.get_by_text("还缺必需的列")).to_have_count(0)
    rehearse(page)

    # Words that only this office uses are given a meaning, once for all.
    expect(figure(page, "新增")).to_have_text("1 行")
    choose(page, "意思是 扯皮", value="0402")
    choose(page, "意思是 老安仁镇", label="安仁镇")
    page.get_by_role("button", name="保存对照方案").click()
    page.get_by_label("名字").fill("安仁镇台账")
    page.get_by_label("名字").blur()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("已保存“安仁镇台账”")).to_be_visible()
    page.keyboard.press("Escape")
    rehearse(page, "按新的意思再预演")
    expect(figure(page, "新增")).to_have_text("3 行")
    expect(figure(page, "退回")).to_have_text("2 行")
    expect(page.locator("td", has_text="2026-02-31")).to_be_visible()

    page.get_by_role("button", name="导入 5 行:新增 3,更新 0;退回 2").click()
    expect(page.get_by_text("已导入“安仁镇台账.xlsx”")).to_be_visible(timeout=30 * SECONDS)
    with page.expect_download() as waiting:
        page.get_by_role("link", name=re.compile("退回的行 XLSX")).first.click()
    waiting.value.save_as(tmp_path / "退回.xlsx")
    assert re.fullmatch(r"退回的行-第\d+批.xlsx", waiting.value.suggested_filename)

    # Mended in a spreadsheet, and back: the saved mapping knows the file by its headers.
    rows = CalamineWorkbook.from_path(tmp_path / "退回.xlsx").get_sheet_by_index(0).to_python()
    mended = {"2026-02-31": "2026-02-28", "天气": "0402"}
    assert len(rows) == 3
    assert "<b>=1+1</b>" in rows[2]
    with xlsxwriter.Workbook(tmp_path / "改好.xlsx", {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, [mended.get(cell, cell) for cell in row])
    page.get_by_role("button", name="导入下一个文件").click()
    expect(step(page)).to_contain_text("选文件")
    upload(page, tmp_path / "改好.xlsx")
    expect(page.get_by_label("导入为 闹啥子")).to_have_value("title")
    rehearse(page)
    page.get_by_role("button", name="导入 2 行:新增 2,更新 0;退回 0").click()
    expect(page.get_by_text("已导入“改好.xlsx”")).to_be_visible(timeout=30 * SECONDS)
    history = page.locator("table").last.locator("tbody tr")
    expect(history.nth(0)).to_contain_text("改好.xlsx")
    expect(history.nth(1)).to_contain_text("安仁镇台账.xlsx")

    for number in ("XC-1", "XC-3", "XC-4", "XC-5"):
        expect(found_in_queue(page, server, number)).to_have_count(1)


def test_an_import_goes_on_behind_a_closed_tab_and_is_found_again(desk, server, tmp_path):
    lines = ["编号,事件名称,发生日期,事件类别,姓名,镇街"]
    lines += [f"BG-{n},漏水,2026-11-02,0402,王某{n},安仁镇" for n in range(20_000)]
    path = tmp_path / "两万行.csv"
    path.write_text("\n".join(lines), encoding="gb18030")
    page = open_imports(desk)
    upload(page, path)
    page.get_by_role("button", name="下一步:预演(不写入)").click()
    button = page.get_by_role("button", name="导入 20,000 行:新增 20,000,更新 0;退回 0")
    expect(button).to_be_visible(timeout=60 * SECONDS)
    button.click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.goto("about:blank")
    page.goto(f"{server.url}/imports")
    done = page.get_by_text("已导入“两万行.csv”")
    expect(page.get_by_role("progressbar").or_(done)).to_be_visible()
    expect(done).to_be_visible(timeout=90 * SECONDS)
    expect(figure(page, "新增")).to_have_text("20,000 行")
    page.get_by_role("button", name="导入下一个文件").click()
    expect(step(page)).to_contain_text("选文件")


def test_what_is_no_table_is_said_in_words_beside_the_uploader(desk, tmp_path):
    path = tmp_path / "照片.xlsx"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2_000))
    page = open_imports(desk)
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text(re.compile("不是表格文件"))).to_be_visible(timeout=20 * SECONDS)
    expect(page.get_by_role("button", name="选择文件")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080), (390, 844)])
def test_nothing_is_cut_and_the_next_step_is_in_sight(desk, tmp_path, width, height):
    page = open_imports(desk, width=width, height=height)
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(fits)
    upload(page, messy_ledger(tmp_path / "安仁镇台账.xlsx"))
    expect(page.get_by_role("button", name="下一步")).to_be_in_viewport()
    choose(page, "导入为 闹啥子", value="title")
    table = page.locator("table").first
    assert table.evaluate("table => table.getBoundingClientRect().right <= innerWidth")
    assert page.evaluate(fits)
    expect(page.get_by_text("还缺必需的列")).to_have_count(0)
    rehearse(page)
    expect(page.locator(".st-key-import_run button")).to_be_in_viewport()
    assert page.evaluate(fits)
