"""A peer: LitServe with the same network. Run in an environment of its own.

`python serve_peer_litserve.py PORT ARCHITECTURE CLASSES THREADS KIND`; KIND is `single` or `batch`: eight
pictures at most, waited for up to 10 ms.
"""

from __future__ import annotations

import io
import sys
from typing import Any

import litserve  # type: ignore[import-not-found]
import torch
from PIL import Image
from torchvision import models, transforms

port, architecture, classes, threads, kind = sys.argv[1:6]
IN_BATCHES = kind == "batch"


class Api(litserve.LitAPI):  # type: ignore[misc]
    """One picture to the three best classes; the methods are LitServe's own steps."""

    def setup(self, device: str) -> None:
        """The network."""
        torch.set_num_threads(int(threads))
        self.network = models.get_model(architecture, num_classes=int(classes)).eval().to(device)
        self.prepare = transforms.Compose(
            [
                transforms.Resize(256),
                transforms.CenterCrop(224),
                transforms.ToTensor(),
                transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
            ]
        )

    def decode_request(self, request):
        """A file to the input. LitServe reads the annotation; without one it gives the form."""
        data = request["file"].file.read()
        return self.prepare(Image.open(io.BytesIO(data)).convert("RGB"))

    def batch(self, inputs: list[Any]) -> Any:
        """Several as one."""
        return torch.stack(inputs)

    def unbatch(self, output: Any) -> list[Any]:
        """One as several."""
        return list(output)

    def predict(self, x: Any) -> Any:
        """Probabilities."""
        with torch.inference_mode():
            found = self.network(x if IN_BATCHES else x[None]).softmax(1)
        return found if IN_BATCHES else found[0]

    def encode_response(self, output: Any) -> dict[str, Any]:
        """What the client gets."""
        shares, places = output.topk(3)
        rows = zip(places.tolist(), shares.tolist(), strict=True)
        return {"top": [{"label": str(k), "probability": p} for k, p in rows]}


if __name__ == "__main__":
    api = Api(max_batch_size=8, batch_timeout=0.01) if IN_BATCHES else Api()
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, timeout=120)
    server.run(host="127.0.0.1", port=int(port), log_level="error", generate_client_file=False)
