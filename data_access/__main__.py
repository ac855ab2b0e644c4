"""`python -m data_access VERB`: what is done beside the screens. All verbs work beside a server."""

import argparse
import sys

from data_access import backup_verbs, identity_verbs, replay_verbs, site_verbs, trail_verbs
from data_access.demo.verbs import add_parser as add_demo_verbs
from data_access.imports.verbs import add_parser as add_import_verbs
from domain.errors import Refusal
from texts import gettext as _
from texts.sentences import explain


def command_line() -> argparse.ArgumentParser:
    """Every verb with its options; the reference is written from it too."""
    parser = argparse.ArgumentParser(prog="python -m data_access", description=_("无讼台命令行"))
    verbs = parser.add_subparsers(dest="verb", required=True)
    for add_verbs in (
        site_verbs.add_parser,
        identity_verbs.add_parser,
        backup_verbs.add_parser,
        trail_verbs.add_parser,
        replay_verbs.add_parser,
        add_demo_verbs,
        add_import_verbs,
    ):
        add_verbs(verbs)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one verb. Returns the exit status: 0 done, 1 refused with a sentence."""
    chosen = command_line().parse_args(arguments)
    try:
        status: int = chosen.run(chosen)
    except Refusal as refusal:
        sys.stderr.write(explain(refusal) + "\n")
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
