"""Values that a form may offer: /suggest?site=…&field=path&q=/pr, a JSON list, most frequent first."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask, Response, jsonify, request

from clicktrail.errors import ConfigError, StoreError
from dashboards.computed import Computed, read_sql, sql_instant
from dashboards.expressions import fill, text_of
from dashboards.page import Desk
from dashboards.state import State

DAYS = 14
MOST = 20
_SQL = read_sql("dashboards", "suggestions.sql")
_OF_EVENT = {"entry_path": "path", "exit_path": "path"}  # of the session; the values are paths of its events


def suggested(desk: Desk, site_id: str, field: str, typed: str, since: datetime | None = None) -> list[str]:
    """The most frequent values of an event's field since an instant, or in the last days.

    Raises ConfigError for an unknown field.
    """
    value = text_of(_OF_EVENT.get(field, field), prefix="v", table="e")
    given = {
        "site_id": site_id,
        "since": sql_instant(since or desk.now() - timedelta(days=DAYS)),
        "typed": typed[:300],
        "most": MOST,
        **value.parameters,
    }
    asked = Computed("suggestions", "", fill(_SQL, value=value), given)
    return [row["value"] for row in asked.rows(desk.store)]


def serve_suggestions(server: Flask, desk: Desk) -> None:
    """Add the address; what cannot be answered offers nothing, so that typing goes on."""

    def suggest() -> Response:
        view = desk.view(State.of("/", request.args.to_dict(flat=False)))
        if view.site is None or view.trouble is not None:
            return jsonify([])
        try:
            found = suggested(desk, view.site.id, request.args.get("field", ""), request.args.get("q", ""))
        except (ConfigError, StoreError):
            found = []
        return jsonify(found)

    server.add_url_rule("/suggest", "suggest", suggest)
