"""The description of the routes holds every route, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import striate.shipping.serving
from striate.shipping.serving.routes import table
from tests.shipping.serving import served
from tests.shipping.serving.test_guard import desk


def described(path: str, status: int) -> Any:
    """What an answer of POST to a path is said to be: by its kind."""
    content = served.photos().ask("GET", "/openapi.json").json
    return content["paths"][path]["post"]["responses"][str(status)]["content"]


def named(path: str, status: int) -> Any:
    """The schema of such an answer."""
    content = served.photos().ask("GET", "/openapi.json").json
    name = described(path, status)["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return content["components"]["schemas"][name]


def test_every_route_stands_in_the_description() -> None:
    content = served.photos().ask("GET", "/openapi.json").json
    told = {(m.upper(), path) for path, verbs in content["paths"].items() for m in verbs}
    assert told == {(way.method, way.path) for way in table(desk())}
    assert content["openapi"].startswith("3.1")


def test_every_reference_leads_somewhere_and_parameters_are_told() -> None:
    content = served.photos().ask("GET", "/openapi.json").json
    predict = content["paths"]["/predict"]["post"]
    assert [one["name"] for one in predict["parameters"]] == ["top", "threshold"]
    name = predict["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert name.rpartition("/")[2] in content["components"]["schemas"]
    assert content["paths"]["/health/live"]["get"]["security"] == []
    infer = content["paths"]["/v2/models/{name}/versions/{version}/infer"]["post"]
    assert [one["name"] for one in infer["parameters"]] == ["name", "version"]


def test_a_row_has_the_fields_that_the_description_says() -> None:
    content = served.photos().ask("GET", "/openapi.json").json
    row = served.photos().post(served.pictures()[0]).json["predictions"][0]
    assert sorted(row) == sorted(content["components"]["schemas"]["Row"]["properties"])


INFER = "/v2/models/{name}/infer"
TENSOR = {"name": "image", "datatype": "UINT8", "shape": [1, 1, 1, 3], "data": [1, 2, 3]}


@pytest.mark.parametrize(
    ("path", "body", "kind", "status"),
    [
        ("/predict", b"no picture", "image/jpeg", 422),
        ("/predict", b"{}", "application/json", 415),
        ("/seen", b"no picture", "image/jpeg", 422),
        (INFER, b"{}", "application/json", 400),
        (INFER, json.dumps({"inputs": [TENSOR]}).encode(), "application/json", 200),
    ],
)
def test_an_answer_has_the_fields_that_its_description_says(
    path: str, body: bytes, kind: str, status: int
) -> None:
    server = served.photos()
    found = server.ask("POST", path.replace("{name}", "photos"), body, {"content-type": kind})
    assert found.status == status
    schema = named(path, status)
    assert set(schema["required"]) <= set(found.json) <= set(schema["properties"])


def test_what_the_network_sees_is_described_as_the_png_that_it_is() -> None:
    found = served.photos().post(served.pictures()[0], "/seen")
    assert list(described("/seen", found.status)) == [found.headers["content-type"]]


def test_every_status_of_a_refusal_and_every_body_that_is_taken_stand_in_the_description() -> None:
    (folder,) = striate.shipping.serving.__path__
    sources = "".join(one.read_text() for one in sorted(Path(folder).glob("*.py")))
    refused = set(re.findall(r"\b(?:Refused|bare)\(\s*(\d{3})", sources)) - {"404"}
    assert len(refused) >= 7
    content = served.photos().ask("GET", "/openapi.json").json
    for path, verbs in content["paths"].items():
        if "post" in verbs:
            assert refused <= set(verbs["post"]["responses"]), path
            assert verbs["post"]["requestBody"]["content"], path
