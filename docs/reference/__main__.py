"""`python -m docs.reference`: write every page, and say which of them are new."""

import sys
from pathlib import Path

from docs.reference.pages import written


def main(folder: Path) -> int:
    """Write the pages into `folder`. Returns the exit status."""
    for name, text in written().items():
        path = folder / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"docs/reference/{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent))
