"""Every table to take along: /download/overview/sources.csv or .parquet, with the query of the page."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal

import polars as pl
from flask import Flask, Response, abort, request

from clicktrail.errors import ClicktrailError, StoreError
from dashboards.page import Desk
from dashboards.state import State

KINDS = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


def serve_downloads(server: Flask, desk: Desk) -> None:
    """Add the address; an unknown page, table or kind is 404, a bad parameter 400, a store away 503."""
    pages = {page.name: page for page in desk.pages if page.download is not None}

    def download(page: str, name: str, kind: str) -> Response:
        found = pages.get(page)
        if found is None or found.download is None or kind not in KINDS:
            abort(404)
        view = desk.view(State.of(found.path, request.args.to_dict(flat=False), desk.own(found.path)))
        try:
            if view.trouble is not None:
                raise view.trouble
            rows = found.download(view, name)
        except ClicktrailError as error:
            code = 503 if isinstance(error, StoreError) else 400
            return Response(f"{error}\n", code, mimetype="text/plain")
        if rows is None:
            abort(404)
        view.access.check_taken(rows[0] if rows else (), view.site.id if view.site else None)
        site = view.site.id if view.site else "site"
        filename = f"{site}-{name}-{view.period.start}-{view.period.end}.{kind}"
        headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
        body = as_csv(rows) if kind == "csv" else as_parquet(rows)
        return Response(body, mimetype=KINDS[kind], headers=headers)

    server.add_url_rule("/download/<page>/<name>.<kind>", "download", download)


def as_csv(rows: Sequence[Sequence[object]]) -> str:
    """CSV with a byte-order mark (spreadsheets need it); a text that a spreadsheet would run gets a quote."""
    out = io.StringIO()
    csv.writer(out).writerows([[_harmless(cell) for cell in row] for row in rows])
    return "\ufeff" + out.getvalue()


def as_parquet(rows: Sequence[Sequence[object]]) -> bytes:
    """Columns named by the first row; a column of several kinds becomes text."""
    head, *body = rows
    columns = [
        pl.Series(str(name), [row[at] for row in body]) for at, name in enumerate(head) if _one_kind(body, at)
    ]
    texts = [
        pl.Series(str(name), [None if row[at] is None else str(row[at]) for row in body], dtype=pl.String)
        for at, name in enumerate(head)
        if not _one_kind(body, at)
    ]
    out = io.BytesIO()
    pl.DataFrame([*columns, *texts]).select([str(name) for name in head]).write_parquet(out)
    return out.getvalue()


def _one_kind(rows: Sequence[Sequence[object]], at: int) -> bool:
    kinds = {type(row[at]) for row in rows if row[at] is not None}
    return (len(kinds) == 1 and not kinds & {list, tuple, dict, Decimal}) or kinds == {Decimal}


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
