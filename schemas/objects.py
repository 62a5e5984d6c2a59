"""What people make: sites now; goals, segments, audiences and views with the pages that need them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

import msgspec

ROLES = ("viewer", "marketer", "admin")
"""What somebody may do, each also what those before it may: see; take people along and save; set up."""
EVERY_SITE = "*"
"""Stands for a site id where a role holds on all of them."""


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


@dataclass(frozen=True)
class User:
    """Somebody who may log in to the dashboard."""

    name: str
    roles: dict[str, str] = field(default_factory=dict)  # site id or EVERY_SITE → one of ROLES
    hash: str = field(default="", repr=False)  # of the password, argon2id with its salt and costs
    stamp: str = field(default="", repr=False)  # another one with each password, and log-ins before it end

    def role(self, site: str) -> str:
        """The role on a site, "" for none; one given for the site itself goes before that for every site."""
        return self.roles.get(site, self.roles.get(EVERY_SITE, ""))

    def to_json(self) -> str:
        """The document kept in the objects table."""
        return msgspec.json.encode(asdict(self)).decode()

    @classmethod
    def from_json(cls, document: str | bytes) -> User:
        """Read a document; unknown members are ignored."""
        return msgspec.json.decode(document, type=cls)
