"""The WAP image: `GET /w/SITE[.wbmp|.gif]?p=path&t=title&r=referrer&v=visitor&u=user&e=event&n=nonce`.

For phones without scripts. Parameters are single letters because decks are small; all may be left out.
`n` is any number that makes a gateway fetch the image again; `title` and `referrer` may be written out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote_to_bytes

from ingest.protocols.base import Answer, Decoded, Protocol, Request, Route, Source
from ingest.protocols.beacon import NAMING, beacon_id, fields, frame_of, parameters
from ingest.protocols.images import GIF_ANSWER, WBMP_ANSWER

PREFIX = "/w/"
EXTENSIONS = (".wbmp", ".gif")
PROFILES = ("x-wap-profile", "profile", "wap-profile", "19-profile", "x-wap-profile-diff")
PHONE_AGENTS = ("x-operamini-phone-ua", "x-device-user-agent", "x-original-user-agent")
"""Headers with the handset's own agent, where a proxy puts its own in User-Agent."""
_GATEWAY = re.compile(r"\bwap\b|kannel|up\.link", re.IGNORECASE)
_WML = re.compile(r"wap\.wml|wmlscript|wbmp", re.IGNORECASE)
_RASTER = re.compile(r"image/(?:gif|png|jpeg)", re.IGNORECASE)
_PROFILE = re.compile(r"https?://[^\s\"',;<>]+", re.IGNORECASE)


def decode(sources: Sequence[Source]) -> Decoded:
    """One event a request."""
    return Decoded(frame_of([_row(number, source) for number, source in enumerate(sources)]), [])


def _row(number: int, source: Source) -> dict[str, object]:
    said = parameters(source.envelope.query)
    headers = {name: value.replace("\0", "") for name, value in source.envelope.headers}
    referer = headers.get("referer", "")
    return {
        "_source": number,
        "_part": 0,
        "site_key": _site(source.envelope.path),
        "event_id": beacon_id(source, referer),
        "id_source": "derived",
        **fields(said),
        **_page(said.get("p", ""), referer),
        "id_quality": "url" if said.get("v") else "",
        "user_agent": _agent(headers),
        "gateway": headers.get("via") or headers.get("x-wap-gateway", ""),
        "uaprof": _profile(headers),
    }


def _page(given: str, referer: str) -> dict[str, str]:
    """The page a deck names (a path, or a whole address), else the one the phone came from."""
    if not given or "://" in given:
        return {"url": given or referer}
    url = "/" + given.lstrip("/")  # `//x/y` would read as host x
    path = url.partition("?")[0]
    # A path that may name a person is left out: the enrichment then takes a clean one from the url.
    return {"url": url} if NAMING.search(path) else {"url": url, "path": path}


def _agent(headers: Mapping[str, str]) -> str:
    phone = next((headers[name] for name in PHONE_AGENTS if name in headers), "")
    return phone if len(phone) > 1 else headers.get("user-agent", "")  # Opera writes ? when it does not know


def _profile(headers: Mapping[str, str]) -> str:
    named = [headers[name] for name in PROFILES if name in headers]
    return next((found[0] for value in named if (found := _PROFILE.search(value))), "")


def _site(path: str) -> str:
    name = path.removeprefix(PREFIX)
    for extension in EXTENSIONS:
        if name.lower().endswith(extension):
            name = name[: -len(extension)]
            break
    return (
        unquote_to_bytes(name.encode("latin-1", "replace"))
        .decode("utf-8", "replace")
        .replace("\0", "")
        .strip("/")
    )


def site_key(request: Request) -> str:
    """The site of the path."""
    return _site(request.path)


def answer(request: Request) -> Answer:
    """WBMP or GIF: as the extension says, else as the phone asks, else as it looks."""
    path = request.path.lower()
    if path.endswith(EXTENSIONS):
        return WBMP_ANSWER if path.endswith(".wbmp") else GIF_ANSWER
    accept = request.headers.get("accept", "")
    if _RASTER.search(accept):
        return GIF_ANSWER
    return WBMP_ANSWER if _WML.search(accept) or _from_gateway(request.headers) else GIF_ANSWER


def _from_gateway(headers: Mapping[str, str]) -> bool:
    named = any(name.startswith("x-wap-") and "profile" not in name for name in headers)
    return named or bool(_GATEWAY.search(headers.get("via", "")))


PROTOCOL = Protocol(
    name="wap",
    channel="wap",
    routes=(Route(("GET",), PREFIX, prefix=True),),
    site_key=site_key,
    answer=answer,
    decode=decode,
    kept_headers=("via", "x-wap-gateway", *PROFILES, *PHONE_AGENTS),
)
