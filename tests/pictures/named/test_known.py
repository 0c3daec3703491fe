"""The table of named sets, its page in the docs, and reading a set that is here."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from striate.errors import SetNotHere, SetRefused, UnknownSet
from striate.pictures.named.known import KNOWN, load, named, read
from striate.pictures.named.shelf import KnownSet, Pictures
from striate.verbs.data import size_text
from tests.conftest import ROOT
from tests.pictures.named.test_readers import write_mnist

NAMES = (
    "digits", "shapes", "mnist", "fashion-mnist", "cifar10", "cifar100", "svhn", "stl10", "flowers102",
    "oxford-pets", "food101", "eurosat", "imagenette", "tiny-imagenet", "imagenet",
)  # fmt: skip
ROWS = [pytest.param(known, id=name) for name, known in KNOWN.items()]


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No set is here, whatever this machine holds."""
    monkeypatch.delenv("STRIATE_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))


def small(name: str = "mnist", train: int = 20, test: int = 10) -> KnownSet:
    """A row whose files are small ones without published hashes."""
    known = KNOWN[name]
    parts = tuple(part._replace(md5="") for part in known.parts)
    return dataclasses.replace(known, pictures=Pictures(train, 0, test), parts=parts)


def test_every_set_of_the_list_has_a_row() -> None:
    assert tuple(KNOWN) == NAMES
    assert all(name == known.name for name, known in KNOWN.items())


@pytest.mark.parametrize("known", ROWS)
def test_a_row_says_licence_size_citation_and_how_it_is_read(known: KnownSet) -> None:
    assert known.licence
    assert re.search(r"\d{4}", known.citation) or known.name == "shapes"
    assert known.size_bytes or known.name == "shapes"
    assert (known.reader is None) != (known.maker is None)
    assert bool(known.files) == bool(known.parts) == (known.maker is None)
    assert sum(known.pictures) > known.classes


def test_only_digits_and_what_has_a_left_and_right_must_not_be_mirrored() -> None:
    kept = {name for name, known in KNOWN.items() if not known.mirror}
    assert kept == {"digits", "shapes", "mnist", "svhn"}


@pytest.mark.parametrize("known", ROWS)
def test_every_address_comes_with_a_hash_and_http_never_goes_without(known: KnownSet) -> None:
    for remote in known.files:
        assert re.fullmatch(r"[0-9a-f]{32}|", remote.md5)
        assert remote.md5 or not remote.url
        assert remote.url.startswith(("https://", "http://")) or not remote.url


def test_addresses_and_hashes_are_those_that_torchvision_states() -> None:
    datasets = pytest.importorskip(
        "torchvision.datasets", reason="needs torchvision to compare with"
    )
    folder = Path(datasets.__file__).parent
    stated = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    for known in KNOWN.values():
        for remote in known.files:
            assert remote.md5 in stated, remote.name
            assert remote.name in stated or not remote.md5
            host = remote.url.rpartition("/")[0]
            assert host in stated, remote.url
        for part in known.parts:
            assert part.md5 in stated, part.path


def test_the_page_of_the_sets_is_up_to_date(golden: Callable[..., None]) -> None:
    golden("sets.md", page(), at=ROOT / "docs")


def page() -> str:
    """docs/sets.md."""
    lines = [HEAD]
    for known in KNOWN.values():
        counts = ", ".join(f"{k} {v:,}" for k, v in known.pictures._asdict().items() if v)
        size = size_text(known.size_bytes) if known.size_bytes else "–"
        source = (
            "in Striate" if known.maker else "download" if known.is_downloaded else "your archive"
        )
        mirror = "yes" if known.mirror else "no"
        cells = (
            f"`{known.name}`",
            known.title,
            known.classes,
            counts,
            size,
            source,
            mirror,
            known.licence,
        )
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += ["", "## Where they come from", ""]
    for known in KNOWN.values():
        lines.append(
            f"- **{known.name}**: {known.citation}" + (f"; {known.note}." if known.note else ".")
        )
        for remote in known.files:
            place = f"<{remote.url}>" if remote.url else f"`{remote.name}`, from you"
            lines.append(
                f"  - {place}: " + (f"md5 `{remote.md5}`" if remote.md5 else "no hash is stated")
            )
    return "\n".join([*lines, TAIL])


HEAD = """# Named sets
This page is made from `src/striate/pictures/named/known_rows.py` by `make fix`; do not edit it.

```sh
striate data list
```

A set that is here is opened by its name, as DATA of any verb. `striate data get NAME` downloads one,
after saying what, how large and under which licence; nothing is downloaded unasked. Sets are looked for
in `--root`, in the folder that `STRIATE_DATA` names, and in `striate` in your data folder
(`XDG_DATA_HOME`, or `~/.local/share`), each in a folder of its own name; files there are checked against
their hashes every time they are opened.

| name | what | classes | pictures | size | from | mirror | licence |
|--|--|--|--|--|--|--|--|"""

TAIL = """
## What is promised
- Addresses and hashes are those that torchvision states, and no others. Plain http is taken only with a
  whole hash. A set without a stated address comes from your own archive: `striate data get NAME --from
  FILE_OR_FOLDER`.
- "none stated" means that we found no licence by the authors: ask before you share pictures or models.
- A download goes on where it stopped. Archives are judged before they are unpacked (no links, no devices,
  no paths that lead out, no more bytes and files than expected), unpacked beside their place, and renamed
  when all is well.
- CIFAR is published as Python pickles. Striate loads none: it reads the numbers and texts with a reader
  that knows nothing else and calls nothing.
- "mirror: no" means that flips are off, because a mirrored picture is another thing: digits, and the bars
  of `shapes`.
- `digits` comes without a split, and so does `eurosat`; splits are made as for a folder of your own.

## shapes
Ten classes, in five pairs. Each pair differs in one thing, and the other cues say nothing about it:

![eight pictures of each class](pictures/shapes.png)

| pair | differs in | colour alone | edges alone | place alone |
|--|--|--|--|--|
| disc-blue, disc-red | colour | 100 % | 52 % | 53 % |
| square, triangle | outline | 51 % | 100 % | 55 % |
| stripes-flat, stripes-upright | direction | 51 % | 100 % | 51 % |
| bar-left, bar-right | place | 51 % | 50 % | 100 % |
| cross-over-ring, ring-over-cross | arrangement | 50 % | 52 % | 56 % |

The figures are those of the nearest mean of a colour histogram, of a histogram of edge directions and of
the middle of what is coloured, 400 pictures of each class for training and 400 for the test, where
guessing gives 50 %. `shapes:64` draws them 64 pixels wide;
`shapes:side=64,seed=3,train=10000,val=500,test=500` says all there is to say."""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mnits", "no set is called 'mnits'; did you mean mnist"),
        ("", "no set is called ''; `striate data list`"),
        ("mnist:64", "no set is called 'mnist:64'; `striate data list`"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(text: str, words: str) -> None:
    with pytest.raises(UnknownSet, match=words):
        named(text)


def test_capitals_do_not_matter() -> None:
    assert named("MNIST").name == "mnist"
    assert named("Shapes:16").name == "shapes"


def test_shapes_and_digits_are_always_here() -> None:
    assert load("shapes:side=16,train=10,val=0,test=0").splits == {"train": 10}
    assert len(load("digits")) == 1797


def test_a_set_that_is_not_here_is_not_downloaded_but_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(
        SetNotHere, match="mnist is not here, .*; run: striate data get mnist"
    ) as found:
        load("mnist")
    assert found.value.where == str(tmp_path / "home" / "striate" / "mnist")
    with pytest.raises(SetNotHere, match="run: striate data get imagenet --from ARCHIVE"):
        load("imagenet")


def test_a_set_is_read_as_its_row_says(tmp_path: Path) -> None:
    found = read(small(), write_mnist(tmp_path))
    assert found.name == "mnist"
    assert not found.mirror
    assert read(small("fashion-mnist"), tmp_path).mirror


def test_another_number_of_pictures_than_published_is_refused(tmp_path: Path) -> None:
    words = "should have train 21, test 10 in 10 classes, and has train 20, test 10 in 10 classes"
    with pytest.raises(SetRefused, match=words):
        read(small(train=21), write_mnist(tmp_path))


def test_a_wrong_hash_is_refused_and_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mnist(tmp_path / "mnist")
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    words = (
        "train-images-idx3-ubyte.gz of mnist is not the published file: md5 .*, expected f68b3c2d"
    )
    with pytest.raises(SetRefused, match=words) as found:
        load("mnist")
    assert str(tmp_path / "mnist") in found.value.where


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_real_files_have_the_published_hashes_and_counts(
    data: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (data / name).is_dir():
        pytest.skip(f"needs {name} in the shared data")
    monkeypatch.setenv("STRIATE_DATA", str(data))
    found = load(name)
    assert found.splits == {"train": 60_000, "test": 10_000}
    assert found.pixels(0).shape == (28, 28, 3)
