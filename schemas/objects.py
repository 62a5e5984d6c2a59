"""What people make: sites now; goals, segments, audiences and views with the pages that need them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import msgspec


@dataclass(frozen=True)
class StoredObject:
    """A JSON document under (kind, id); the newest version counts."""

    kind: str
    id: str
    document: str
    version: int = 0
    is_deleted: bool = False


@dataclass(frozen=True)
class Site:
    """One web or WAP site. Its id and domain are keys in every protocol, `keys` adds others by protocol."""

    id: str
    domain: str = ""
    timezone: str = "UTC"
    currency: str = "EUR"
    origins: tuple[str, ...] = ()  # none: any origin may send
    keys: tuple[tuple[str, str], ...] = ()  # (protocol, key)
    secret: str = ""  # trusts the sender of a request that carries it
    own_domains: tuple[str, ...] = ()  # never a source, like the domain itself
    timeout_s: int = 1800  # this, the currency and the next two are the session rule: `rebuild` changes them
    cut_on_campaign: bool = False
    cut_at_midnight: bool = False  # of the site's zone
    options: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """The document kept in the objects table and in the collector's file."""
        return msgspec.json.encode(asdict(self)).decode()

    @classmethod
    def from_json(cls, document: str | bytes) -> Site:
        """Read a document; unknown members are ignored so that an older program reads a newer one."""
        return msgspec.json.decode(document, type=cls)
