"""How to run an exported file without Striate: fifteen lines of Python, and a web page. Tests run both.

The file is the self-contained form: pixels in, probabilities out.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

# What is transparent is laid over the colour that the preparation names, as everywhere in Striate.
_PYTHON = """import json, sys
import numpy as np
import onnxruntime as ort
from PIL import Image, ImageOps

session = ort.InferenceSession({file})
facts = json.loads(session.get_modelmeta().custom_metadata_map["striate"])
for path in sys.argv[1:]:
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode[0] in "IF":  # 16-bit grey is scaled, 32-bit grey refused
        image = Image.fromarray(np.uint8((np.asarray(image).astype("u4", casting="safe") + 128) // 257))
    image = Image.alpha_composite(Image.new("RGBA", image.size, {colour}), image.convert("RGBA"))
    pixels = np.asarray(image.convert("RGB"))[None]
    p = session.run(None, {{"pixels": pixels}})[0][0]
    best = int(p.argmax())
    sure = "" if p[best] >= facts["threshold"] else "  (not sure)"
    print(f"{{path}}: {{facts['classes'][best]}} {{p[best]:.4f}}{{sure}}")
"""
_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>{title}</title>
<script src="{runtime}/ort.wasm.min.js"></script>
<input type="file" accept="image/*" id="file"> <output id="told"></output>
<script>
  const classes = {classes}, threshold = {threshold};
  ort.env.wasm.wasmPaths = new URL("{runtime}/", location).href;
  ort.env.wasm.numThreads = 1;
  const session = ort.InferenceSession.create("{file}");
  async function classify(blob) {{
    const image = await createImageBitmap(blob);  // turns it as its EXIF says
    const canvas = new OffscreenCanvas(image.width, image.height);
    const drawn = canvas.getContext("2d");
    drawn.fillStyle = "rgb{colour}";              // what lies behind transparent pixels
    drawn.fillRect(0, 0, image.width, image.height);
    drawn.drawImage(image, 0, 0);
    const rgba = drawn.getImageData(0, 0, image.width, image.height).data;
    const rgb = new Uint8Array(image.width * image.height * 3);
    for (let i = 0, j = 0; i < rgba.length; i += 4) {{
      rgb[j++] = rgba[i]; rgb[j++] = rgba[i + 1]; rgb[j++] = rgba[i + 2];
    }}
    const pixels = new ort.Tensor("uint8", rgb, [1, image.height, image.width, 3]);
    const told = await (await session).run({{ pixels }});
    const p = Array.from(told.probabilities.data), best = p.indexOf(Math.max(...p));
    return {{ label: classes[best], probability: p[best], sure: p[best] >= threshold, p }};
  }}
  document.getElementById("file").onchange = async (event) => {{
    const found = await classify(event.target.files[0]);
    document.getElementById("told").textContent =
      `${{found.label}} ${{(100 * found.probability).toFixed(1)}} %${{found.sure ? "" : " (not sure)"}}`;
  }};
</script>
"""


def python_snippet(facts: dict[str, Any], file: str = "model.onnx") -> str:
    """A script that prints the answer for each picture it is given."""
    colour = (*_background(facts), 255)
    return _PYTHON.format(file=json.dumps(file), colour=colour)


def page_snippet(
    facts: dict[str, Any],
    file: str = "model.onnx",
    runtime: str = "node_modules/onnxruntime-web/dist",
) -> str:
    """A page that asks for a picture and answers in the browser: nothing leaves it."""
    return _PAGE.format(
        title=html.escape(f"{len(facts['classes'])} classes"),
        classes=_inert(facts["classes"]),
        threshold=float(facts["threshold"]),
        colour=_background(facts),
        file=html.escape(file),
        runtime=html.escape(runtime),
    )


def _background(facts: dict[str, Any]) -> tuple[int, ...]:
    return tuple(int(v) for v in facts["preparation"].get("background", (255, 255, 255)))


def _inert(names: Sequence[str]) -> str:
    """Names as JSON that cannot end the script they stand in."""
    return json.dumps(list(names)).replace("<", "\\u003c").replace("&", "\\u0026")
