"""What somebody typed into the form for a new site → a site, or what is wrong with each field. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from zoneinfo import available_timezones

from schemas.objects import Site

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}(?::\d{{1,5}})?")
FIELDS = ("id", "domain", "timezone")


def read(form: Mapping[str, object], known: Collection[str]) -> tuple[Site | None, dict[str, str]]:
    """(site, {}) or (None, field → i18n key of the fault). known: the ids that are taken."""
    values = {name: str(form.get(name) or "").strip() for name in FIELDS}
    domain = bare_domain(values["domain"])
    site_id = values["id"] or domain.removeprefix("www.").split(":")[0]
    zone = values["timezone"] or "UTC"
    faults: dict[str, str] = {}
    if not site_id:
        faults["id"] = "form.id.missing"
    elif not ID.fullmatch(site_id):
        faults["id"] = "form.id.letters"
    elif site_id in known:
        faults["id"] = "form.id.taken"
    if domain and (len(domain) > 253 or not _DOMAIN.fullmatch(domain)):
        faults["domain"] = "form.domain.odd"
    if zone not in available_timezones():
        faults["timezone"] = "form.timezone.unknown"
    return (None, faults) if faults else (Site(id=site_id, domain=domain, timezone=zone), {})


def bare_domain(text: str) -> str:
    """shop.example of https://shop.example/path, in lower case; other scripts as the network writes them."""
    host = (
        re.sub(r"^[a-z][a-z0-9+.-]*://", "", text.strip().lower()).split("/")[0].split("?")[0].split("#")[0]
    )
    try:
        return host.rstrip(".") if host.isascii() else host.rstrip(".").encode("idna").decode()
    except UnicodeError:
        return host
