"""A checkpoint survives what a disk, a kill and a cosmic ray can do; the tests do it."""

from __future__ import annotations

import errno
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from striate.errors import BundleRefused, FileFault, NoGoodCheckpoint
from striate.keeping import checkpoint, manifest, tensors
from striate.keeping.checkpoint import latest, save
from tests.conftest import ROOT, environment
from tests.keeping.disks import (
    Act,
    facts_of,
    failing,
    harmless,
    is_state_of,
    killing,
    leftovers,
    points,
    state_of,
    under_final_names,
)

torch = pytest.importorskip("torch")

CODES = (errno.ENOSPC, errno.EIO, errno.EROFS)
FILES = ("state.safetensors", "facts.json", "manifest.json")
posix = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and fork are for POSIX")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with the checkpoints of steps 1 and 2. Tests copy it."""
    folder = tmp_path_factory.mktemp("two")
    for step in (1, 2):
        save(folder, step, state_of(step), facts_of(step))
    return folder


@pytest.fixture
def run(two: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return fresh(two, tmp_path / "run")


def fresh(two: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(two, folder)
    return folder


def found(folder: Path) -> checkpoint.Checkpoint:
    """The newest good checkpoint, which must be one."""
    best = latest(folder)
    assert best is not None
    assert best.facts == facts_of(best.step)
    assert is_state_of(best.step, best.tensors())
    return best


def all_under_final_names_are_good(folder: Path) -> bool:
    places = under_final_names(folder)
    for place in places:
        assert manifest.verify(place, checkpoint.FORMAT) == ()
        step = int(place.name[:9])
        assert is_state_of(step, tensors.unpack(bytearray((place / FILES[0]).read_bytes())))
    return bool(places)


def test_what_is_saved_comes_back_to_the_bit(tmp_path: Path) -> None:
    place = save(tmp_path, 1234, state_of(1234), facts_of(1234))
    assert place == tmp_path / "checkpoints" / "000001234"
    assert sorted(p.name for p in place.iterdir()) == sorted(FILES)
    best = found(tmp_path)
    assert (best.step, best.path, best.findings) == (1234, place, ())


def test_before_the_first_there_is_none(tmp_path: Path) -> None:
    assert latest(tmp_path) is None
    (tmp_path / "checkpoints").mkdir()
    assert latest(tmp_path) is None


def test_facts_keep_their_types_and_their_last_bit(tmp_path: Path) -> None:
    facts = {"a": 0.1 + 0.2, "b": 2**70, "c": [True, None, -0.0], "d": {"é": "\n"}, "e": 5e-324}
    save(tmp_path, 0, {}, facts)
    best = latest(tmp_path)
    assert best is not None
    assert repr(best.facts) == repr(facts)
    assert best.tensors() == {}


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_as_many_are_kept_as_asked(tmp_path: Path, keep: int) -> None:
    for step in (3, 5, 10, 1000):
        save(tmp_path, step, state_of(step), facts_of(step), keep)
    wanted = ["000000003", "000000005", "000000010", "000001000"][-keep:]
    assert [p.name for p in under_final_names(tmp_path)] == wanted
    assert not leftovers(tmp_path)


def test_a_step_saved_twice_holds_what_came_last(run: Path) -> None:
    save(run, 2, state_of(7), {"again": True})
    best = latest(run)
    assert best is not None
    assert best.facts == {"again": True}
    assert is_state_of(7, best.tensors())
    assert [p.name for p in under_final_names(run)] == ["000000001", "000000002"]


def test_a_checkpoint_that_stands_aside_for_a_new_one_is_used_where_the_new_one_never_came(
    run: Path,
) -> None:
    place = run / "checkpoints" / "000000002"
    place.rename(place.with_name("000000002.replaced-1"))
    assert found(run).step == 2
    save(run, 2, state_of(2), facts_of(2))
    assert [p.name for p in under_final_names(run)] == ["000000001", "000000002"]


def test_a_damaged_checkpoint_does_not_count_as_one_that_is_kept(run: Path) -> None:
    (run / "checkpoints" / "000000002" / FILES[0]).write_bytes(b"rot")
    save(run, 3, state_of(3), facts_of(3))
    assert [p.name for p in under_final_names(run)] == ["000000001", "000000003"]


def test_tensors_of_a_checkpoint_can_be_changed_and_do_not_touch_one_another(run: Path) -> None:
    one = found(run).tensors()
    one["net.weight"].zero_()
    one["net.weight"].requires_grad_()
    rest = {name for name, t in one.items() if torch.equal(t, state_of(2)[name])}
    assert rest == set(one) - {"net.weight"}
    assert found(run).step == 2


def test_tied_tensors_come_back_as_two_with_the_same_numbers(tmp_path: Path) -> None:
    shared = torch.arange(12.0)
    state = {"a": shared, "b": shared, "part": shared[3:6], "seen": shared.view(3, 4).t()}
    save(tmp_path, 1, state, {})
    best = latest(tmp_path)
    assert best is not None
    back = best.tensors()
    assert all(torch.equal(back[name], tensor) for name, tensor in state.items())
    back["a"].zero_()
    assert torch.equal(back["b"], shared)


def test_facts_that_are_no_json_are_refused_before_anything_is_written(run: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        save(run, 3, state_of(3), {"loss": float("nan")})
    with pytest.raises(TypeError):
        save(run, 3, state_of(3), {"loss": torch})
    assert [p.name for p in under_final_names(run)] == ["000000001", "000000002"]
    assert not leftovers(run)


@pytest.mark.parametrize(("step", "keep"), [(-1, 2), (10**9, 2), (1, 0)])
def test_impossible_steps_and_keeping_none_are_refused(
    tmp_path: Path, step: int, keep: int
) -> None:
    with pytest.raises(ValueError, match="a step from 0 to 999,999,999"):
        save(tmp_path, step, {}, {}, keep)


def test_files_are_flushed_before_their_folder_gets_its_name_and_old_ones_go_last(
    run: Path,
) -> None:
    with points(harmless) as met:
        save(run, 3, state_of(3), facts_of(3))
    told = [name for name in met if name in ("mkdir", "fsync", "rename", "unlink")]
    files = ["fsync"] * 3
    assert told[: 1 + 3 + 3] == ["mkdir", "mkdir", *files, "fsync", "rename"]
    assert told[7] == "fsync", "the folder above is not flushed after the rename"
    assert "unlink" not in told[:8], "something old went before the new one was on the disk"
    for at, name in enumerate(met):
        if name == "write":
            rest = [n for n in met[at:] if n in ("fsync", "open", "rename")]
            assert rest[0] == "fsync", "a file was written and not flushed"


# --- T5: every call that touches the disk fails -----------------------------------------------------------


def count_of_points(folder: Path) -> int:
    with points(harmless) as met:
        save(folder, 3, state_of(3), facts_of(3))
    return len(met)


def failure_of(folder: Path, step: int, act: Act) -> str | None:
    """What saving says on a disk that fails, or None where it ends well."""
    try:
        with points(act):
            save(folder, step, state_of(step), facts_of(step))
    except FileFault as fault:
        return fault.text
    return None


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from-then-on"])
@pytest.mark.parametrize("code", CODES, ids=errno.errorcode.get)
def test_whichever_call_fails_the_checkpoints_before_load_and_the_message_says_what_is_needed(
    two: Path, tmp_path: Path, code: int, lasting: bool
) -> None:
    count = count_of_points(fresh(two, tmp_path / "run"))
    assert count > 25
    needed = len(b"".join(tensors.pack(state_of(3)).chunks()))
    failed = 0
    for at in range(1, count + 1):
        run = fresh(two, tmp_path / "run")
        (run / "checkpoints" / ".000000002.77-aa.unfinished").mkdir()
        fault = failure_of(run, 3, failing(at, code, lasting))
        if fault:
            failed += 1
            said = re.fullmatch(
                rf"(.*) cannot be written: {os.strerror(code)}; "
                r"it needs ([\d,]+) bytes, ([\d,]+) bytes are free",
                fault,
            )
            assert said, fault
            assert said[1] == str(run / "checkpoints" / "000000003")
            assert needed < int(said[2].replace(",", "")) < needed + 500
            assert found(run).step in (2, 3)
        else:
            assert found(run).step == 3
        assert all_under_final_names_are_good(run)
        with points(harmless):
            save(run, 4, state_of(4), facts_of(4))
        assert not leftovers(run), f"left after point {at}"
        assert found(run).step == 4
        assert len(under_final_names(run)) == 2
    assert failed >= 12


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from-then-on"])
def test_whichever_call_fails_while_a_step_is_saved_again_the_step_still_loads(
    two: Path, tmp_path: Path, lasting: bool
) -> None:
    with points(harmless) as met:
        save(fresh(two, tmp_path / "run"), 2, state_of(2), facts_of(2))
    for at in range(1, len(met) + 1):
        run = fresh(two, tmp_path / "run")
        fault = failure_of(run, 2, failing(at, errno.EIO, lasting))
        assert fault is None or "Input/output error" in fault
        assert found(run).step == 2
        assert found(run).findings == ()
        with points(harmless):
            save(run, 3, state_of(3), facts_of(3))
        assert not leftovers(run)
        assert [p.name[:9] for p in under_final_names(run)] == ["000000002", "000000003"]


def test_another_fault_than_the_disks_leaves_nothing_behind(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(packed: tensors.Packed) -> Iterator[bytes]:
        yield packed.head
        raise KeyboardInterrupt

    monkeypatch.setattr(tensors.Packed, "chunks", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(run, 3, state_of(3), {})
    assert not leftovers(run)
    monkeypatch.undo()
    assert found(run).step == 2


def test_a_disk_that_is_really_full_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    done = subprocess.run([mount, *options], capture_output=True, text=True) if mount else None
    if done is None or done.returncode:
        pytest.skip("needs the right to mount a disk of 8 MB in memory")
    try:
        state = {"weight": torch.arange(700_000.0)}  # 2.8 MB: two fit, three do not
        run = disk / "run"
        run.mkdir()
        save(run, 1, state, {"step": 1})
        save(run, 2, state, {"step": 2})
        with pytest.raises(FileFault, match=r"000000003 cannot be written: No space left") as told:
            save(run, 3, state, {"step": 3})
        said = re.search(r"needs ([\d,]+) bytes, ([\d,]+) bytes are free", told.value.text)
        assert said
        needed, free = (int(n.replace(",", "")) for n in said.groups())
        assert free < 2_800_000 < needed
        best = latest(run)
        assert best is not None
        assert best.step == 2
        assert torch.equal(best.tensors()["weight"], state["weight"])
        shutil.rmtree(run / "checkpoints" / "000000001")
        save(run, 3, state, {"step": 3})
        assert [p.name for p in under_final_names(run)] == ["000000002", "000000003"]
        assert not leftovers(run)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


# --- T6: damage -------------------------------------------------------------------------------------------


def damages(place: Path, flips: int, cuts: int, seed: int) -> Iterator[tuple[str, Callable]]:
    """Ways to damage a checkpoint, and how to do each."""
    draw = random.Random(seed)
    for _ in range(flips):
        name = draw.choice(FILES)
        bit = draw.randrange((place / name).stat().st_size * 8)
        yield f"bit {bit} of {name}", flipping(place / name, bit)
    for _ in range(cuts):
        name = draw.choice(FILES)
        size = draw.randrange((place / name).stat().st_size)
        yield f"{name} cut to {size}", cutting(place / name, size)


def flipping(path: Path, bit: int) -> Callable[[], None]:
    def flip() -> None:
        data = bytearray(path.read_bytes())
        data[bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)

    return flip


def cutting(path: Path, size: int) -> Callable[[], None]:
    def cut() -> None:
        path.write_bytes(path.read_bytes()[:size])

    return cut


def all_are_found(run: Path, flips: int, cuts: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Do each damage to the newest, see that it is passed over before a tensor is made, mend it."""
    place = run / "checkpoints" / "000000002"
    whole = {name: (place / name).read_bytes() for name in FILES}
    unpacked: list[int] = []
    real = tensors.unpack

    def seen(data: bytearray) -> dict[str, Any]:
        unpacked.append(len(data))
        return real(data)

    monkeypatch.setattr(tensors, "unpack", seen)
    done = 0
    for what, damage in damages(place, flips, cuts, 6):
        damage()
        best = latest(run)
        assert best is not None, what
        assert best.step == 1, what
        assert unpacked == [], what
        assert len(best.findings) == 1
        assert re.match(r"checkpoints/000000002 is damaged: .*; step 1 is used", best.findings[0])
        assert is_state_of(1, best.tensors())
        unpacked.clear()
        for name, data in whole.items():
            (place / name).write_bytes(data)
        done += 1
    assert found(run).step == 2
    return done


def test_120_flipped_bits_and_40_cut_files_are_found_before_a_tensor_is_used(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all_are_found(run, 120, 40, monkeypatch) == 160


@pytest.mark.slow
def test_1000_flipped_bits_and_250_cut_files_are_found_before_a_tensor_is_used(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all_are_found(run, 1000, 250, monkeypatch) == 1250


@pytest.mark.slow
def test_no_bit_of_the_manifest_can_be_flipped_unseen(run: Path) -> None:
    path = run / "checkpoints" / "000000002" / "manifest.json"
    whole = path.read_bytes()
    for bit in range(len(whole) * 8):
        flipping(path, bit)()
        best = latest(run)
        assert best is not None
        assert best.step == 1, f"bit {bit}"
        path.write_bytes(whole)


def swap(one: Path, other: Path) -> None:
    a, b = one.read_bytes(), other.read_bytes()
    one.write_bytes(b)
    other.write_bytes(a)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["missing", "from before", "empty", "a folder", "a link", "a pipe"])
def test_a_file_that_is_gone_or_another_is_found(run: Path, name: str, how: str) -> None:
    old, new = run / "checkpoints" / "000000001" / name, run / "checkpoints" / "000000002" / name
    data = new.read_bytes()
    new.unlink()
    if how == "from before":
        new.write_bytes(old.read_bytes())  # a stale manifest too
    elif how == "empty":
        new.touch()
    elif how == "a folder":
        new.mkdir()
    elif how == "a link":
        (run / "elsewhere").write_bytes(data)
        new.symlink_to(run / "elsewhere")
    elif how == "a pipe":
        os.mkfifo(new)
    best = found(run)
    assert best.step == 1
    assert name in best.findings[0] or how == "from before"


def test_files_that_were_swapped_among_themselves_are_found(run: Path) -> None:
    for one, other in itertools.combinations(FILES, 2):
        place = run / "checkpoints" / "000000002"
        swap(place / one, place / other)
        assert found(run).step == 1
        swap(place / one, place / other)
    assert found(run).step == 2


def test_a_whole_older_checkpoint_under_a_newer_name_is_found(run: Path) -> None:
    shelf = run / "checkpoints"
    shutil.copytree(shelf / "000000001", shelf / "000000009")
    best = found(run)
    assert best.step == 2
    assert best.findings == (
        "checkpoints/000000009 is damaged: facts.json belongs to another step; step 2 is used instead",
    )


def test_a_file_too_many_and_a_linked_folder_are_found(run: Path) -> None:
    shelf = run / "checkpoints"
    (shelf / "000000002" / "more.txt").touch()
    assert found(run).step == 1
    (shelf / "000000003").symlink_to("000000001")
    best = found(run)
    assert "000000003 is damaged: it is a link" in best.findings[0]
    assert "'more.txt' is there, and manifest.json does not name it" in best.findings[1]


def test_where_all_are_damaged_nothing_begins_anew_in_silence(run: Path) -> None:
    for place in under_final_names(run):
        (place / "facts.json").write_bytes(b"{}")
    with pytest.raises(NoGoodCheckpoint, match="none of the 2 checkpoints can be used") as told:
        latest(run)
    assert "000000001" in told.value.text
    assert "000000002" in told.value.text
    assert told.value.code == "F005"


def test_what_is_damaged_between_looking_and_reading_is_refused(run: Path) -> None:
    best = latest(run)
    assert best is not None
    flipping(best.path / FILES[0], 8 * 2000)()
    with pytest.raises(FileFault, match="has other content than its manifest says"):
        best.tensors()


def test_a_state_whose_hash_is_right_and_whose_table_lies_is_passed_over(run: Path) -> None:
    place = run / "checkpoints" / "000000002"
    (place / FILES[0]).write_bytes(b"\x02" + bytes(7) + b"{}" + bytes(4))
    (place / "manifest.json").unlink()
    manifest.seal(place, FILES[:2], checkpoint.FORMAT)
    best = found(run)
    assert best.step == 1
    assert "its tensors take 0 bytes and 4 are there" in best.findings[0]


def test_other_things_among_the_checkpoints_are_left_alone(run: Path) -> None:
    shelf = run / "checkpoints"
    (shelf / "notes.txt").write_text("mine")
    (shelf / "12").mkdir()
    save(run, 3, state_of(3), facts_of(3))
    assert (shelf / "notes.txt").read_text() == "mine"
    assert (shelf / "12").is_dir()
    assert found(run).findings == ()


def test_a_shelf_that_cannot_be_read_is_a_fault_and_not_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("a file")
    with pytest.raises(FileFault, match="checkpoints cannot be read: Not a directory"):
        latest(tmp_path)


def test_a_tensor_that_cannot_be_kept_is_named(run: Path) -> None:
    with pytest.raises(BundleRefused, match=r"w is not dense numbers .*; z is torch.complex128"):
        save(run, 3, {"w": torch.eye(2).to_sparse(), "z": torch.zeros(1).to(torch.complex128)}, {})
    assert not leftovers(run)


# --- T1: kill -9 ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def order() -> Iterator[Callable[..., dict[str, Any]]]:
    """Orders to a process from which those to be killed are forked; `None` waits for the next answer."""
    paths = os.pathsep.join([str(ROOT), environment()["PYTHONPATH"]])
    with subprocess.Popen(
        [sys.executable, "-m", "tests.keeping.victim"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment() | {"PYTHONPATH": paths},
    ) as process:
        orders, answers = process.stdin, process.stdout
        assert orders is not None
        assert answers is not None

        def ask(**told: object) -> dict[str, Any]:
            if told:
                orders.write(json.dumps(told) + "\n")
                orders.flush()
            return json.loads(answers.readline())

        assert ask() == {}
        yield ask
        orders.close()


@posix
def test_killed_at_every_point_of_a_saving_the_newest_checkpoint_is_whole(
    two: Path, tmp_path: Path, order: Callable
) -> None:
    count = count_of_points(fresh(two, tmp_path / "run"))
    steps = []
    for at in range(1, count + 1):
        run = fresh(two, tmp_path / "run")
        assert order(folder=str(run), step=3, at=at) == {"killed": True}
        assert all_under_final_names_are_good(run)
        best = found(run)
        assert best.findings == ()
        steps.append(best.step)
        with points(harmless):
            save(run, 4, state_of(4), facts_of(4))
        assert not leftovers(run)
        assert found(run).step == 4
    assert set(steps) == {2, 3}
    assert steps == sorted(steps), "a later kill left an earlier checkpoint"
    run = fresh(two, tmp_path / "run")
    assert order(folder=str(run), step=3, at=count + 1) == {"killed": False}


@posix
def test_killed_at_every_point_of_saving_a_step_again_the_step_is_there(
    two: Path, tmp_path: Path, order: Callable
) -> None:
    run, at = fresh(two, tmp_path / "run"), 1
    while order(folder=str(run), step=2, at=at)["killed"]:
        assert found(run).step == 2
        run, at = fresh(two, tmp_path / "run"), at + 1
    assert at > 25


def killed_at_random(two: Path, tmp_path: Path, order: Callable, times: int) -> None:
    draw = random.Random(1)
    run, step = fresh(two, tmp_path / "run"), 3
    for _ in range(times):
        child = order(folder=str(run), **{"from": step})["pid"]
        time.sleep(draw.uniform(0, 0.08))
        os.kill(child, 9)
        assert order() == {"killed": True}
        assert all_under_final_names_are_good(run)
        best = found(run)
        assert best.step >= step, "a checkpoint that was saved before the kill is gone"
        assert best.findings == ()
        step = best.step + 1
    save(run, step, state_of(step), facts_of(step))
    assert not leftovers(run)


@posix
def test_killed_at_12_random_times_what_was_saved_is_whole(
    two: Path, tmp_path: Path, order: Callable
) -> None:
    killed_at_random(two, tmp_path, order, 12)


@posix
@pytest.mark.slow
def test_killed_at_50_random_times_what_was_saved_is_whole(
    two: Path, tmp_path: Path, order: Callable
) -> None:
    killed_at_random(two, tmp_path, order, 50)


def test_the_disks_of_these_tests_fail_and_kill_where_they_are_told(tmp_path: Path) -> None:
    with points(failing(2, errno.EIO, lasting=False)) as met:
        (tmp_path / "a").mkdir()
        with pytest.raises(OSError, match="Input/output error"):
            (tmp_path / "b").mkdir()
        (tmp_path / "c").mkdir()
    assert met == ["mkdir"] * 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "c"]
    assert killing(5)(4, "open", lambda: None) is None
