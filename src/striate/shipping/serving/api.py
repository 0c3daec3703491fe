"""The description of the routes at /openapi.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import striate

_TEXT = {"type": "string"}
_PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1}
_ROW = {
    "type": "object",
    "required": ["path", "label", "probability", "top", "sure", "error"],
    "properties": {
        "path": {**_TEXT, "description": "the file's name in a form"},
        "label": {"type": ["string", "null"]},
        "probability": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "top": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"label": _TEXT, "probability": _PROBABILITY},
            },
        },
        "sure": {
            "type": ["boolean", "null"],
            "description": "the probability reaches the threshold",
        },
        "error": {"type": ["string", "null"], "description": "why the picture has no answer"},
    },
}
_PARAMETERS = {"type": "object", "description": "of the extension binary_tensor_data"}
_TENSOR = {
    "type": "object",
    "required": ["name", "datatype", "shape"],
    "properties": {
        "name": _TEXT,
        "datatype": {**_TEXT, "enum": ["UINT8", "BYTES", "FP32", "BOOL"]},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "parameters": _PARAMETERS,
        "data": {"type": "array", "description": "missing where it comes as bytes behind the JSON"},
    },
}
_WANTED = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": _TEXT, "parameters": _PARAMETERS},
}
_TENSOR_REF = {"$ref": "#/components/schemas/Tensor"}
_SCHEMAS = {
    "Row": _ROW,
    "Predictions": {
        "type": "object",
        "required": ["schema_version", "predictions"],
        "properties": {
            "schema_version": {"const": 1},
            "predictions": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
        },
    },
    "Error": {"type": "object", "required": ["error"], "properties": {"error": _TEXT}},
    "Tensor": _TENSOR,
    "InferenceRequest": {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {**_TEXT, "maxLength": 256},
            "parameters": _PARAMETERS,
            "inputs": {"type": "array", "minItems": 1, "maxItems": 1, "items": _TENSOR_REF},
            "outputs": {"type": "array", "items": _WANTED},
        },
    },
    "InferenceResponse": {
        "type": "object",
        "required": ["model_name", "outputs"],
        "properties": {
            "model_name": _TEXT,
            "model_version": _TEXT,
            "id": _TEXT,
            "outputs": {"type": "array", "items": _TENSOR_REF},
        },
    },
}
_PICTURE = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {
        "type": "object",
        "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
    }
}
_FORBIDDEN = {"401": "a token is needed", "403": "another site asks"}
_FAULTS = {
    "400": "the request cannot be understood", "408": "the request did not arrive in time",
    "413": "too large", "415": "not a picture", "422": "no picture of it can be read",
    "503": "busy or not ready: Retry-After says when to ask again", "504": "not in time",
}  # fmt: skip


def describe(ways: Iterable[tuple[str, str, str, str]]) -> dict[str, Any]:
    """OpenAPI 3.1 of method, path, text and who may come."""
    paths: dict[str, Any] = {}
    for method, path, text, who in ways:
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, text, who)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Striate",
            "version": striate.__version__,
            "license": {"name": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": _SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(method: str, path: str, text: str, who: str) -> dict[str, Any]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _TEXT} for name in names
    ]
    answers: dict[str, Any] = {"200": {"description": "the answer"}}
    made: dict[str, Any] = {"summary": text, "responses": answers}
    faults = _FORBIDDEN if who == "guarded" else {}
    if method == "POST":
        faults = faults | _FAULTS
        given, answers["200"]["content"] = _content(path)
        made["requestBody"] = {"required": True, "content": given}
    if names:
        faults = faults | {"404": "there is no model of that name"}
    if path == "/predict":
        whole = {"schema": {"type": "integer", "minimum": 1, "default": 3}}
        parameters += [{"name": "top", "in": "query"} | whole]
        parameters += [{"name": "threshold", "in": "query", "schema": _PROBABILITY}]
    for code, told in sorted(faults.items()):
        answers[code] = {"description": told, "content": _json("Error")}
    if path == "/predict":  # its rows say of each picture why
        answers["422"]["content"] = _json("Predictions")
    if who != "guarded":
        made["security"] = []
    elif who == "guarded":
        made["security"] = [{}, {"token": []}]
    return made | ({"parameters": parameters} if parameters else {})


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _content(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a POST takes and what it gives."""
    if path.endswith("/infer"):
        raw = {"application/octet-stream": _PICTURE}  # JSON, and tensors as bytes behind it
        return _json("InferenceRequest") | raw, _json("InferenceResponse") | raw
    pictures = {
        "multipart/form-data": _FORM,
        "image/*": _PICTURE,
        "application/octet-stream": _PICTURE,
    }
    return pictures, _json("Predictions") if path == "/predict" else {"image/png": _PICTURE}
