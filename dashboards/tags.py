"""What a site owner pastes: tag, pixel and WAP image. Without Dash: the command line prints the same."""

from __future__ import annotations

from clicktrail.settings import Settings


def collector_address(settings: Settings) -> str:
    """The collector's address as a page elsewhere would write it."""
    if settings.collect_url:
        return settings.collect_url.rstrip("/")
    host = settings.collect_host
    shown = "localhost" if host in ("0.0.0.0", "::", "") else f"[{host}]" if ":" in host else host  # noqa: S104
    return f"http://{shown}:{settings.collect_port}"


def snippets(collector: str, site_id: str) -> dict[str, str]:
    """Kind → text to paste, for the collector at an address. `p` of the WAP image: the path of the page."""
    return {
        "tag": f'<script defer src="{collector}/t.js" data-site="{site_id}"></script>',
        "pixel": f'<img src="{collector}/p.gif?site={site_id}" alt="" width="1" height="1">',
        "wap": f'<img src="{collector}/w/{site_id}?p=/index.wml" alt=""/>',
    }
