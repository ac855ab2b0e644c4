"""The command line: the parsers of `python -m data_access` as a page."""

import argparse
from collections.abc import Iterator

from data_access.__main__ import command_line
from docs.reference.markdown import code, page, section, table

_HELP = "-h"


def verbs_page() -> str:
    """Each verb with what must and what may be written after it."""
    parser = command_line()
    return page(
        "命令",
        "在程序所在的目录里运行 `.venv/bin/python -m data_access 命令`。命令可以与服务同时使用,"
        "读同样的[设置](settings.md)。成功返回 0;被拒绝返回 1,并用一句话说明原因;写法不对返回 2。"
        "任何命令后面写 `-h` 显示它的用法。",
        *(section(code(name), *_verb(verb)) for name, verb in verbs(parser).items()),
    )


def verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each verb, in the order in which they are offered."""
    for action in _actions(parser):
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - has no public name
            return dict(action.choices)
    return {}


def _verb(verb: argparse.ArgumentParser) -> Iterator[str]:
    about, actions = verb.description or "", list(_actions(verb))
    yield about if about.endswith("。") else f"{about}。"
    words = " ".join(filter(None, (verb.prog, *map(_usage, actions))))
    yield f"```\n{words}\n```"
    if actions:
        yield table(("参数", "含义", "默认"), [_row(action) for action in actions])
    if below := verbs(verb):
        yield "\n\n".join(
            "\n\n".join((f"### {code(name)}", *_verb(one))) for name, one in below.items()
        )


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """What a parser takes besides -h. argparse tells nobody publicly."""
    return (one for one in parser._actions if _HELP not in one.option_strings)  # noqa: SLF001


def _usage(action: argparse.Action) -> str:
    if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - has no public name
        return "…"
    shown = _shown(action)
    if not action.option_strings:
        return shown if action.nargs not in ("?", "*") else f"[{shown}]"
    return shown if action.required else f"[{shown}]"


def _shown(action: argparse.Action) -> str:
    """`--sheet N`, `--again`, FILE."""
    value = str(action.metavar or action.dest.upper())
    if not action.option_strings:
        return value
    name = action.option_strings[-1]
    return name if action.nargs == 0 else f"{name} {value}"


def _row(action: argparse.Action) -> tuple[str, str, str]:
    about = action.help or ""
    if action.choices and action.metavar is None:
        about += f"({'、'.join(map(str, action.choices))})"
    default = "" if action.default in (None, False, argparse.SUPPRESS) else str(action.default)
    return code(_shown(action)), about, "必写" if action.required else default
