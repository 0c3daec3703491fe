"""The audit as a whole: the corpus of broken files, and 900 good pictures among 100 bad ones."""

from __future__ import annotations

import csv
import hashlib
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest

from striate.pictures.audit.audit import Progress, audit
from tests.pictures.audit.test_findings import audited, codes
from tests.pictures.photographs import folder, opened, photograph


@pytest.fixture(scope="module")
def corpus(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[dict[str, str]]]:
    """The corpus as files, and its index."""
    place = data / "badimages"
    if not (place / "INDEX.tsv").exists():
        pytest.skip("needs shared data: badimages/INDEX.tsv is not there")
    root = tmp_path_factory.mktemp("corpus")
    with zipfile.ZipFile(place / "badimages.zip") as archive:
        archive.extractall(root)
    with open(place / "INDEX.tsv", newline="", encoding="utf-8") as file:
        return root, list(csv.DictReader(file, delimiter="\t"))


def digest(root: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        found.update(str(path).encode("utf-8", "surrogateescape"))
        found.update(path.read_bytes() if path.is_file() else b"")
    return found.hexdigest()


def test_progress_is_told_and_ends_at_all(tmp_path: Path, rng: np.random.Generator) -> None:
    data = folder(tmp_path, {f"a/{i}.png": photograph(rng, 60, 60) for i in range(9)})
    told = list(audit(data))
    assert told[-1] == Progress("looking for copies", 9, 9)
    assert told[-2] == Progress("reading pictures", 9, 9)


def test_nothing_at_all_is_audited_without_a_fault(tmp_path: Path) -> None:
    assert audited(opened(tmp_path, [])).findings == ()


def test_every_file_of_the_corpus_is_read_or_refused_once(corpus: tuple) -> None:
    root, rows = corpus
    names = [row["path"] for row in rows if (root / row["path"]).is_file()]
    before = digest(root)
    found = audited(opened(root, names))
    refused = [path for path, _ in found.unreadable]
    assert len(names) == 8163
    assert len(refused) == len(set(refused))
    assert len(refused) + len(found.facts.read) == len(names)
    assert all(reason for _, reason in found.unreadable)
    by_index = {row["path"] for row in rows if row["exif_transpose"] != "ok"}
    # What is read here and not by the index's rule is AVIF, which the six formats do not hold.
    more = by_index - set(refused)
    assert not set(refused) - by_index
    assert all("avif" in path for path in more)
    assert digest(root) == before


def test_a_hundred_bad_files_among_nine_hundred_good_are_named(
    corpus: tuple, tmp_path: Path, rng: np.random.Generator
) -> None:
    root, rows = corpus
    bad = [
        row["path"] for row in rows if row["exif_transpose"] != "ok" and "avif" not in row["path"]
    ]
    chosen = random.Random(0).sample(bad, 100)
    files = {f"{'ab'[i % 2]}/{i}.jpg": photograph(rng, 40, 50) for i in range(900)}
    files |= {f"a/bad{i}.jpg": (root / name).read_bytes() for i, name in enumerate(chosen)}
    data = folder(tmp_path, files)
    found = audited(data)
    assert {path for path, _ in found.unreadable} == {f"a/bad{i}.jpg" for i in range(100)}
    assert codes(found)["unreadable"].severity == "error"
    assert codes(audited(data, skip_bad=True))["unreadable"].severity == "warning"
