"""The first day of docs/tutorial, done as it is written: every block and every numbered step."""

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import ROOT, Watch, open_list, sign_in
from tests.server.conftest import free_port

TUTORIAL = ROOT / "docs/tutorial/first-day.md"
NOT_COPIED = (".git", ".venv", "data", "test-results", "__pycache__", ".*_cache", ".hypothesis")
ADDRESS = "127.0.0.1:8501"
SLOW = 15_000

# ------------------------------------------------------------------ what the page tells to do


@dataclass(frozen=True)
class Command:
    """A line after `$`, and the lines that stand below it."""

    line: str
    shown: str
    stays: bool  # in the terminal of the server


@dataclass(frozen=True)
class Deed:
    """A numbered step: what is done in the browser, by the name in its mark."""

    name: str


MARK = re.compile(r"<!-- ([a-z-]+) -->")
NUMBERED = re.compile(r"\d+\. (.+)")
FENCE = re.compile(r"```console( 服务)?")


def steps_of(text):
    """The commands and deeds of a page in their order. A numbered step without a mark is None."""
    steps, inside, stays = [], False, False
    for line in text.splitlines():
        if inside:
            if line == "```":
                inside = False
            elif line.startswith("$ "):
                steps.append(Command(line[2:], "", stays))
            else:
                before = steps.pop()
                steps.append(Command(before.line, f"{before.shown}{line}\n", stays))
        elif fence := FENCE.fullmatch(line):
            inside, stays = True, bool(fence[1])
        elif numbered := NUMBERED.match(line):
            mark = MARK.search(numbered[1])
            steps.append(Deed(mark[1]) if mark else None)
    return steps


def test_a_page_is_read_as_people_read_it():
    page = (
        "```console\n$ a\nx\n…\n$ b\n```\n1. do <!-- it -->\n2. forgot\n```console 服务\n$ c\n```"
    )
    assert steps_of(page) == [
        Command("a", "x\n…\n", stays=False),
        Command("b", "", stays=False),
        Deed("it"),
        None,
        Command("c", "", stays=True),
    ]


# ------------------------------------------------------------------------------ the terminal


def pattern_of(shown):
    """What must be seen: line by line, where … stands for anything, alone for any lines."""
    anything = {"…": r"(?:[^\n]*\n)*?"}
    lines = shown.splitlines()
    return "".join(
        anything.get(line) or "[^\\n]*?".join(map(re.escape, line.split("…"))) + r"\n"
        for line in lines
    )


def test_what_is_shown_is_compared_line_by_line():
    assert re.fullmatch(pattern_of("one … three\n…\nend\n"), "one two three\nx\ny\nend\n")
    assert re.fullmatch(pattern_of("…\nend\n"), "end\n")
    assert not re.fullmatch(pattern_of("one … three\n"), "one two\nthree\n")
    assert not re.fullmatch(pattern_of("one\n"), "one\nmore\n")


class Terminal:
    """A person's shell, which remembers its folder and its variables from line to line."""

    def __init__(self, home, environment):
        self._shell = subprocess.Popen(
            ["/bin/bash", "--noprofile", "--norc"],
            cwd=home,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, line):
        """Run a line. Returns its status and all that it showed."""
        self._shell.stdin.write(f'{line}\necho "-- end $?"\n')
        self._shell.stdin.flush()
        shown = []
        for answer in self._shell.stdout:
            if end := re.fullmatch(r"-- end (\d+)\n", answer):
                return int(end[1]), "".join(shown)
            shown.append(answer)
        raise AssertionError(f"the shell is gone: {''.join(shown)}")

    def leave_running(self, line, log):
        """Start a line that stays, its words in a file."""
        self._shell.stdin.write(f"exec {line} >{log} 2>&1\n")
        self._shell.stdin.flush()

    def close(self):
        os.killpg(self._shell.pid, signal.SIGTERM)
        try:
            self._shell.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(self._shell.pid, signal.SIGKILL)
            self._shell.wait()
        self._shell.stdin.close()
        self._shell.stdout.close()


# ------------------------------------------------------------------------------- the browser

ADMINISTRATOR = {"login": "admin.li", "password": "Di-yi-ge-2026"}
TOWN = {"login": "wang.fang", "password": "An-ren-zhen-2026"}
PLACE = "和众社区 第1网格"


