"""The Open Inference Protocol, version 2, as KServe and Triton speak it: six endpoints, tensors as bytes."""

from __future__ import annotations

import json
from typing import Any, final

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

import striate
from striate.shipping.serving import tensors
from striate.shipping.serving.desk import Desk, told
from striate.shipping.serving.tensors import Given
from striate.shipping.serving.workers import Refused, Reply

VERSION = "1"
OUTPUTS = ("probabilities", "label", "sure")
_JSON_LENGTH = "inference-header-content-length"


@final
class Inference:
    """The endpoints, over a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def server(self, request: Request) -> Response:
        """GET /v2."""
        extensions = ["binary_tensor_data"]
        return told(
            200, {"name": "striate", "version": striate.__version__, "extensions": extensions}
        )

    async def live(self, request: Request) -> Response:
        """GET /v2/health/live."""
        return told(200, {"live": True})

    async def ready(self, request: Request) -> Response:
        """GET /v2/health/ready."""
        return told(200 if self._desk.ready else 503, {"ready": self._desk.ready})

    async def model(self, request: Request) -> Response:
        """GET /v2/models/NAME: what goes in and what comes out."""
        self._known(request)
        classes = len(self._desk.card["classes"])
        return told(
            200,
            {
                "name": self._desk.name,
                "versions": [VERSION],
                "platform": "striate",
                "inputs": [
                    {"name": "image", "datatype": "UINT8", "shape": [-1, -1, -1, 3]},
                    {"name": "encoded", "datatype": "BYTES", "shape": [-1]},
                ],
                "outputs": [
                    {"name": "probabilities", "datatype": "FP32", "shape": [-1, classes]},
                    {"name": "label", "datatype": "BYTES", "shape": [-1]},
                    {"name": "sure", "datatype": "BOOL", "shape": [-1]},
                ],
            },
        )

    async def model_ready(self, request: Request) -> Response:
        """GET /v2/models/NAME/ready."""
        self._known(request)
        ready = self._desk.ready
        return told(200 if ready else 503, {"name": self._desk.name, "ready": ready})

    async def infer(self, request: Request) -> Response:
        """POST /v2/models/NAME/infer."""
        self._known(request)
        desk = self._desk
        with desk.holding(request) as held:
            body = await desk.body(request, held)
            length = request.headers.get(_JSON_LENGTH)
            given = tensors.read(body, length, OUTPUTS, desk.limits.json_values)
            if given.number > desk.limits.pictures:
                text = f"a request has at most {desk.limits.pictures} pictures"
                raise Refused(413, "too_many", text)
            head: dict[str, Any] = {"do": "infer"}
            if given.shape:
                head["shape"], pieces = given.shape, [given.pixels]
            else:
                head["sizes"], pieces = [len(one) for one in given.files], given.files
            reply = await desk.pool.ask(head, pieces, given.number)
        desk.counts.pictures += given.number
        desk.counts.unreadable += reply.head["failed"]
        if reply.head["failed"]:
            raise Refused(422, "unreadable", str(reply.head["reason"]))
        return self._answer(given, reply)

    def _known(self, request: Request) -> None:
        name = request.path_params["name"]
        if name != self._desk.name:
            raise Refused(404, "unknown_model", "there is no model of that name")
        if request.path_params.get("version", VERSION) != VERSION:
            raise Refused(404, "unknown_model", f"there is version {VERSION} only")

    def _answer(self, given: Given, reply: Reply) -> Response:
        card = self._desk.card
        N, K = given.number, len(card["classes"])
        rows = np.frombuffer(reply.body, "<f4").reshape(N, K)
        if not np.isfinite(rows).all():
            raise Refused(422, "no_numbers", "the network gives no numbers for it")
        best = rows.argmax(axis=1)
        labels = [card["classes"][i] for i in best]
        sure = rows[np.arange(N), best] >= card["threshold"]
        made: dict[str, tuple[str, list[int], Any, bytes]] = {
            "probabilities": ("FP32", [N, K], rows.reshape(-1).tolist(), reply.body),
            "label": ("BYTES", [N], labels, tensors.as_bytes(labels)),
            "sure": ("BOOL", [N], sure.tolist(), sure.astype(np.uint8).tobytes()),
        }
        outputs, behind = [], []
        for name in given.wanted:
            datatype, shape, data, raw = made[name]
            one: dict[str, Any] = {"name": name, "datatype": datatype, "shape": shape}
            if name in given.binary:
                one["parameters"] = {"binary_data_size": len(raw)}
                behind.append(raw)
            else:
                one["data"] = data
            outputs.append(one)
        content = {"model_name": self._desk.name, "model_version": VERSION, "outputs": outputs}
        if given.id is not None:
            content["id"] = given.id
        if not behind:
            return told(200, content)
        text = json.dumps(content, ensure_ascii=False).encode()
        headers = {_JSON_LENGTH: str(len(text))}
        return Response(b"".join([text, *behind]), 200, headers, "application/octet-stream")
