"""The same answer everywhere: the network as judged, its bundle, its ONNX, an exported file, a server."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from striate.errors import GraphRefused
from striate.pictures.normalised import normalised
from striate.shipping.agree import MARGIN, MOST
from striate.shipping.classifier import Classifier, load
from striate.shipping.network import network_of
from striate.shipping.opened import bundle_of
from striate.verbs.export import Wanted, export
from tests.shipping.serving.served import Served
from tests.verbs import made

COUNT = 240
KINDS = ("RGB", "L", "RGBA", "LA", "CMYK", "P", "1", "I;16")


def picture(i: int) -> bytes:
    """A file of some mode, format, size and turn: each of them with each other, as i goes on."""
    rng = np.random.default_rng(i)
    height, width = (int(side) for side in rng.integers(1, 60, 2))
    mode, turn = KINDS[i % len(KINDS)], i // len(KINDS) % 9
    base = Image.fromarray(rng.integers(0, 256, (height, width, 4), dtype=np.uint8), "RGBA")
    if mode == "I;16":
        image = Image.fromarray(rng.integers(0, 65536, (height, width), dtype=np.uint16))
    else:
        image = base if mode == "RGBA" else base.convert("RGB").convert(mode)
        if mode == "LA":
            image.putalpha(base.getchannel("A"))
    held, exif = io.BytesIO(), Image.Exif()
    if turn:
        exif[0x0112] = turn
    kind = {"RGB": "JPEG", "L": "JPEG", "CMYK": "JPEG"}.get(mode, "PNG")
    image.save(held, kind, exif=exif)
    return held.getvalue()


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("parity") / "model.onnx"
    made.followed(export(made.photos().path, Wanted(out=out)))
    return out


@pytest.fixture(scope="module")
def ways(exported: Path) -> dict[str, Classifier]:
    run = made.photos().path
    packed = exported.with_name("one.striate")
    made.followed(export(run, Wanted("bundle", out=packed)))
    tensor = exported.with_name("tensor.onnx")
    made.followed(export(run, Wanted("onnx-tensor", out=tensor)))
    return {
        "the bundle in torch": load(run, runtime="torch"),
        "its ONNX": load(run),
        "one file": load(packed),
        "exported, tensors in": load(tensor),
        "exported, pictures in": load(exported),
    }


def judged(files: list[bytes], batch: int) -> np.ndarray:
    """As judging does it: the network, tensors normalised by torch, batches."""
    found = bundle_of(made.photos().path)
    network, preparation = network_of(found), load(made.photos().path).preparation
    pixels = torch.from_numpy(np.stack([preparation.decode(data) for data in files]))
    rows = []
    with torch.inference_mode():
        for start in range(0, len(files), batch):
            some = normalised(pixels[start : start + batch], preparation)
            rows.append(torch.softmax(network(some).double() / found.card["temperature"], 1))
    return torch.cat(rows).numpy()


def asked(way: Classifier, files: list[bytes], batch: int) -> Iterator[np.ndarray]:
    for start in range(0, len(files), batch):
        yield way.probabilities([way.engine.decode(one) for one in files[start : start + batch]])


def over_http(server: Served, files: list[bytes], batch: int) -> Iterator[np.ndarray]:
    """The answers of a server, several pictures a request."""
    mark, classes = "parity-" + "x" * 24, load(made.photos().path).classes
    for start in range(0, len(files), batch):
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{i}"\r\n\r\n'.encode()
            + data
            + b"\r\n"
            for i, data in enumerate(files[start : start + batch])
        ]
        body = b"".join(parts) + f"--{mark}--\r\n".encode()
        kind = {"content-type": f"multipart/form-data; boundary={mark}"}
        found = server.ask("POST", f"/predict?top={len(classes)}", body, kind)
        assert found.status == 200, found.body[:500]
        rows = [
            {one["label"]: one["probability"] for one in row["top"]}
            for row in found.json["predictions"]
        ]
        yield np.array([[row[name] for name in classes] for row in rows])


def compare_all(ways: dict[str, Classifier], server: Served, count: int) -> None:
    files = [picture(i) for i in range(count)]
    wanted = judged(files, 64)
    ordered = np.sort(wanted, axis=1)
    clear = ordered[:, -1] - ordered[:, -2] > MARGIN
    for batch in (1, 7, 64):
        for name, way in ways.items():
            found = np.concatenate(list(asked(way, files, batch)))
            assert np.abs(found - wanted).max() <= MOST, (name, batch)
            assert (found.argmax(1) == wanted.argmax(1))[clear].all(), (name, batch)
        found = np.concatenate(list(over_http(server, files, batch)))
        assert np.abs(found - wanted).max() <= MOST, ("HTTP", batch)
        assert (found.argmax(1) == wanted.argmax(1))[clear].all(), ("HTTP", batch)
        assert np.abs(judged(files, batch) - wanted).max() <= 1e-6


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with Served(made.photos().path) as found:
        yield found


def test_every_way_gives_one_answer_for_every_kind_of_file(
    ways: dict[str, Classifier], server: Served
) -> None:
    compare_all(ways, server, COUNT)


@pytest.mark.slow
def test_every_way_gives_one_answer_for_2000_pictures(
    ways: dict[str, Classifier], server: Served
) -> None:
    compare_all(ways, server, 2000)


def test_two_readings_of_a_bundle_are_bit_for_bit_equal(ways: dict[str, Classifier]) -> None:
    files = [picture(i) for i in range(40)]
    first = ways["the bundle in torch"]
    again = load(made.photos().path, runtime="torch")
    for one, other in zip(asked(first, files, 8), asked(again, files, 8), strict=True):
        assert np.array_equal(one, other)


def test_a_file_with_another_preparation_than_its_hash_says_is_refused(
    exported: Path, tmp_path: Path
) -> None:
    import onnx
    from onnx import helper

    model = onnx.load(exported)
    told = model.metadata_props[0].value
    assert '"ratio": 1.0' in told
    helper.set_model_props(model, {"striate": told.replace('"ratio": 1.0', '"ratio": 0.9')})
    onnx.save(model, tmp_path / "changed.onnx")
    with pytest.raises(GraphRefused, match="preparation is not the one it was exported with"):
        load(tmp_path / "changed.onnx")


def test_a_file_of_somebody_else_is_refused_with_a_sentence(tmp_path: Path) -> None:
    from striate.grammar.plan import Plan
    from striate.shipping.to_onnx import tensor_graph

    (tmp_path / "bare.onnx").write_bytes(tensor_graph(Plan.read("1x4x4: fc2").build(), (1, 4, 4)))
    with pytest.raises(GraphRefused, match="does not say its classes, preparation"):
        load(tmp_path / "bare.onnx")