class Deeds:
    """What the numbered steps do: each method without an underscore is one, named as its mark.

    The administrator and the colleague in the town each have a browser.
    """

    def __init__(self, administrator, town, day):
        self._admin, self._town, self._day = administrator, town, day

    def open_setup(self):
        self._admin.goto(f"{self._day.url}/setup")

    def fill_setup(self):
        entered = {
            "code": self._day.seen(r"一次性设置码:(\S+)"),
            "county_name": "大邑县",
            "county_code": "510129",
            "login": ADMINISTRATOR["login"],
            "name": "李管理",
            "password": ADMINISTRATOR["password"],
            "repeated": ADMINISTRATOR["password"],
        }
        for name, value in entered.items():
            self._admin.locator(f"input[name={name}]").fill(value)

    def submit_setup(self):
        self._admin.get_by_role("button", name="建立").click()
        expect(self._admin.get_by_role("button", name="登录")).to_be_visible()

    def sign_in_as_administrator(self):
        sign_in(self._admin, **ADMINISTRATOR)
        expect(_total(self._admin)).to_have_text("0", timeout=SLOW)
        expect(self._admin.locator(".person").first).to_contain_text("李管理")

    def open_imports(self):
        self._open_from_menu("导入")

    def choose_file(self):
        with self._admin.expect_file_chooser() as chooser:
            self._admin.get_by_role("button", name="选择文件").click()
        chooser.value.set_files(self._day.home / "wusong-desk/docs/samples/cases.csv")

    def rehearse(self):
        expect(self._admin.get_by_text("36 列导入,6 列不导入")).to_be_visible(timeout=SLOW)
        self._admin.get_by_role("button", name="下一步:预演(不写入)").click()

    def take_in(self):
        button = self._admin.get_by_role("button", name="导入 14 行:新增 14,更新 0;退回 0")
        button.click(timeout=SLOW)

    def see_the_cases(self):
        expect(self._admin.get_by_text("已导入“cases.csv”")).to_be_visible(timeout=SLOW)
        self._open_from_menu("纠纷队列", section="办理")
        expect(_total(self._admin)).to_have_text("13", timeout=SLOW)

    def open_people(self):
        self._open_from_menu("人员")

    def fill_account(self):
        self._admin.get_by_role("button", name="新建账号").click(timeout=SLOW)
        form = self._admin.get_by_role("dialog")
        form.get_by_label("用户名").fill(TOWN["login"])
        form.get_by_label("姓名", exact=True).fill("王芳")
        for label, choice in (("岗位", "镇街工作站"), ("在哪里", "安仁镇")):
            form.get_by_label(label, exact=True).click()
            self._admin.get_by_role("option", name=choice).click()

    def create_account(self):
        self._admin.get_by_role("button", name="建立账号").click()
        shown = self._admin.get_by_role("dialog").locator("[data-testid=stCode] code")
        self._day.one_time_password = shown.inner_text(timeout=SLOW).strip()

    def sign_in_as_the_town(self):
        self._town.goto(self._day.url)
        sign_in(self._town, TOWN["login"], self._day.one_time_password)

    def change_password(self):
        expect(self._town.get_by_role("heading", name="请先修改密码")).to_be_visible()
        self._town.locator("input[name=present]").fill(self._day.one_time_password)
        for name in ("password", "repeated"):
            self._town.locator(f"input[name={name}]").fill(TOWN["password"])
        self._town.get_by_role("button", name="修改").click()

    def see_one_town(self):
        expect(_total(self._town)).to_have_text("7", timeout=SLOW)
        expect(self._town.locator(".row .place").first).to_contain_text("安仁镇")

    def open_the_case(self):
        row = self._town.locator(".row", has_text=PLACE)
        expect(row).to_contain_text("承办 朱静")
        row.get_by_role("button", name=re.compile("改派")).click()
        expect(_drawer(self._town).get_by_text("可以承办")).to_be_visible()
        expect(_drawer(self._town).get_by_text("不能承办及原因")).to_be_visible()

    def reassign(self):
        drawer = _drawer(self._town)
        chosen = drawer.locator("label.person").first
        chosen.click()
        expect(chosen.locator("input")).to_be_checked()
        self._day.chosen = chosen.locator(".name").inner_text()
        open_list(drawer.get_by_label("理由", exact=True))
        self._town.get_by_role("option", name="负荷过高").click()
        drawer.get_by_label("说明").fill("原承办人手上案件过多")
        drawer.get_by_label("说明").blur()
        drawer.get_by_role("button", name=re.compile("确认改派")).click()

    def see_it_done(self):
        expect(self._town.get_by_text(f"已交给 {self._day.chosen}")).to_be_visible()
        expect(_drawer(self._town).get_by_role("button", name="撤销我的改派")).to_be_visible()

    def read_the_trail(self):
        self._admin.keyboard.press("Escape")
        self._open_from_menu("审计")
        # The system's own lines (the day's anchor) may come in between.
        line = self._admin.get_by_role("listitem").filter(has_text="改派案件")
        expect(line).to_contain_text("王芳(wang.fang)", timeout=SLOW)

    def verify_the_trail(self):
        self._admin.get_by_role("button", name="核对", exact=True).click()
        expect(self._admin.get_by_text(re.compile("完整 · .* 条"))).to_be_visible(timeout=SLOW)

    def _open_from_menu(self, title, *, section="管理"):
        self._admin.locator("nav summary", has_text=section).click()
        self._admin.locator("nav").get_by_role("link", name=title, exact=True).click()


