"""The Open Inference Protocol: our own suite of its endpoints, and a client that we did not write."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from striate.pictures.files import decode
from striate.shipping.classifier import load
from striate.shipping.serving.inference import Inference
from striate.shipping.serving.tensors import Given
from striate.shipping.serving.workers import Refused, Reply
from tests.conftest import ROOT
from tests.shipping.serving import served
from tests.verbs import made

MODEL = "/v2/models/photos"
CLIENT = "tritonclient[http]==2.73.0"


def pixels() -> Any:
    """Two pictures of one size."""
    return np.stack([decode(one)[:30, :30] for one in served.pictures()[:2]])


def infer(content: dict[str, Any], path: str = f"{MODEL}/infer", **headers: str) -> served.Answer:
    """JSON to the endpoint."""
    body = json.dumps(content).encode()
    return served.photos().ask("POST", path, body, {"content-type": "application/json", **headers})


def image(data: Any = None, **changes: Any) -> dict[str, Any]:
    """A request with the pixels of two pictures."""
    some = pixels()
    given = {"name": "image", "datatype": "UINT8", "shape": list(some.shape)}
    given["data"] = some.reshape(-1).tolist() if data is None else data
    return {"inputs": [given | changes]}


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/v2/health/live", {"live": bool}),
        ("/v2/health/ready", {"ready": bool}),
        ("/v2", {"name": str, "version": str, "extensions": list}),
        (MODEL, {"name": str, "versions": list, "platform": str, "inputs": list, "outputs": list}),
        (f"{MODEL}/versions/1", {"name": str, "versions": list, "platform": str, "inputs": list}),
        (f"{MODEL}/ready", {"name": str, "ready": bool}),
        (f"{MODEL}/versions/1/ready", {"name": str, "ready": bool}),
    ],
)
def test_every_get_endpoint_answers_in_the_form_of_the_protocol(
    path: str, wanted: dict[str, type]
) -> None:
    found = served.photos().ask("GET", path)
    assert found.status == 200
    assert found.headers["content-type"] == "application/json"
    for name, kind in wanted.items():
        assert isinstance(found.json[name], kind)
    for tensor in [*found.json.get("inputs", []), *found.json.get("outputs", [])]:
        assert set(tensor) == {"name", "datatype", "shape"}


@pytest.mark.parametrize("path", [f"{MODEL}/infer", f"{MODEL}/versions/1/infer"])
def test_pixels_as_json_give_what_python_gives_and_the_id_comes_back(path: str) -> None:
    found = infer(image() | {"id": "my-42"}, path)
    assert found.status == 200
    content = found.json
    assert (content["model_name"], content["model_version"], content["id"]) == (
        "photos",
        "1",
        "my-42",
    )
    by_name = {one["name"]: one for one in content["outputs"]}
    assert {n: one["datatype"] for n, one in by_name.items()} == {
        "probabilities": "FP32", "label": "BYTES", "sure": "BOOL",
    }  # fmt: skip
    model = load(made.photos().path)
    rows = model.probabilities([model.prepare(one) for one in pixels()])  # type: ignore[misc]
    got = np.array(by_name["probabilities"]["data"]).reshape(by_name["probabilities"]["shape"])
    assert np.abs(got - rows).max() < 1e-6
    assert by_name["label"]["data"] == [model.classes[i] for i in rows.argmax(axis=1)]


def test_nested_data_and_whole_files_give_the_same() -> None:
    flat = infer(image()).json["outputs"]
    assert infer(image(pixels().tolist())).json["outputs"] == flat
    files = [base64.b64encode(one).decode() for one in served.pictures()[:2]]
    given = {"name": "encoded", "datatype": "BYTES", "shape": [2], "data": files}
    found = infer({"inputs": [given], "outputs": [{"name": "label"}]})
    assert [one["name"] for one in found.json["outputs"]] == ["label"]
    model = load(made.photos().path)
    wanted = [row.label for row in model.predict(list(served.pictures()[:2]))]
    assert found.json["outputs"][0]["data"] == wanted


def test_a_grey_tensor_is_taken_too() -> None:
    some = pixels()[..., :1]
    assert infer(image(some.reshape(-1).tolist(), shape=list(some.shape))).status == 200


def blank(data: Any = None, **changes: Any) -> dict[str, Any]:
    """A request with one black picture."""
    given = {"name": "image", "datatype": "UINT8", "shape": [1, 2, 2, 3], "data": data or [0] * 12}
    return {"inputs": [given | changes]}


@pytest.mark.parametrize(
    "content",
    [
        {}, [], {"inputs": []}, {"inputs": [1]}, {"inputs": {}}, {"inputs": [{}]},
        blank(datatype="FP32"), blank(name="x"), blank(shape=[2, 2, 2, 3]), blank(shape=[0, 1, 1, 3]),
        blank(shape=[1, 2, 2, 4]), blank(shape="x"), blank(shape=[1.5]), blank(shape=[-1, 2, 2, 3]),
        blank([1, 2]), blank([256] * 12), blank([-1] * 12), blank(["a"] * 12), blank({"a": 1}),
        blank([True] * 12), blank([1.5] * 12), blank([2**70] * 12), blank([[[[[0]]]]]), blank() | {"id": 7},
        blank() | {"id": "\ud800"}, blank() | {"outputs": [{"name": "label"}] * 2},
        blank() | {"outputs": [{"name": "nothing"}]}, blank() | {"outputs": 1},
        blank() | {"outputs": [{"name": "label", "parameters": {"classification": 3}}]},
        blank() | {"parameters": 3}, blank(parameters={"binary_data_size": 9}),
        {"inputs": [{"name": "encoded", "datatype": "BYTES", "shape": [1], "data": ["%%%"]}]},
        {"inputs": [{"name": "encoded", "datatype": "BYTES", "shape": [2], "data": ["aaaa"]}]},
        {"inputs": [{"name": "encoded", "datatype": "BYTES", "shape": [1], "data": [1]}]},
    ],
)  # fmt: skip
def test_what_is_wrong_is_400_with_an_error_text(content: Any) -> None:
    found = infer(content)
    assert found.status == 400
    assert list(found.json) == ["error"]
    assert isinstance(found.json["error"], str)


def test_a_file_that_is_no_picture_is_422() -> None:
    data = [base64.b64encode(b"http://127.0.0.1/").decode()]
    found = infer(
        {"inputs": [{"name": "encoded", "datatype": "BYTES", "shape": [1], "data": data}]}
    )
    assert found.status == 422
    assert "no picture of a known format" in found.json["error"]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 10_000,
        b'{"a":' * 10_000,
        b"\xff",
        b"{",
        b"NaN",
        b'{"inputs": NaN}',
        b'{"id":1,"id":2}',
    ],
)
def test_json_that_is_none_is_400_however_deep(body: bytes) -> None:
    assert served.photos().ask("POST", f"{MODEL}/infer", body).status == 400


def test_a_small_text_cannot_become_gigabytes() -> None:
    found = served.photos().ask("POST", f"{MODEL}/infer", b"[" + b"[]," * 4_000_000 + b"0]")
    assert found.status == 413


@pytest.mark.parametrize(
    "path", ["/v2/models/other", "/v2/models/photos/versions/2", "/v2/models/%2e%2e"]
)
@pytest.mark.parametrize("end", ["", "/ready", "/infer"])
def test_an_unknown_model_or_version_is_404_with_an_error_text(path: str, end: str) -> None:
    method = "POST" if end == "/infer" else "GET"
    found = served.photos().ask(method, path + end, b"{}" if method == "POST" else None)
    assert found.status == 404
    assert list(found.json) == ["error"]


@pytest.mark.parametrize("length", ["0", "-1", "x", "99999999", "9" * 5000])
def test_a_length_of_the_json_that_cannot_be_is_400(length: str) -> None:
    found = infer(image(), **{"inference-header-content-length": length})
    assert found.status == 400


def test_what_the_network_gives_no_numbers_for_is_422_and_no_label() -> None:
    desk: Any = SimpleNamespace(card={"classes": ["a", "b"], "threshold": 0.5}, name="m")
    given = Given(None, [b"x", b"y"], b"", [], ["label"], frozenset())
    good, bad = (
        Reply({"failed": 0}, np.array([0.2, 0.8, one, 0], "<f4").tobytes()) for one in (1, np.nan)
    )
    assert Inference(desk)._answer(given, good).status_code == 200
    with pytest.raises(Refused, match="no numbers") as refused:
        Inference(desk)._answer(given, bad)
    assert refused.value.status == 422


def test_a_client_that_others_wrote_gets_the_same_answers(tmp_path: Path) -> None:
    python = client_python()
    if python is None:
        pytest.skip(f"{CLIENT} could not be installed into an environment of its own")
    np.save(tmp_path / "pixels.npy", pixels())
    files = served.pictures()[:2]
    for i, one in enumerate(files):
        (tmp_path / f"{i}.jpg").write_bytes(one)
    script = ROOT / "tests" / "shipping" / "serving" / "triton_client.py"
    address = f"127.0.0.1:{served.photos().port}"
    done = subprocess.run(
        [str(python), str(script), address, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    model = load(made.photos().path)
    rows = model.probabilities([model.prepare(one) for one in pixels()])  # type: ignore[misc]
    for form in ("binary", "json"):
        assert np.abs(np.array(told[form]["probabilities"]) - rows).max() < 1e-6
        assert told[form]["label"] == [model.classes[i] for i in rows.argmax(axis=1)]
        assert told[form]["sure"] == (rows.max(axis=1) >= model.threshold).tolist()
        assert told[form]["id"] == "an-id"
    assert told["encoded"] == [row.label for row in model.predict(list(files))]
    assert told["up"] == [True, True, True, True]
    assert told["metadata"]["outputs"][0]["shape"] == [-1, 2]
    assert "no output of that name" in told["error"]


def client_python() -> Path | None:
    """The interpreter of an environment with the client, made once and kept in the user's cache folder."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "striate-tests"
    folder = root / CLIENT.replace("[http]==", "-")
    python = folder / "bin" / "python"
    if (folder / ".ready").is_file() and python.exists():
        return python
    if sys.platform == "win32":
        return None
    try:
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", CLIENT]
        done = subprocess.run(command, capture_output=True, timeout=120)
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode:
        return None
    (folder / ".ready").touch()
    return python
