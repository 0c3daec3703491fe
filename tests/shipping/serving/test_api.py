"""The description of the routes holds every route, and nothing else."""

from __future__ import annotations

from striate.shipping.serving.routes import table
from tests.shipping.serving import served
from tests.shipping.serving.test_guard import desk


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
