"""Where a visit came from: source, medium and channel group, from campaign, click id and referrer."""

from __future__ import annotations

import re

import polars as pl

from ingest.enrich.column import beside, text
from ingest.enrich.referrer import REFERRERS, kind_of_source
from ingest.sites import SiteIndex
from schemas.objects import Site

DIRECT = ("direct", "none", "Direct")
_MEDIUM = {"search": "organic", "social": "social", "ai": "ai", "email": "email", "site": "referral"}
_CLICKS = {
    "gclid": ("google", "cpc"), "gbraid": ("google", "cpc"), "wbraid": ("google", "cpc"),
    "dclid": ("google", "display"), "fbclid": ("facebook", "social"), "msclkid": ("bing", "cpc"),
    "ttclid": ("tiktok", "cpc"), "twclid": ("twitter", "cpc"), "li_fat_id": ("linkedin", "cpc"),
    "yclid": ("yandex", "cpc"),
}  # fmt: skip
"""Advertiser's parameter → source and medium; Facebook marks every outbound link, paid or not."""
_PAID = re.compile(r"(.*cp.*|ppc|retargeting|paid.*)")
_VIDEO_SITES = frozenset("youtube vimeo dailymotion twitch youku bilibili tiktok-video".split())
_SHOPS = frozenset("amazon ebay etsy alibaba aliexpress walmart shopify".split())
PAYMENT_GATEWAYS = frozenset(
    """2checkout.com 95516.com adyen.com affirm.com afterpay.com alipay.com authorize.net braintreegateway.com
    buy.stripe.com checkout.com checkout.stripe.com giropay.de hooks.stripe.com klarna.com mercadopago.com
    mollie.com ogone.com paddle.com pagseguro.uol.com.br pay.google.com pay.weixin.qq.com payments.amazon.com
    paypal.com paysafecard.com payu.com przelewy24.pl razorpay.com securegw.paytm.in sofort.com squareup.com
    tenpay.com unionpay.com wompi.co worldpay.com""".split()
)
"""Domains that send buyers back to the shop: never the source of a visit, like the site's own."""
_BY_MEDIUM = {
    "Display": "display banner expandable interstitial cpm",
    "Email": "email e-mail e_mail mail newsletter",
    "Affiliates": "affiliate affiliates",
    "Organic social": "social social-network social-media sm social_network social_media",
    "Organic video": "video",
    "Organic search": "organic",
    "AI assistant": "ai ai-assistant llm",
    "Audio": "audio podcast",
    "SMS": "sms",
    "Referral": "referral app link",
}
_GROUP_OF_MEDIUM = {word: group for group, words in _BY_MEDIUM.items() for word in words.split()}
_GROUP_OF_KIND = {
    "ai": "AI assistant",
    "social": "Organic social",
    "search": "Organic search",
    "email": "Email",
}
_MADE = dict.fromkeys(("source", "medium", "channel_group"), pl.String())
_KEYS = ("site_id", "_from", "utm_source", "utm_medium", "utm_campaign", "click_id")


def put_channel(events: pl.DataFrame, sites: SiteIndex) -> pl.DataFrame:
    """source, medium and channel_group of each event."""
    own = {site_id: _own_hosts(sites.by_id(site_id)) for site_id in events["site_id"].unique()}

    def origin(site_id: str, host: str, place: str) -> tuple[str]:
        found = REFERRERS[place]
        inside = found.host and (found.host == host.removeprefix("www.") or _is_own(found.host, own[site_id]))
        return ("" if inside else f"{found.kind} {found.name}",)

    came = beside(events, ("site_id", "host", "_came"), origin, {"_from": pl.String()})
    click = text(events, "click_id").str.extract(r"^([^=]*)").alias("click_id")
    keys = events.select(
        "site_id", *(text(events, name) for name in _KEYS[2:5]), click, pl.lit(came["_from"]).alias("_from")
    )
    return events.hstack(beside(keys, _KEYS, _channel, _MADE).get_columns())


def _channel(
    _site: str, came: str, source: str, medium: str, campaign: str, click: str
) -> tuple[str, str, str]:
    """From the words of the campaign, else the click id, else the referrer."""
    kind, _, name = came.partition(" ")
    paid_source, paid_medium = _CLICKS.get(click, ("", ""))
    if not (source or medium):
        source, medium = paid_source, paid_medium
    if not (source or medium) and kind:
        source, medium = name, _MEDIUM[kind]
    if not (source or medium or campaign):
        return DIRECT
    source = source or name or "unknown"
    medium = medium or paid_medium or ("social" if kind_of_source(source) == "social" else "unknown")
    return source, medium, channel_group(source, medium, campaign)


def channel_group(source: str, medium: str, campaign: str = "") -> str:
    """The channel of a source and a medium in lower case; 'Other' when none fits."""
    if source in ("direct", "(direct)") and medium in ("none", "(none)", "unknown", "(not set)"):
        return "Direct"
    if "cross-network" in campaign.lower():
        return "Cross-network"
    kind = kind_of_source(source)
    name = source.split(".")[-2] if "." in source else source
    return _paid_group(kind, name, medium) if _PAID.fullmatch(medium) else _free_group(kind, name, medium)


def _free_group(kind: str, name: str, medium: str) -> str:
    if medium.endswith("push") or "notification" in medium:
        return "Push"
    if "email" in name or name == "newsletter":
        return "Email"
    if name in _VIDEO_SITES and medium in ("social", "referral", "unknown"):
        return "Organic video"
    by_kind = _GROUP_OF_KIND.get(kind, "Other")
    if medium == "referral" and kind in _GROUP_OF_KIND:  # a search engine's page that was linked by hand
        return by_kind
    return _GROUP_OF_MEDIUM.get(medium, by_kind)


def _paid_group(kind: str, name: str, medium: str) -> str:
    if medium == "cpm":
        return "Display"
    if name in _VIDEO_SITES:
        return "Paid video"
    if name in _SHOPS:
        return "Paid shopping"
    return {"search": "Paid search", "social": "Paid social"}.get(kind, "Paid other")


def _own_hosts(site: Site | None) -> frozenset[str]:
    if site is None:
        return PAYMENT_GATEWAYS
    hosts = (site.domain, *site.own_domains)
    return PAYMENT_GATEWAYS | {host.lower().removeprefix("www.") for host in hosts if host}


def _is_own(host: str, own: frozenset[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in own)
