"""Getting a set from a real server on this machine, with a row made here: nothing else is ever asked."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import io
import os
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

from striate.errors import (
    ArchiveRefused,
    DownloadRefused,
    FileFault,
    MissingExtra,
    NoNetwork,
    SetNotHere,
    SetRefused,
)
from striate.fetch import Patience
from striate.pictures.named import known as known_sets
from striate.pictures.named import readers
from striate.pictures.named.known import KNOWN, load
from striate.pictures.named.shelf import KnownSet, Part, Pictures, Remote
from striate.verbs import data as verb
from striate.verbs.data import get, listed, plan_get, size_text
from tests.pictures.named.test_readers import write_mnist
from tests.test_fetch import Handler, Server

QUICK = Patience(timeout_s=0.5, tries=2, pause_s=0.01)
Publish = Callable[..., KnownSet]


class Shelves(Server):
    """Several files, each at its address."""

    files: dict[str, bytes]


class Keeper(Handler):
    """Serves one of them."""

    server: Shelves

    def do_GET(self) -> None:  # noqa: N802
        """As the server was told to, with the content of this address."""
        self.server.content = self.server.files[self.path]
        super().do_GET()


@pytest.fixture
def server() -> Iterator[Shelves]:
    """A server on a free port of this machine."""
    server = Shelves(("127.0.0.1", 0), Keeper)
    server.files = {}
    server.stops_after, server.statuses, server.seen = [], [], []
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where sets go, and where nothing is."""
    monkeypatch.delenv("STRIATE_DATA", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "striate"


def archive(**contents: bytes) -> bytes:
    """A .tar.gz; `__` in a name stands for /, `_jpg` for an ending."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for name, content in contents.items():
            info = tarfile.TarInfo(name.replace("__", "/").replace("_jpg", ".jpg"))
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(held.getvalue(), mtime=0)


LAND = archive(
    **{"2750__Forest__f1_jpg": os.urandom(9000), "2750__River__r1_jpg": os.urandom(9000)}
)


@pytest.fixture
def publish(server: Shelves, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Put files on the server, and a row for them in the table."""

    def put(contents: dict[str, bytes], how: str = "unpack", **changes: object) -> KnownSet:
        host = server.url.removesuffix("/file")
        server.files = {f"/{name}": content for name, content in contents.items()}
        files = tuple(
            Remote(name, hashlib.md5(content).hexdigest(), f"{host}/{name}", how)  # type: ignore[arg-type]
            for name, content in contents.items()
        )
        row = KnownSet(
            "land", "land from above", 2, Pictures(undivided=2), 20_000, "CC0", "nobody, 2000",
            files, (Part("2750"),), reader=readers.eurosat,
        )  # fmt: skip
        row = dataclasses.replace(row, **changes)  # type: ignore[arg-type]
        table = MappingProxyType({**KNOWN, row.name: row})
        monkeypatch.setattr(known_sets, "KNOWN", table)
        monkeypatch.setattr(verb, "KNOWN", table)
        return row

    return put


def everything(folder: Path) -> list[str]:
    """Every file below a folder, hidden ones too."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_set_is_downloaded_unpacked_and_read(
    publish: Publish, root: Path, server: Shelves
) -> None:
    publish({"land.tar.gz": LAND})
    steps: list[tuple[str, int, int | None]] = []
    getting = plan_get("land")
    assert not server.seen
    assert getting.target == root / "land"
    found = get(getting, lambda *step: steps.append(step), QUICK)
    assert everything(root) == ["land/2750/Forest/f1.jpg", "land/2750/River/r1.jpg"]
    assert os.listdir(root) == ["land"]
    assert steps[-1] == ("land.tar.gz", len(LAND), len(LAND))
    assert found == root / "land"
    assert load("land").counts == {"Forest": 1, "River": 1}


def test_what_is_here_is_not_asked_for_again(publish: Publish, root: Path, server: Shelves) -> None:
    publish({"land.tar.gz": LAND})
    get(plan_get("land"), patience=QUICK)
    asked = len(server.seen)
    again = plan_get("land")
    assert again.already == get(again) == root / "land"
    assert len(server.seen) == asked


def test_an_interrupted_download_goes_on_the_next_time(
    publish: Publish, root: Path, server: Shelves
) -> None:
    publish({"land.tar.gz": LAND})
    server.stops_after = [5000, 1000]
    with pytest.raises(NoNetwork, match=r"stopped after 6,000 of"):
        get(plan_get("land"), patience=QUICK)
    assert everything(root) == [
        ".land.download/land.tar.gz.part",
        ".land.download/land.tar.gz.part.json",
    ]
    get(plan_get("land"), patience=QUICK)
    assert server.seen[-1]["Range"] == "bytes=6000-"
    assert os.listdir(root) == ["land"]


def test_the_files_that_are_complete_are_not_downloaded_again(
    publish: Publish, root: Path, server: Shelves
) -> None:
    parts = {
        "a.tar.gz": archive(**{"2750__A__a_jpg": b"a"}),
        "b.tar.gz": archive(**{"2750__B__b_jpg": b"b"}),
    }
    publish(parts)
    server.files["/b.tar.gz"] = b""
    with pytest.raises(DownloadRefused, match="is not the file that was asked for: md5"):
        get(plan_get("land"), patience=QUICK)
    assert everything(root) == [".land.download/a.tar.gz"]
    server.files["/b.tar.gz"] = parts["b.tar.gz"]
    asked = len(server.seen)
    get(plan_get("land"), patience=QUICK)
    assert len(server.seen) == asked + 1
    assert everything(root) == ["land/2750/A/a.jpg", "land/2750/B/b.jpg"]


def test_a_wrong_hash_is_refused_and_nothing_is_left_of_it(
    publish: Publish, root: Path, server: Shelves
) -> None:
    publish({"land.tar.gz": LAND})
    server.files["/land.tar.gz"] = LAND[::-1]
    with pytest.raises(DownloadRefused, match=r"md5 .*, expected"):
        get(plan_get("land"), patience=QUICK)
    assert everything(root) == []


def test_a_larger_file_than_stated_is_refused_as_soon_as_it_is_announced(
    publish: Publish, root: Path
) -> None:
    publish({"land.tar.gz": bytes(2**21)})
    with pytest.raises(DownloadRefused, match="larger than the 1,088,576 bytes that were allowed"):
        get(plan_get("land"), patience=QUICK)
    assert everything(root) == []


def test_without_a_network_the_fault_says_so_and_what_to_do(
    publish: Publish, server: Shelves
) -> None:
    row = publish({"land.tar.gz": LAND})
    remote = row.files[0]._replace(url="http://127.0.0.1:9/land.tar.gz")
    getting = plan_get("land")
    getting = dataclasses.replace(getting, known=dataclasses.replace(row, files=(remote,)))
    with pytest.raises(
        NoNetwork, match="could not be downloaded: .*check the network and try again"
    ):
        get(getting, patience=QUICK)


def test_a_hostile_archive_with_the_right_hash_is_refused_and_nothing_comes_out(
    publish: Publish, root: Path
) -> None:
    publish({"land.tar.gz": archive(**{"2750__Forest__f_jpg": b"f", "..__evil_jpg": b"evil"})})
    with pytest.raises(ArchiveRefused, match="leads out of the folder"):
        get(plan_get("land"), patience=QUICK)
    assert everything(root) == [".land.download/land.tar.gz"]
    assert not (root / "land").exists()


def test_an_archive_of_something_else_is_refused(publish: Publish, root: Path) -> None:
    publish({"land.tar.gz": archive(other_jpg=b"x")})
    with pytest.raises(ArchiveRefused, match="what was unpacked is not land: it lacks 2750"):
        get(plan_get("land"), patience=QUICK)
    assert not (root / "land").exists()


def test_fewer_pictures_than_published_are_refused(publish: Publish, root: Path) -> None:
    publish({"land.tar.gz": LAND}, pictures=Pictures(undivided=3))
    with pytest.raises(
        SetRefused, match="should have undivided 3 in 2 classes, and has undivided 2"
    ):
        get(plan_get("land"), patience=QUICK)
    assert not (root / "land").exists()


def test_a_disk_without_room_is_refused_before_anything_is_asked(
    publish: Publish, server: Shelves, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish({"land.tar.gz": LAND})
    usage = shutil.disk_usage("/")._replace(free=30_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage)
    with pytest.raises(FileFault, match="land needs about 44 kB, and 30 kB are free; make room"):
        plan_get("land")
    assert not server.seen


def test_a_disk_that_fills_up_leaves_no_half_set(
    publish: Publish, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish({"land.tar.gz": LAND})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(verb, "extract", full)
    with pytest.raises(FileFault, match="land cannot be written: No space left on device"):
        get(plan_get("land"), patience=QUICK)
    assert everything(root) == [".land.download/land.tar.gz"]


def test_a_half_set_in_the_way_is_named_and_not_touched(publish: Publish, root: Path) -> None:
    publish({"land.tar.gz": LAND})
    (root / "land").mkdir(parents=True)
    with pytest.raises(FileFault, match="land is there already, without 2750; move it away"):
        plan_get("land")


def test_a_missing_package_is_told_before_the_download(publish: Publish, server: Shelves) -> None:
    publish({"land.tar.gz": LAND}, needs="no_such_package")
    with pytest.raises(MissingExtra, match="is needed to read land and is not installed"):
        plan_get("land")
    assert not server.seen


def test_files_that_are_kept_are_linked_or_copied_as_they_are(
    publish: Publish, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_mnist(tmp_path / "made")
    contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    row = {"classes": 10, "pictures": Pictures(20, 0, 10), "reader": readers.mnist}
    known = publish(contents, "keep", parts=tuple(map(Part, contents)), **row)
    get(plan_get("land"), patience=QUICK)
    assert load("land").splits == {"train": 20, "test": 10}
    shutil.rmtree(root)
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("no links here")))
    get(plan_get("land"), patience=QUICK)
    assert everything(root) == sorted(f"land/{remote.name}" for remote in known.files)


class TestFromTheUsersArchive:
    """`--from`."""

    def test_one_archive_for_a_set_of_one_file_may_have_any_name(
        self, publish: Publish, root: Path, server: Shelves, tmp_path: Path
    ) -> None:
        publish({"land.tar.gz": LAND})
        (tmp_path / "mine.tgz").write_bytes(LAND)
        getting = plan_get("land", None, [tmp_path / "mine.tgz"])
        assert getting.downloads == ()
        get(getting, patience=QUICK)
        assert len(everything(root)) == 2
        assert (tmp_path / "mine.tgz").read_bytes() == LAND
        assert not server.seen

    def test_its_hash_is_checked_where_one_is_stated(
        self, publish: Publish, tmp_path: Path
    ) -> None:
        publish({"land.tar.gz": LAND})
        (tmp_path / "mine.tgz").write_bytes(LAND + b"x")
        with pytest.raises(SetRefused, match="mine.tgz is not the published land.tar.gz: md5"):
            get(plan_get("land", None, [tmp_path / "mine.tgz"]))

    def test_without_a_stated_hash_it_is_taken_as_it_is(
        self, publish: Publish, root: Path, tmp_path: Path
    ) -> None:
        publish({}, files=(Remote("land.zip"),))
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("2750/A/a.jpg", b"a")
            archive.writestr("2750/B/b.jpg", b"b")
        (tmp_path / "land.zip").write_bytes(held.getvalue())
        getting = plan_get("land", None, [tmp_path / "land.zip"])
        assert getting.unhashed == ("land.zip",)
        get(getting)
        assert everything(root) == ["land/2750/A/a.jpg", "land/2750/B/b.jpg"]

    def test_a_folder_gives_all_the_archives_it_holds(
        self, publish: Publish, root: Path, server: Shelves, tmp_path: Path
    ) -> None:
        parts = {
            "a.tar.gz": archive(**{"2750__A__a_jpg": b"a"}),
            "b.tar.gz": archive(**{"2750__B__b_jpg": b"b"}),
        }
        publish(parts)
        (tmp_path / "archives").mkdir()
        (tmp_path / "archives" / "a.tar.gz").write_bytes(parts["a.tar.gz"])
        getting = plan_get("land", None, [tmp_path / "archives"])
        assert [remote.name for remote in getting.downloads] == ["b.tar.gz"]
        get(getting, patience=QUICK)
        assert len(everything(root)) == 2

    def test_tars_within_a_tar_become_folders(
        self, publish: Publish, root: Path, tmp_path: Path
    ) -> None:
        inner = {
            f"{name}_tar": gzip.decompress(archive(p_jpg=b"p")) for name in ("Forest", "River")
        }
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode="w") as tar:
            for name, content in inner.items():
                info = tarfile.TarInfo(name.replace("_tar", ".tar"))
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        publish({}, files=(Remote("all.tar", how="unpack twice", into="2750"),))
        (tmp_path / "all.tar").write_bytes(held.getvalue())
        get(plan_get("land", None, [tmp_path / "all.tar"]))
        assert everything(root) == ["land/2750/Forest/p.jpg", "land/2750/River/p.jpg"]

    def test_what_is_not_there_or_not_of_the_set_is_named(
        self, publish: Publish, tmp_path: Path
    ) -> None:
        with pytest.raises(FileFault, match="nowhere.zip is not there"):
            plan_get("imagenet", None, [tmp_path / "nowhere.zip"])
        with pytest.raises(
            FileFault, match="is no file of imagenet, and holds none; these are its files: ILS"
        ):
            plan_get("imagenet", None, [tmp_path])

    def test_a_set_without_an_address_says_that_the_user_must_bring_it(self) -> None:
        with pytest.raises(
            SetNotHere, match="cannot be downloaded by Striate: tiny-imagenet-200.zip must"
        ):
            plan_get("tiny-imagenet")


def test_what_is_made_here_needs_no_getting() -> None:
    for name in ("digits", "shapes", "shapes:64"):
        assert plan_get(name).already is not None


def test_the_list_says_what_is_here(publish: Publish, root: Path) -> None:
    publish({"land.tar.gz": LAND})
    before = {row["name"]: row for row in listed()}
    assert [name for name, row in before.items() if row["here"]] == ["digits", "shapes"]
    assert before["imagenet"]["source"] == "archive"
    assert before["mnist"]["pictures"] == {"train": 60_000, "test": 10_000}
    get(plan_get("land"), patience=QUICK)
    after = {row["name"]: row for row in listed()}
    assert after["land"]["folder"] == str(root / "land")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 kB"),
        (44_239, "44 kB"),
        (9_400_000, "9.4 MB"),
        (170_498_071, "170 MB"),
        (4_996_278_331, "5.0 GB"),
    ],
)
def test_sizes_are_told_in_short(size: int, text: str) -> None:
    assert size_text(size) == text
