"""Write docs/lectures anew: a notebook for each lecture, the pages of errata and of figures."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from striate.cli.typed import drawn
from striate.lectures.told import errata, figures
from striate.lectures.told.course import LECTURES
from striate.lectures.told.notebook import notebook

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "lectures"


def main() -> None:
    """Run every command of every lecture."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "errata.md").write_text(errata.markdown(), encoding="utf-8")
    (FOLDER / "figures.md").write_text(figures.markdown(), encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="striate-lectures-") as cache:
        # What was measured on this machine does not belong into a page for all.
        os.environ["XDG_CACHE_HOME"] = cache
        for told in LECTURES:
            (FOLDER / f"{told.name}.ipynb").write_text(notebook(told, drawn), encoding="utf-8")


if __name__ == "__main__":
    main()
