"""From the key a client sends to the site it means."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.objects import Site


class SiteIndex:
    """The sites by every key: id, domain with or without www., and the keys of each protocol."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self._by_id = {site.id: site for site in sites}
        self._by_key: dict[tuple[str, str], Site] = {}
        self._by_domain: dict[str, Site] = {}
        for site in self._by_id.values():
            self._by_key.update(dict.fromkeys(site.keys, site))
            if domain := _bare(site.domain):
                self._by_domain.setdefault(domain, site)

    def find(self, protocol: str, key: str) -> Site | None:
        """The site a key means in a protocol: one of its own keys first, then an id, then a domain."""
        found = self._by_key.get((protocol, key)) or self._by_id.get(key)
        return found or self._by_domain.get(_bare(key))

    def by_id(self, site_id: str) -> Site | None:
        """The site of an id."""
        return self._by_id.get(site_id)


def names(site: Site) -> list[str]:
    """The words by which requests may have named a site before it was added: what failed may carry them."""
    domain = _bare(site.domain)
    domains = [site.domain, domain, f"www.{domain}"] if domain else []
    return list(dict.fromkeys([site.id, *domains, *(key for _, key in site.keys)]))


def _bare(domain: str) -> str:
    return domain.strip().lower().removeprefix("www.").rstrip(".")
