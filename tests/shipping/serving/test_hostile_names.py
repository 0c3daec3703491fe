"""Names that would run as script where they were taken for markup: of classes, files and the model. They are
shown as the text that they are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.pictures.prepare import Preparation
from striate.shipping.facts import facts_of
from striate.shipping.serving.server import model_name
from striate.shipping.to_onnx import tensor_graph
from tests.shipping.serving.browser import Browser, found
from tests.shipping.serving.served import Served, form

RUN = "window.ran=1"
WAYS = (
    "<script>{}</script>", "<img src=x onerror={}>", "<svg onload={}>", "\"><img src=x onerror={}>",
    "'><svg/onload={}>", "<details open ontoggle={}>x", "<iframe srcdoc='<script>parent.{}</script>'>",
    "<a href=javascript:{} autofocus onfocus={}>x</a>", "</title><script>{}</script>", "javascript:{}",
)  # fmt: skip
HOW = ("{}", "{}//", "`${{{}}}`", "eval('{}')", "top.{}")
CLASSES = tuple(way.replace("{}", how.format(RUN)) for way in WAYS for how in HOW)
SHOWN = 5  # classes with one picture


def model(folder: Path) -> Path:
    """Picture g has one white pixel, the g-th, and classes 5g to 5g + 4 are sure of it."""
    import torch

    head = torch.nn.Linear(192, len(CLASSES))
    network = torch.nn.Sequential(torch.nn.Flatten(), head)
    weight = np.zeros((len(CLASSES), 3, 64), np.float32)
    for k in range(len(CLASSES)):
        weight[k, :, k // SHOWN] = 1 + 0.01 * (SHOWN - k % SHOWN)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight.reshape(len(CLASSES), 192)))
        head.bias.zero_()
    card = {
        "format": 1, "task": "one label per picture", "classes": list(CLASSES), "temperature": 0.1,
        "preparation": Preparation((8, 8), ratio=1.0, mean=(0.0,) * 3, std=(1.0,) * 3).to_dict(),
        "threshold": 0.5,
    }  # fmt: skip
    path = folder / f"<img src=x onerror={RUN}>.onnx"
    path.write_bytes(tensor_graph(network.eval(), (3, 8, 8), facts_of(card, "x", "tensor")))
    return path


def pictures(folder: Path) -> list[Path]:
    """Ten files, each with a name that would run."""
    made = []
    for g in range(len(CLASSES) // SHOWN):
        pixels = np.zeros((64, 3), np.uint8)
        pixels[g] = 255
        made.append(folder / f"{CLASSES[g * SHOWN].replace('/', '∕')}.png")
        Image.fromarray(pixels.reshape(8, 8, 3)).save(made[-1])
    return made


@pytest.mark.skipif(found() is None, reason="there is no Chromium on this machine")
def test_fifty_names_that_would_run_as_script_are_shown_as_text(tmp_path: Path) -> None:
    assert len(set(CLASSES)) == 50
    path = model(tmp_path)
    with Served(path, name="") as server, Browser() as browser:
        browser.open(f"http://127.0.0.1:{server.port}/")
        browser.until("document.getElementById('facts').textContent.includes('50 classes')")
        assert CLASSES[2] in browser.value("document.getElementById('facts').textContent")
        assert browser.value("document.getElementById('name').textContent") == model_name(path)
        elements = browser.value("document.querySelectorAll('script, img, svg, iframe, a').length")
        for g, picture in enumerate(pictures(tmp_path)):
            browser.give("#file", picture)
            told = CLASSES[g * SHOWN : (g + 1) * SHOWN]
            names = "[...document.querySelectorAll('#bars b')].map((one) => one.textContent)"
            browser.until(f"{names}.includes({told[0]!r})")
            assert browser.value(names) == list(told)
            assert browser.value("document.getElementById('label').textContent").endswith(told[0])
        now = browser.value("document.querySelectorAll('script, img, svg, iframe, a').length")
        assert now == elements  # none was made of a name
        assert browser.value("window.ran === undefined")
        assert browser.complaints == []  # so the policy had nothing to stop


def test_an_answer_with_such_names_is_json_that_no_browser_takes_for_a_page(tmp_path: Path) -> None:
    with Served(model(tmp_path)) as server:
        files = [(f"{k}.png", one.read_bytes()) for k, one in enumerate(pictures(tmp_path))]
        body, kind = form(*((RUN.join("<>") + name, data) for name, data in files))
        answer = server.ask("POST", "/predict?top=1", body, {"content-type": kind})
        assert [one["label"] for one in answer.json["predictions"]] == list(CLASSES[::SHOWN])
        assert all(one["path"].startswith(f"<{RUN}>") for one in answer.json["predictions"])
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.headers["x-content-type-options"] == "nosniff"
