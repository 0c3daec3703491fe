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
}
_PICTURE = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {
        "type": "object",
        "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
    }
}
_FAULTS = {
    "400": "the request cannot be understood", "401": "a token is needed", "403": "another site asks",
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
    made: dict[str, Any] = {"summary": text, "responses": {"200": {"description": "the answer"}}}
    if path in ("/predict", "/seen"):
        content = {
            "multipart/form-data": _FORM,
            "image/*": _PICTURE,
            "application/octet-stream": _PICTURE,
        }
        made["requestBody"] = {"required": True, "content": content}
    if path == "/predict":
        whole = {"schema": {"type": "integer", "minimum": 1, "default": 3}}
        parameters += [{"name": "top", "in": "query"} | whole]
        parameters += [{"name": "threshold", "in": "query", "schema": _PROBABILITY}]
        rows = {"application/json": {"schema": {"$ref": "#/components/schemas/Predictions"}}}
        made["responses"]["200"]["content"] = rows
    if method == "POST":
        fault = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        for code, told in _FAULTS.items():
            made["responses"][code] = {"description": told, "content": fault}
    if who != "guarded":
        made["security"] = []
    elif who == "guarded":
        made["security"] = [{}, {"token": []}]
    return made | ({"parameters": parameters} if parameters else {})
