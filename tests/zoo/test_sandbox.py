"""Foreign files of weights: tables of tensors come through, everything else is refused, and nothing
in them runs.
"""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest

from striate.errors import FileFault, WeightsRefused
from striate.zoo import sandbox

torch = pytest.importorskip("torch")
# The opcodes of a pickle that calls os.system, written out by hand so that no pickle module is
# needed.
HOSTILE = b"cposix\nsystem\n(S'touch %s'\ntR."


def test_a_state_dict_comes_through_in_its_order_and_bit_for_bit(tmp_path: Path) -> None:
    state = {"b": torch.randn(3), "a": torch.arange(4), "half": torch.randn(2, 2).bfloat16()}
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "net.pth")
    found = sandbox.read_foreign(tmp_path / "net.pth").tensors
    assert list(found) == ["b", "a", "half"]
    assert all(torch.equal(found[name], state[name]) for name in state)


def test_tied_tensors_come_through_as_two(tmp_path: Path) -> None:
    one = torch.randn(3)
    torch.save({"x": one, "y": one}, tmp_path / "net.pt")
    found = sandbox.read_foreign(tmp_path / "net.pt").tensors
    assert torch.equal(found["x"], found["y"])


def test_what_is_no_tensor_is_left_out_and_said(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(1), "lr": 0.1}, tmp_path / "net.pt")
    read = sandbox.read_foreign(tmp_path / "net.pt")
    assert list(read.tensors) == ["w"]
    assert any("not tensors, left out: lr" in note for note in read.notes)


def test_code_in_a_file_is_refused_and_does_not_run(tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    (tmp_path / "evil.pth").write_bytes(HOSTILE % str(trap).encode())
    with pytest.raises(WeightsRefused, match=r"evil.pth is refused: it holds more than tensors"):
        sandbox.read_foreign(tmp_path / "evil.pth")
    assert not trap.exists()


def test_code_inside_a_zip_of_torch_is_refused_and_does_not_run(tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    torch.save({"w": torch.ones(1)}, tmp_path / "good.pth")
    with (
        zipfile.ZipFile(tmp_path / "good.pth") as good,
        zipfile.ZipFile(tmp_path / "evil.pth", "w") as evil,
    ):
        for item in good.infolist():
            held = (
                HOSTILE % str(trap).encode()
                if item.filename.endswith("data.pkl")
                else good.read(item)
            )
            evil.writestr(item, held)
    with pytest.raises(WeightsRefused, match="is refused: it holds more than tensors"):
        sandbox.read_foreign(tmp_path / "evil.pth")
    assert not trap.exists()


@pytest.mark.parametrize(
    "content", [b"", b"not a file of weights", b"PK\x03\x04 torn", b"\x80\x02}q\x00."]
)
def test_a_file_that_holds_no_tensors_is_refused_in_a_sentence(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "odd.pth").write_bytes(content)
    with pytest.raises(WeightsRefused, match="odd.pth is refused: "):
        sandbox.read_foreign(tmp_path / "odd.pth")


def test_a_broken_safetensors_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(WeightsRefused, match="w.safetensors is not a safetensors file"):
        sandbox.read_foreign(tmp_path / "w.safetensors")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="nothing.pth is not a file"):
        sandbox.read_foreign(tmp_path / "nothing.pth")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limits are Linux's")
def test_a_table_larger_than_the_memory_limit_is_refused(tmp_path: Path) -> None:
    """Six gigabytes of zeros in a few kilobytes of file: strided storage that repeats one
    number.
    """
    with zipfile.ZipFile(tmp_path / "huge.pth", "w", zipfile.ZIP_DEFLATED) as huge:
        torch.save({"w": torch.zeros(1)}, tmp_path / "small.pth")
        with zipfile.ZipFile(tmp_path / "small.pth") as small:
            for item in small.infolist():
                held = small.read(item)
                if item.filename.endswith("data.pkl"):
                    # one float becomes 1,500,000,000: BININT1 1 in the size tuple and in the count
                    # of the storage
                    held = held.replace(b"K\x01tq", b"J\x00\x2f\x68\x59tq").replace(
                        b"K\x01\x85", b"J\x00\x2f\x68\x59\x85"
                    )
                huge.writestr(item.filename, held)
    with pytest.raises(WeightsRefused, match="huge.pth is refused: "):
        sandbox.read_foreign(tmp_path / "huge.pth")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="network namespaces are Linux's")
def test_the_child_has_no_network_where_the_system_allows_it(tmp_path: Path) -> None:
    """The child itself says whether it could be shut in; here a twin of it tries to reach a server
    of ours.
    """
    import socket
    import subprocess

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = (
            "from striate.zoo import sandbox; import socket\n"
            "shut = sandbox._without_network()\n"
            f"try: socket.create_connection(('127.0.0.1', {port}), 2); reached = True\n"
            "except OSError: reached = False\n"
            "import sys; sys.stdout.write(f'{shut} {reached}')"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
        )
    assert done.stdout in {"True False", "False True"}
