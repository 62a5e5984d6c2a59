"""A field is spelled and typed the same in Python, Arrow, JSON Schema and the tables."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields

import pytest

from schemas.arrow import RECORDS, schema
from schemas.json_schema import json_schema
from store.tables.client import Store

SQL_TYPES = {
    "str": {"String"},
    "bytes": {"String"},
    "int": {"Int64", "UInt32", "UInt64"},
    "float": {"Float64"},
    "bool": {"Bool"},
    "datetime": {"DateTime64(3, 'UTC')"},
    "datetime | None": {"Nullable(DateTime64(3, 'UTC'))"},
    "Decimal": {"Decimal(18, 4)"},
}
JSON_TYPES = {"str": "string", "bytes": "string", "int": "integer", "float": "number", "bool": "boolean"}

every_table = pytest.mark.parametrize("table", sorted(RECORDS))


def described(store: Store, table: str) -> dict[str, tuple[str, str, str]]:
    """Column → (type without LowCardinality, kind of default, default), computed columns left out."""
    rows = store.rows(f"DESCRIBE TABLE {table}")
    return {
        row["name"]: (
            re.sub(r"LowCardinality\((.*)\)", r"\1", row["type"]),
            row["default_type"],
            row["default_expression"],
        )
        for row in rows
        if row["default_type"] != "MATERIALIZED"
    }


@every_table
def test_the_table_has_the_fields_of_the_record_in_their_order(store: Store, table: str) -> None:
    assert list(described(store, table)) == [field.name for field in fields(RECORDS[table])]


@every_table
def test_the_table_has_the_types_of_the_record(store: Store, table: str) -> None:
    columns = described(store, table)
    for field in fields(RECORDS[table]):
        assert columns[field.name][0] in SQL_TYPES[str(field.type)], field.name


@every_table
def test_a_column_left_out_of_an_insert_gets_the_default_of_the_record(store: Store, table: str) -> None:
    columns = described(store, table)
    for field in fields(RECORDS[table]):
        _, kind, text = columns[field.name]
        if kind == "DEFAULT":
            assert text.strip("'") == str(field.default), field.name
        else:
            assert field.default is MISSING or not field.default, field.name


@every_table
def test_what_the_table_returns_has_the_arrow_types_of_the_record(store: Store, table: str) -> None:
    record = RECORDS[table]
    found = store.query(f"SELECT * FROM {table}").schema
    expected = {name: str(dtype).replace("Binary", "String") for name, dtype in schema(record).items()}
    assert {name: str(dtype) for name, dtype in found.items()} == expected


@every_table
def test_the_json_schema_has_the_fields_and_types_of_the_record(table: str) -> None:
    record = RECORDS[table]
    document = json_schema(record)
    assert list(document["properties"]) == [field.name for field in fields(record)]
    for field in fields(record):
        if (plain := JSON_TYPES.get(str(field.type))) is not None:
            assert document["properties"][field.name]["type"] == plain, field.name
