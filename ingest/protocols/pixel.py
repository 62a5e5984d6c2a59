"""The pixel: `GET /p.gif?site=…&url=…&t=title&r=referrer&v=visitor&u=user&e=event&n=nonce`.

For pages without scripts and for mail. `title` and `referrer` may be written out. All but the site may be
left out: the page is then the Referer.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingest.protocols.base import Answer, Decoded, Protocol, Request, Route, Source
from ingest.protocols.beacon import beacon_id, fields, frame_of, parameters
from ingest.protocols.images import GIF_ANSWER


def decode(sources: Sequence[Source]) -> Decoded:
    """One event a request."""
    return Decoded(frame_of([_row(number, source) for number, source in enumerate(sources)]), [])


def _row(number: int, source: Source) -> dict[str, object]:
    said = parameters(source.envelope.query)
    page = dict(source.envelope.headers).get("referer", "").replace("\0", "")
    return {
        "_source": number,
        "_part": 0,
        "site_key": said.get("site", ""),
        "event_id": beacon_id(source, page),
        "id_source": "derived",
        **fields(said),
        "url": said.get("url") or page,
    }


def site_key(request: Request) -> str:
    """The site of the query."""
    return parameters(request.query).get("site", "")


def answer(request: Request) -> Answer:  # noqa: ARG001 - the same for every request
    """One transparent pixel."""
    return GIF_ANSWER


PROTOCOL = Protocol(
    name="pixel",
    channel="web",
    routes=(Route(("GET",), "/p.gif"),),
    site_key=site_key,
    answer=answer,
    decode=decode,
)
