"""The process that seals what an import decided on, beside the one that decides.

Encrypting 100,000 cases and making their rows is a third of an import's work, and one interpreter
works on one processor only. This script is started by its path, isolated, with an empty
environment, and reads from standard input: once the site key, the database's dialect and the
import's task; then portion after portion, answered on standard output. It has no database, and
before the first portion it gives up every way to a file or a network. It ends with its input.
"""

import gc
import pickle
import resource
import sys
from pathlib import Path

# Only this script's own path tells where the product is: no variable and no folder reaches it.
sys.path.insert(0, str(Path(__file__).parents[2]))

from sqlalchemy import make_url

from data_access.imports.sealing import seal
from data_access.imports.staging import Encoder
from data_access.vault import Vault

# Standard input, output and errors are there already; no number is left for anything else.
_DESCRIPTORS = 3


def main() -> None:
    """Seal portions until the input ends."""
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    # Both ends of the pipe are ours, and nobody else has a name for it.
    key, dialect, task = pickle.load(asked)  # noqa: S301
    vault, encoder = Vault(key), Encoder(make_url(f"{dialect}://").get_dialect()())
    _confine()
    # What a portion holds goes when the portion does: nothing here refers to itself.
    gc.disable()
    while True:
        try:
            decided, ids = pickle.load(asked)  # noqa: S301
        except EOFError:
            return
        pickle.dump(encoder.encoded(seal(decided, ids, task, vault)), answers, protocol=5)
        answers.flush()


def _confine() -> None:
    """Give up, for good, what could carry the key or a person's data anywhere but back."""
    for kind, most in (
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    main()
