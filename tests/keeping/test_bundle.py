"""A bundle is data that is checked; the golden one must load for ever."""

from __future__ import annotations

import builtins
import json
import os
import random
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from striate.errors import BundleRefused, FileFault, NewerFormat
from striate.keeping import manifest
from striate.keeping.bundle import read, write
from striate.keeping.card import FORMAT
from tests.conftest import GOLDEN
from tests.keeping.disks import failing, harmless, leftovers, points
from tests.keeping.test_tensors import LIES

torch = pytest.importorskip("torch")

FILES = ("model.safetensors", "plan.txt", "card.json")
CARD = json.loads((GOLDEN / "bundle-1" / "card.json").read_bytes())
PLAN = "3x8x8: conv3p1-4 bn relu gap fc3\n"


def weights(step: int = 0) -> dict[str, Any]:
    """Some weights; other ones for another step."""
    return {"w": torch.arange(6.0).reshape(2, 3) + step, "count": torch.tensor(step)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle that was just written."""
    write(tmp_path / "bundle", weights(), PLAN, CARD)
    return tmp_path / "bundle"


def resealed(folder: Path, name: str, data: bytes) -> None:
    """A file with other content, and a manifest that agrees: what an attacker writes."""
    (folder / name).write_bytes(data)
    (folder / "manifest.json").unlink()
    manifest.seal(folder, sorted(p.name for p in folder.iterdir()), FORMAT)


def test_the_golden_bundle_loads_and_its_network_says_what_it_said() -> None:
    import striate
    from striate.grammar.build import build
    from striate.pictures.prepare import Preparation

    kept = read(GOLDEN / "bundle-1")
    assert kept.classes == ("cat", "dog", "été")
    assert Preparation.from_dict(kept.card["preparation"]).size == (8, 8)
    plan = striate.plan(kept.plan_text)
    assert isinstance(plan, striate.Plan)
    network = build(plan).eval()
    network.load_state_dict(kept.tensors(), strict=True)
    told = json.loads((GOLDEN / "bundle-1-scores.json").read_bytes())
    pictures = torch.arange(2 * 3 * 8 * 8, dtype=torch.float64).mul(0.37).sin().float()
    with torch.no_grad():
        scores = network(pictures.reshape(2, 3, 8, 8))
    torch.testing.assert_close(scores, torch.tensor(told["scores"]), rtol=0, atol=1e-5)


def test_the_same_input_gives_the_bytes_of_the_golden_bundle(tmp_path: Path) -> None:
    kept = read(GOLDEN / "bundle-1")
    turned = dict(reversed(kept.tensors().items()))
    write(tmp_path / "again", turned, kept.plan_text, kept.card)
    for name in (*FILES, "manifest.json"):
        again, golden = tmp_path / "again" / name, GOLDEN / "bundle-1" / name
        assert again.read_bytes() == golden.read_bytes(), name
    assert len(list((tmp_path / "again").iterdir())) == 4


def test_plan_card_and_card_alone_are_read_without_torch(child: Callable) -> None:
    code = (
        "import sys; from pathlib import Path; from striate.keeping.bundle import read; "
        f"print(read(Path({str(GOLDEN / 'bundle-1')!r})).plan_text, 'torch' in sys.modules)"
    )
    done = child("-c", code)
    assert done.stdout.split("\n")[-2:] == [" False", ""], done.stderr


def test_what_is_written_comes_back(folder: Path) -> None:
    kept = read(folder)
    assert kept.plan_text == PLAN
    assert kept.card == CARD
    assert list(kept.card) == list(CARD)
    back = kept.tensors()
    assert torch.equal(back["w"], weights()["w"])
    assert torch.equal(back["count"], weights()["count"])


def test_a_bundle_replaces_a_bundle_and_never_other_files(folder: Path) -> None:
    write(folder, weights(5), PLAN, CARD)
    assert torch.equal(read(folder).tensors()["count"], torch.tensor(5))
    assert [p.name for p in folder.parent.iterdir()] == ["bundle"]
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(FileFault, match="is there and holds more than a bundle"):
        write(folder, weights(), PLAN, CARD)
    with pytest.raises(FileFault, match="is there and holds more than a bundle"):
        write(folder / "notes.txt", weights(), PLAN, CARD)
    assert (folder / "notes.txt").read_text() == "mine"


def test_an_empty_folder_and_the_target_of_a_link_can_become_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    write(tmp_path / "link", weights(), PLAN, CARD)
    assert (tmp_path / "link").is_symlink()
    assert read(tmp_path / "empty").card == CARD


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from-then-on"])
def test_whichever_call_fails_there_is_the_old_bundle_or_the_new(
    folder: Path, lasting: bool
) -> None:
    at, done, failed = 1, False, 0
    met: list[str] = []
    while not done:
        fault = None
        with points(harmless):
            write(folder, weights(1), PLAN, CARD)
        try:
            with points(failing(at, 28, lasting)) as met:
                write(folder, weights(2), PLAN, CARD)
        except FileFault as told:
            fault = told.text
            failed += 1
        assert fault is None or f"{folder} cannot be written: No space left on device; it" in fault
        done, at = len(met) < at, at + 1
        if not folder.exists():  # the rename to its name failed, and the one back too
            assert lasting
            with pytest.raises(FileFault), points(failing(3, 28, lasting)) as met:
                write(folder, weights(3), PLAN, CARD)
            assert met[0] == "mkdir"
            assert int(read(folder).tensors()["count"]) == 1
        assert int(read(folder).tensors()["count"]) in (1, 2)
        with points(harmless):
            write(folder, weights(3), PLAN, CARD)
        assert int(read(folder).tensors()["count"]) == 3
        assert not leftovers(folder.parent)
    assert failed > 10


# --- what is refused before it is written -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": 2}, "format must be 1"),
        ({"task": "several"}, 'task must be "one label per picture"'),
        ({"classes": ["one"]}, "classes must be a list of 2 to"),
        ({"classes": ["a", "b", "a"]}, "two classes have the same name"),
        ({"classes": ["a", ""]}, "1 names of classes are no texts, the first is ''"),
        ({"classes": ["a", 3]}, "1 names of classes are no texts, the first is 3"),
        ({"classes": ["a", "\udcff"]}, "are no texts"),
        ({"preparation": None}, "preparation must be a table"),
        ({"temperature": 0}, "temperature must be a finite number above 0"),
        ({"temperature": float("inf")}, "temperature must be a finite number above 0"),
        ({"temperature": True}, "temperature must be a finite number above 0"),
        ({"threshold": 1.01}, "threshold must be a number from 0 to 1"),
        ({"threshold": None}, "threshold must be a number from 0 to 1"),
        ({"scores": []}, "scores must be a table"),
    ],
)
def test_a_card_that_is_none_is_refused_in_writing_and_in_reading(
    folder: Path, changes: dict, reason: str
) -> None:
    card = {**CARD, **changes}
    with pytest.raises(BundleRefused, match=reason):
        write(folder.parent / "new", weights(), PLAN, card)
    assert not (folder.parent / "new").exists()
    newer = changes == {"format": 2}
    expected: Any = NewerFormat if newer else BundleRefused
    resealed(folder, "card.json", json.dumps(card).encode())
    with pytest.raises(expected, match="reads formats up to 1" if newer else None):
        read(folder)


def test_all_faults_of_a_bundle_are_told_at_once(tmp_path: Path) -> None:
    bad = {"w": torch.tensor(float("nan")), "v": torch.ones(1, dtype=torch.bfloat16)}
    with pytest.raises(BundleRefused) as told:
        write(tmp_path / "b", bad, " \n", {**CARD, "temperature": -1, "classes": []})
    for part in (
        "classes must be", "temperature must be", "plan.txt must have 1 to 64,000 bytes",
        "v is torch.bfloat16, not float32", "w holds NaN or infinity",
    ):  # fmt: skip
        assert part in told.value.text
    with pytest.raises(BundleRefused, match="there are no weights"):
        write(tmp_path / "b", {}, PLAN, CARD)
    assert not list(tmp_path.iterdir())


# --- damage and hostility ---------------------------------------------------------------------------------


def test_60_flipped_bits_and_20_cut_files_are_found_in_reading(folder: Path) -> None:
    draw = random.Random(3)
    names = (*FILES, "manifest.json")
    whole = {name: (folder / name).read_bytes() for name in names}
    for turn in range(80):
        name = draw.choice(names)
        data = bytearray(whole[name])
        if turn < 60:
            bit = draw.randrange(len(data) * 8)
            data[bit // 8] ^= 1 << bit % 8
        else:
            del data[draw.randrange(len(data)) :]
        (folder / name).write_bytes(data)
        with pytest.raises((BundleRefused, NewerFormat)):
            read(folder)
        (folder / name).write_bytes(whole[name])
    read(folder).tensors()


def test_weights_that_change_after_the_check_are_refused(folder: Path) -> None:
    kept = read(folder)
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(FileFault, match="has other content than its manifest says"):
        kept.tensors()


def test_a_newer_format_says_which_striate_is_needed(folder: Path) -> None:
    card = {**CARD, "versions": {"striate": "7.1.0"}, "format": 2}
    (folder / "card.json").write_text(json.dumps(card))
    told = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_text(json.dumps({**told, "format": 2}))
    with pytest.raises(NewerFormat) as fault:
        read(folder)
    assert "has format 2, and Striate 0.1.0 reads formats up to 1" in fault.value.text
    assert "it was made by Striate 7.1.0" in fault.value.text
    (folder / "card.json").write_text("{}")
    with pytest.raises(NewerFormat, match="reads formats up to 1"):
        read(folder)


@pytest.mark.parametrize("lie", [name for name in LIES if name != "truth that is neither"])
def test_weights_that_lie_are_refused_though_the_manifest_agrees(folder: Path, lie: str) -> None:
    data, reason = LIES[lie]
    resealed(folder, "model.safetensors", data)
    with pytest.raises(BundleRefused) as told:
        read(folder)
    assert reason in told.value.text


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_no_numbers_are_refused_in_reading(folder: Path, number: float) -> None:
    table = {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    text = json.dumps(table).encode()
    data = struct.pack("<Q", len(text)) + text + struct.pack("<2f", 1, number)
    resealed(folder, "model.safetensors", data)
    kept = read(folder)
    with pytest.raises(BundleRefused, match="w holds NaN or infinity"):
        kept.tensors()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("card.json", b'{"format": 1, "format": 1}', "the name 'format' stands twice"),
        ("card.json", b"[1]", "card.json holds no table"),
        ("card.json", b"\xff", "no UTF-8"),
        ("card.json", b'{"temperature": NaN}', "NaN is no JSON"),
        ("card.json", b'{"a":' * 90_000, "nested too deep"),
        ("plan.txt", b"\xff\xfe", "plan.txt is no UTF-8"),
        ("plan.txt", b"", "plan.txt must have 1 to 64,000 bytes"),
        ("plan.txt", b"x" * 64_001, "plan.txt must have 1 to 64,000 bytes"),
    ],
)
def test_texts_that_are_none_are_refused_though_the_manifest_agrees(
    folder: Path, name: str, data: bytes, reason: str
) -> None:
    resealed(folder, name, data)
    with pytest.raises(BundleRefused, match=reason):
        read(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_bundle_without_one_of_its_files_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / "manifest.json").unlink()
    manifest.seal(folder, [n for n in FILES if n != name], FORMAT)
    with pytest.raises(BundleRefused, match=f"{name} is missing"):
        read(folder)


def test_a_further_file_that_the_manifest_names_is_allowed(folder: Path) -> None:
    resealed(folder, "model.onnx", b"later")
    assert read(folder).card == CARD


def test_what_is_no_folder_is_no_bundle(folder: Path) -> None:
    for path in (folder / "card.json", folder.parent / "no"):
        with pytest.raises(FileFault, match="a bundle is a folder, such as runs/latest/bundle"):
            read(path)
    with pytest.raises(BundleRefused, match=r"manifest\.json is missing"):
        read(folder.parent)


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
@pytest.mark.parametrize("kind", ["link", "hidden behind a folder link", "traversal", "absolute"])
def test_no_file_outside_a_bundle_is_ever_opened(
    folder: Path, name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = folder.parent / "canary"
    data = (folder / name).read_bytes()
    canary.write_bytes(data)
    told = json.loads((folder / "manifest.json").read_bytes())
    if kind == "link":
        (folder / name).unlink()
        (folder / name).symlink_to("../canary")
    elif kind == "hidden behind a folder link":
        (folder / "sub").symlink_to("..")
        told["files"]["sub/canary"] = told["files"].get(name, {"size": 0, "sha256": "0" * 64})
        (folder / "manifest.json").write_text(json.dumps(told))
    else:
        away = "../canary" if kind == "traversal" else str(canary)
        told["files"][away] = told["files"].pop(name, {"size": 0, "sha256": "0" * 64})
        (folder / "manifest.json").write_text(json.dumps(told))
    opened: list[str] = []
    real_os, real = os.open, builtins.open

    def os_open(path: Any, *rest: Any, **more: Any) -> int:
        opened.append(os.path.realpath(path))
        return real_os(path, *rest, **more)

    def python_open(path: Any, *rest: Any, **more: Any) -> Any:
        opened.append(os.path.realpath(path))
        return real(path, *rest, **more)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", os_open)
        patched.setattr(builtins, "open", python_open)
        with pytest.raises(BundleRefused):
            read(folder)
    assert str(canary) not in opened
    assert all(path.startswith(str(folder)) for path in opened)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the kernel of Linux")
def test_a_header_of_100_megabytes_is_refused_without_being_read(folder: Path) -> None:
    text = b"{" + b" " * 99_999_998 + b"}"
    resealed(folder, "model.safetensors", struct.pack("<Q", len(text)) + text)
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from striate.errors import BundleRefused; from striate.keeping.bundle import read\n"
        "was = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read(Path(sys.argv[1]))\nexcept BundleRefused as fault:\n"
        "    print(fault.text[-80:], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - was)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(GOLDEN.parents[1] / "src")},
    )
    said, _, grown_kb = done.stdout.strip().rpartition(" ")
    assert "its header has 100,000,000 bytes; at most 8,388,608 are read" in said, done.stderr
    assert int(grown_kb) < 50_000
