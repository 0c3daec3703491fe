"""Asks a server through NVIDIA's client and prints what it got; runs in an environment of its own."""

import json
import sys
from pathlib import Path

import numpy as np
import tritonclient.http as triton  # type: ignore[import-not-found]


def main(address: str, folder: Path) -> None:
    client = triton.InferenceServerClient(address)
    pixels = np.load(folder / "pixels.npy")
    told: dict[str, object] = {
        "up": [
            client.is_server_live(), client.is_server_ready(), client.is_model_ready("photos"),
            client.is_model_ready("photos", "1"),
        ],
        "server": client.get_server_metadata(),
        "metadata": client.get_model_metadata("photos"),
    }  # fmt: skip
    names = ("probabilities", "label", "sure")
    for form, binary in (("binary", True), ("json", False)):
        given = triton.InferInput("image", list(pixels.shape), "UINT8")
        given.set_data_from_numpy(pixels, binary_data=binary)
        wanted = [triton.InferRequestedOutput(name, binary_data=binary) for name in names]
        found = client.infer("photos", [given], outputs=wanted, request_id="an-id")
        labels = [
            one.decode() if isinstance(one, bytes) else one for one in found.as_numpy("label")
        ]
        told[form] = {
            "probabilities": found.as_numpy("probabilities").tolist(),
            "label": labels,
            "sure": found.as_numpy("sure").tolist(),
            "id": found.get_response()["id"],
        }
    files = np.array([(folder / f"{i}.jpg").read_bytes() for i in range(2)], dtype=np.object_)
    given = triton.InferInput("encoded", [2], "BYTES")
    given.set_data_from_numpy(files)
    found = client.infer("photos", [given], model_version="1")
    told["encoded"] = [one.decode() for one in found.as_numpy("label")]
    try:
        client.infer("photos", [given], outputs=[triton.InferRequestedOutput("nothing")])
    except triton.InferenceServerException as fault:
        told["error"] = str(fault)
    print(json.dumps(told))  # noqa: T201 this is its answer


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
