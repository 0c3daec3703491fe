"""What the card shows is run: the script without Striate, and the page in a browser."""

from __future__ import annotations

import functools
import http.server
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.pictures.files import decode, to_png
from striate.shipping.classifier import load
from striate.shipping.snippets import page_snippet, python_snippet
from striate.verbs.export import Wanted, export
from tests.verbs import made

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NPM = shutil.which("npm")
RUNTIME = ("ort.wasm.min.js", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the photographs' run, alone in a folder."""
    out = tmp_path_factory.mktemp("alone") / "model.onnx"
    made.followed(export(made.photos().path, Wanted(out=out)))
    return out


def photographs() -> list[Path]:
    return sorted((made.photographs() / "cat").iterdir())[:3]


def test_fifteen_lines_of_python_give_our_answers(exported: Path) -> None:
    mine = load(exported)
    script = exported.parent / "alone.py"
    script.write_text(python_snippet(mine.card))
    assert len(script.read_text().splitlines()) <= 17
    done = subprocess.run(
        [sys.executable, "-I", script.name, *map(str, photographs())],
        cwd=exported.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for line, answer in zip(done.stdout.splitlines(), mine.predict(photographs()), strict=True):
        path, _, told = line.partition(": ")
        label, share = told.split()[:2]
        assert (path, label) == (answer.path, answer.label)
        assert float(share) == pytest.approx(answer.probability, abs=1.1e-4)
        assert line.endswith("(not sure)") == (not answer.sure)


def test_the_script_scales_deep_grey_as_we_do_and_refuses_what_it_cannot(exported: Path) -> None:
    script, folder = exported.parent / "deep.py", exported.parent
    script.write_text(python_snippet(load(exported).card))
    ramp = np.linspace(0, 65535, 40 * 50).astype(np.uint16).reshape(40, 50)
    Image.fromarray(ramp).save(folder / "deep.png")
    Image.fromarray(ramp.astype(np.float32)).save(folder / "float.tiff")
    (mine,) = load(exported).predict(folder / "deep.png")
    ran = [
        subprocess.run(
            [sys.executable, "-I", script.name, name],
            cwd=folder, capture_output=True, text=True, check=False,
        )
        for name in ("deep.png", "float.tiff")
    ]  # fmt: skip
    assert ran[0].returncode == 0, ran[0].stderr
    label, share = ran[0].stdout.split()[1:3]
    assert label == mine.label
    assert float(share) == pytest.approx(mine.probability, abs=1.1e-4)
    assert ran[1].returncode
    assert "Cannot cast" in ran[1].stderr


def test_a_name_of_a_class_cannot_leave_the_script_of_the_page() -> None:
    facts = {
        "classes": ["</script><script>alert(1)</script>", "a&b"], "threshold": 0.5,
        "preparation": {"background": [1, 2, 3]},
    }  # fmt: skip
    page = page_snippet(facts, file='"><img src=x>')
    assert page.count("</script>") == 2
    assert "<img" not in page
    assert 'fillStyle = "rgb(1, 2, 3)"' in page


@pytest.fixture(scope="session")
def runtime() -> Path:
    """onnxruntime-web from npm, kept from one session to the next."""
    if NPM is None:
        pytest.skip("needs npm to get onnxruntime-web")
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "striate-tests" / "web"
    found = home / "node_modules" / "onnxruntime-web" / "dist"
    if not (found / "ort.wasm.min.js").exists():
        home.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [NPM, "install", "--no-audit", "--no-fund", "--ignore-scripts", "onnxruntime-web@1"],
            cwd=home, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        if done.returncode or not (found / "ort.wasm.min.js").exists():
            pytest.skip("needs onnxruntime-web, and npm cannot get it here")
    return found


@pytest.fixture
def site(exported: Path, runtime: Path, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder that is served, with the model and the runtime in it."""
    root = tmp_path / "site"
    (root / "ort").mkdir(parents=True)
    for name in RUNTIME:
        shutil.copy(runtime / name, root / "ort")
    shutil.copy(exported, root / "model.onnx")
    handler = functools.partial(_Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield root, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


TOLD: queue.SimpleQueue[str] = queue.SimpleQueue()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def do_POST(self) -> None:
        """What the page found."""
        TOLD.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


_ASK = """
<script>
  (async () => {
    const rows = [];
    for (const name of NAMES) {
      const blob = await (await fetch(name)).blob();
      rows.push((await classify(blob)).p);
    }
    return JSON.stringify(rows);
  })().catch(String).then((body) => fetch("told", { method: "POST", body }));
</script>
"""


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_the_page_in_a_browser_gives_our_answers(site: tuple[Path, str], exported: Path) -> None:
    root, address = site
    mine, names = load(exported), []
    for i, path in enumerate(photographs()):
        # As PNG: a browser's own JPEG decoder rounds otherwise than libjpeg.
        (root / f"{i}.png").write_bytes(to_png(decode(path.read_bytes())))
        names.append(f"{i}.png")
    page = page_snippet(mine.card, runtime="ort") + _ASK.replace("NAMES", json.dumps(names))
    (root / "index.html").write_text(page)
    browser = subprocess.Popen(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu",
            f"--user-data-dir={root / 'profile'}", "--remote-debugging-port=0", f"{address}/index.html",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        told = TOLD.get(timeout=150)
    finally:
        browser.kill()
        browser.wait()
    assert told.startswith("["), told
    found = np.array(json.loads(told))
    wanted = mine.probabilities([mine.engine.decode((root / name).read_bytes()) for name in names])
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1e-5
