"""A session says what its file says of itself, and refuses what it cannot run."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from striate.errors import FileFault, GraphRefused
from striate.grammar.plan import Plan
from striate.shipping import session
from striate.shipping.graph_scan import refuse_outside
from striate.shipping.session import FACTS, Session, facts_text
from striate.shipping.to_onnx import tensor_graph

TEXT = "1x8x8: conv3p1-4 relu gap fc3"


def data() -> bytes:
    return tensor_graph(Plan.read(TEXT).build(), (1, 8, 8), {"classes": ["a", "b", "c"]})


def changed(told: str) -> bytes:
    model = onnx.load_from_string(data())
    helper.set_model_props(model, {FACTS: told})
    return model.SerializeToString()


def test_several_threads_get_their_own_answers() -> None:
    from concurrent.futures import ThreadPoolExecutor

    one_for_all = Session(data(), threads=1)
    pictures = [np.full((1, 1, 8, 8), i, np.float32) for i in range(20)]
    wanted = [one_for_all.run(one) for one in pictures]
    with ThreadPoolExecutor(8) as crew:
        for found, right in zip(crew.map(one_for_all.run, pictures * 5), wanted * 5, strict=True):
            assert np.array_equal(found, right)


def aged(path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that counts as written long ago."""
    path.write_bytes(content)
    monkeypatch.setattr(session, "_SETTLED_S", -1.0)
    return path


@pytest.mark.parametrize("settled", [False, True])
def test_a_file_gives_what_its_bytes_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator, settled: bool
) -> None:
    file = aged(tmp_path / "a.onnx", data(), monkeypatch)
    if not settled:
        monkeypatch.undo()
    given: list[object] = []
    opened = session._opened

    def and_note(model: Any, *told: Any) -> Any:
        given.append(model)
        return opened(model, *told)

    monkeypatch.setattr(session, "_opened", and_note)
    pictures = rng.standard_normal((3, 1, 8, 8), np.float32)
    made = Session(file, threads=1)
    assert np.array_equal(made.run(pictures), Session(file.read_bytes(), threads=1).run(pictures))
    assert made.facts["classes"] == ["a", "b", "c"]
    assert isinstance(given[0], str if settled and session._HANDLES.is_dir() else bytes)


@pytest.mark.skipif(not session._HANDLES.is_dir(), reason="this system has no /proc/self/fd")
def test_what_is_opened_is_what_was_scanned_though_the_name_is_given_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = aged(tmp_path / "a.onnx", data(), monkeypatch)
    other = tmp_path / "other.onnx"
    other.write_bytes(changed('{"format": 1, "classes": ["x", "y", "z"]}'))

    def and_swap(content: bytes) -> None:
        refuse_outside(content)
        other.replace(file)

    monkeypatch.setattr("striate.shipping.session.refuse_outside", and_swap)
    # The link count of the first file changes with its name, and so does its ctime: refusing is right too.
    with contextlib.suppress(GraphRefused):
        assert Session(file, threads=1).facts["classes"] == ["a", "b", "c"]


@pytest.mark.skipif(not session._HANDLES.is_dir(), reason="this system has no /proc/self/fd")
def test_a_file_that_is_written_into_after_the_scan_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = aged(tmp_path / "a.onnx", data(), monkeypatch)
    before = file.stat()

    def and_write(content: bytes) -> None:
        refuse_outside(content)
        while (
            file.stat().st_ctime_ns == before.st_ctime_ns
        ):  # as fine as the file system tells apart
            file.write_bytes(changed('{"format": 1, "classes": ["x", "y", "z"]}'))
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    monkeypatch.setattr("striate.shipping.session.refuse_outside", and_write)
    with pytest.raises(GraphRefused, match="changed while it was opened"):
        Session(file, threads=1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.onnx")
    with pytest.raises(GraphRefused, match="no plain file"):
        Session(tmp_path / "a.onnx", threads=1)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match=r"a\.onnx cannot be read: No such file"):
        Session(tmp_path / "a.onnx", threads=1)


def test_four_bytes_do_not_make_it_a_file_of_another_kind() -> None:
    """ONNX Runtime takes for its own format, which the scan does not know, what has ORTM from byte 4 on."""
    # An unknown field of four bytes, whose last one begins with it, before the graph of a good file.
    before = bytes([(100 << 3 | 2) & 127 | 128, (100 << 3 | 2) >> 7, 9, 0]) + b"ORTM" + bytes(4)
    good = data()
    with_mark = before + good
    assert with_mark[4:8] == b"ORTM"
    refuse_outside(with_mark)
    given = np.ones((1, 1, 8, 8), np.float32)
    wanted = Session(good, threads=1).run(given)
    assert np.array_equal(Session(with_mark, threads=1).run(given), wanted)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("{", "no JSON"),
        ("[]", "no table"),
        ("{}", "no table with a format"),
        ('{"format": 1, "format": 1}', "stands twice"),
        ('{"format": 99}', "has format 99"),
        ('{"format": true}', "no table with a format"),
    ],
)
def test_what_a_file_says_of_itself_is_read_strictly(told: str, words: str) -> None:
    with pytest.raises(GraphRefused, match=words):
        Session(changed(told), threads=1)


def test_a_file_that_says_nothing_of_itself_has_no_facts() -> None:
    model = onnx.load_from_string(data())
    del model.metadata_props[:]
    assert Session(model.SerializeToString(), threads=1).facts == {}


def test_a_network_with_an_unknown_word_is_refused_in_one_line() -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Evil", ["x"], ["y"])], "g", [x], [y])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with pytest.raises(GraphRefused, match="cannot run it") as found:
        Session(made.SerializeToString(), threads=1)
    assert "\n" not in found.value.text


def test_a_network_with_two_inputs_is_refused() -> None:
    names = ("x", "w")
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in names]
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Add", [*names], ["y"])], "g", given, [y])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with pytest.raises(GraphRefused, match="takes 2 inputs"):
        Session(made.SerializeToString(), threads=1)


def test_facts_keep_their_order() -> None:
    assert facts_text({"b": 1, "a": "é"}) == '{"format": 1, "b": 1, "a": "é"}'
