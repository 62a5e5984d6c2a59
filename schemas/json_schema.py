"""The records as JSON Schema (draft 2020-12), derived from the same annotations."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

JSON_TYPES: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "datetime | None": {"type": ["string", "null"], "format": "date-time"},
    "Decimal": {"type": "string", "pattern": r"^-?\d{1,14}(\.\d{1,4})?$"},
}


def json_schema(record: type) -> dict[str, Any]:
    """The JSON Schema of one record."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": record.__name__,
        "description": (record.__doc__ or "").strip(),
        "type": "object",
        "properties": {f.name: JSON_TYPES[str(f.type)] for f in fields(record)},
        "required": [f.name for f in fields(record) if f.default is MISSING],
        "additionalProperties": False,
    }
