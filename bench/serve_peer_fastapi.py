"""A peer: FastAPI and torchvision's own network, as the tutorials write it. Run in an environment of its own.

`python serve_peer_fastapi.py PORT ARCHITECTURE CLASSES THREADS KIND`; KIND is `threads` (a plain function,
which FastAPI runs in its pool of threads) or `loop` (an async one, one picture after the other).
"""

from __future__ import annotations

import io
import sys
from typing import Any

import torch
import uvicorn
from fastapi import FastAPI, UploadFile  # type: ignore[import-not-found]
from PIL import Image
from torchvision import models, transforms

port, architecture, classes, threads, kind = sys.argv[1:6]
torch.set_num_threads(int(threads))
network = models.get_model(architecture, num_classes=int(classes)).eval()
prepare = transforms.Compose(
    [
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ]
)
app = FastAPI()


def answer(data: bytes) -> dict[str, Any]:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    with torch.inference_mode():
        shares, places = network(prepare(image)[None])[0].softmax(0).topk(3)
    rows = zip(places.tolist(), shares.tolist(), strict=True)
    return {"top": [{"label": str(k), "probability": p} for k, p in rows]}


if kind == "threads":

    @app.post("/predict")  # type: ignore[untyped-decorator]
    def predict(file: UploadFile) -> dict[str, Any]:
        return answer(file.file.read())

else:

    @app.post("/predict")  # type: ignore[untyped-decorator]
    async def predict_in_the_loop(file: UploadFile) -> dict[str, Any]:
        return answer(await file.read())


uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error")