def _total(page):
    """How many open cases the queue counts."""
    return page.locator(".tab", has_text="全部").locator(".total")


def _drawer(page):
    return page.get_by_role("dialog")


MARKS = {name.replace("_", "-") for name in vars(Deeds) if not name.startswith("_")}


def test_every_numbered_step_is_done_and_nothing_else():
    steps = steps_of(TUTORIAL.read_text("utf-8"))
    assert None not in steps, "a numbered step has no mark"
    named = [step.name for step in steps if isinstance(step, Deed)]
    assert sorted(named) == sorted(MARKS)


# ------------------------------------------------------------------------------- the first day


class FirstDay:
    """A home folder with a copy of the program, two terminals and what they showed."""

    def __init__(self, home):
        self.home, self.port, self.shown = home, free_port(), ""
        self.url = f"http://127.0.0.1:{self.port}"
        shutil.copytree(ROOT, home / "wusong-desk", ignore=shutil.ignore_patterns(*NOT_COPIED))
        (home / "wusong-desk/.venv").symlink_to(ROOT / ".venv")
        environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "STREAMLIT_SERVER_PORT": str(self.port),
        }
        self.log = home / "server.log"
        self.own, self.servers = Terminal(home, environment), Terminal(home, environment)

    def run(self, command):
        if command.stays and command.shown:
            self.servers.leave_running(command.line, self.log)
            self._wait()
            shown = self.log.read_text("utf-8")
        else:
            terminal = self.servers if command.stays else self.own
            status, shown = terminal.run(command.line)
            assert status == 0, f"$ {command.line}\n{shown}"
        self.shown += shown
        wanted = pattern_of(command.shown.replace(ADDRESS, f"127.0.0.1:{self.port}"))
        said = re.fullmatch(wanted, shown.strip("\n") + "\n") or not command.shown
        assert said, f"$ {command.line}\n{shown}"

    def seen(self, what):
        """The last of what a terminal showed in this form."""
        return re.findall(what, self.shown)[-1]

    def _wait(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:  # noqa: S310
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"the server did not start:\n{self.log.read_text('utf-8')}")

    def close(self):
        self.own.close()
        self.servers.close()


@pytest.fixture
def day(tmp_path):
    first_day = FirstDay(tmp_path)
    yield first_day
    first_day.close()


@pytest.fixture
def windows(day, chromium):
    """Two people's browsers, which ask nobody but the site and have nothing to complain of."""
    watch = Watch(day)
    contexts = [
        chromium.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
        for _person in ("administrator", "town")
    ]
    yield [watch.page(context.new_page()) for context in contexts]
    for context in contexts:
        context.close()
    assert watch.foreign == []
    assert watch.complaints == []


@pytest.mark.timeout(240)
def test_the_first_day_goes_as_it_is_written(day, windows):
    deeds = Deeds(*windows, day)
    try:
        for step in steps_of(TUTORIAL.read_text("utf-8")):
            if isinstance(step, Command):
                day.run(step)
            else:
                getattr(deeds, step.name.replace("-", "_"))()
    except BaseException:
        folder = ROOT / "test-results"
        folder.mkdir(exist_ok=True)
        for page, whose in zip(windows, ("administrator", "town"), strict=True):
            page.screenshot(path=folder / f"first-day-{whose}.png")
        raise
