"""Sentences of the reference that stand nowhere in the code; tests hold the lists equal to the code's."""

from __future__ import annotations

REASONS = {
    "malformed": (
        "The bytes are not the format they claim to be: JSON, a log line, gzip or UTF-8.",
        "Look at the bytes with `clicktrail failed show`; mend the sender.",
    ),
    "too_large": (
        "A body, an event or an id is longer than its limit.",
        "Send smaller batches; ids have at most 128 bytes.",
    ),
    "too_deep": (
        "The JSON is nested more deeply than can be read.",
        "Send flat properties.",
    ),
    "wrong_type": (
        "A field holds another kind of value than its column, such as a word where a number belongs.",
        "The detail names the field; mend the sender.",
    ),
    "unknown_site": (
        "No site has the id, domain or key that the request names.",
        "Correct the tag, or add the site with `clicktrail site add`.",
    ),
    "origin": (
        "The site lists its origins, and the browser came from another one.",
        "Add the origin with `clicktrail site add ID --origin …`, or ignore it: somebody copied your page.",
    ),
    "no_visitor": (
        "Nothing says who it was: no id, no address, no agent.",
        "Send a `visitor_id`. In an import every event needs one, because no browser stands behind it.",
    ),
    "no_type": (
        "The event has neither `event_type` nor `event_name`.",
        "Send one of the two.",
    ),
    "bad_time": (
        "A time that the sender vouches for cannot be read or stored.",
        "Send ISO 8601 with a zone, or milliseconds since 1970.",
    ),
    "empty": (
        "The request came without an event.",
        "Nothing is lost; look whether the sender is a health check.",
    ),
    "unsupported": (
        "The protocol knows this message, but it is no event.",
        "Nothing to do.",
    ),
    "internal": (
        "Our own code failed on this request and kept it whole.",
        "Please report it; nothing is lost.",
    ),
}
"""Reason → what it means, what to do."""

REPORTS = {
    "overview": {
        "visitors": "people with a human session that starts in the period; joined ids count once",
        "sessions": "human sessions that start in the period",
        "page_views": "page and screen views of these sessions",
        "events": "human events by their time, in a session or not",
        "bounce_rate": "share of sessions that were not engaged",
        "engaged_rate": "share of sessions with more than 10 s of visible time, two views or an order",
        "single_page_rate": "share of sessions with one page view only",
        "engaged_s": "mean visible time of a session, in seconds",
        "orders": "distinct order ids",
        "conversion": "orders a session",
        "converted_rate": "share of sessions with an order",
        "revenue": "of the orders, less refunds, in the site's currency; text, so that no cent is lost",
        "wap_share": "share of sessions on WAP",
        "bots": "sessions and events of bots, in no number above",
        "previous": "the same totals for as many days before",
        "unit": "hour or day: the width of one point of the trend",
        "trend": "one row a unit: start, visitors, sessions, page_views, bounces, engaged_s, unfinished",
        "pages": "most viewed pages",
        "entry_pages": "pages on which sessions begin, with the bounce rate and its 95% interval (low, high)",
        "sources": "source / medium of the first touch",
        "channel_groups": "kinds of source: Direct, Organic search, Email …",
        "devices": "device classes",
        "browsers": "browsers",
        "os": "operating systems",
        "countries": "countries, ISO 3166 alpha-2",
        "campaigns": "campaigns of the first touch",
        "meta": "what was asked, and when",
    },
    "sessions": {
        "sessions": "the newest sessions, every column of [Session](schemas/sessions.json) and `person_id`",
        "total": "how many there are beyond the limit",
        "meta": "what was asked",
    },
    "live": {
        "visitors": "human visitors of the last 30 minutes",
        "events": "their events",
        "page_views": "their page views",
        "visitors_5m": "visitors of the last 5 minutes",
        "minutes": "visitors by minute",
        "newest": "the newest events",
        "pages": "pages looked at",
        "sources": "where the visitors came from",
        "channels": "web, WAP, app …",
        "meta": "the site and when it was asked",
    },
    "sites": {
        "sites": "the site: first and last event received, events and failed events of the last 24 hours",
        "unknown": "requests of the last 24 hours that name no site we know",
        "meta": "when it was asked",
    },
    "coverage": {
        "durable_share": "share of visitors whose id outlives the day",
        "bot_share": "share of events that are of bots",
        "late_share": "share of events that came after their session could be over",
        "visitors": "human visitors of the period",
        "bot_events": "events of bots",
        "late_events": "late events",
        "failed_events": "failed events received in the period",
        "other_currency_orders": "orders in another currency than the site's; not in the revenue",
        "other_currencies": "these currencies",
        "meta": "age of the newest data, in seconds",
    },
}
"""Report → JSON key → what it is."""

OPTIONS = {
    "--site": "The site's id.",
    "--format": "What the files hold; `auto` looks at the first lines.",
    "--limit": "At most so many rows.",
    "--runner": "`live`: short runs as events come. `batch`: drain the log in large runs and stop.",
    "--help": "Show the options.",
}
"""Words for options whose help says nothing."""
