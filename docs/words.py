"""Sentences of the reference that stand nowhere in the code; tests hold the lists equal to the code's."""

from __future__ import annotations

REPORTS = {
    "overview": {
        "visitors": "people with a human session that starts in the period; joined ids count once",
        "sessions": "human sessions that start in the period",
        "page_views": "page and screen views of these sessions",
        "events": "human events by their time, in a session or not",
        "bounce_rate": "share of sessions that were not engaged",
        "engaged_rate": "share of sessions with more than 10 s of visible time, two views or an order; a "
        "goal converts but makes no session engaged",
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
        "bot_events": "events of bots, in no other number",
        "meta": "the site and when it was asked",
    },
    "sites": {
        "sites": "the site: first and last event received, events and failed events of the last 24 hours",
        "unknown": "requests of the last 24 hours that name no site we know",
        "meta": "when it was asked",
    },
    "failed": {
        "failed": "failed events received in the period: of the site, and of no site we know",
        "by_reason": "reason, stage, how many (failed) and when the last one arrived",
        "unit": "hour or day: the width of one point of the trend",
        "trend": "one row a unit that has any: at, and how many of each reason",
        "newest": "the newest with reason, detail, attempts, size and the first 120 bytes (begin)",
        "meta": "what was asked, and when",
    },
    "funnel": {
        "steps": "one row a step: name (its condition), count, rate (of those who entered) with its 95% "
        "interval (low, high), rate_from_previous (of the step before that is not optional), median_s, "
        "p75_s, p90_s (seconds from the start of the attempt), in_progress (stopped here, and the window "
        "still runs), left (stopped here for good), optional",
        "entered": "people (visitors, sessions) who began; in an open funnel those with any of the steps",
        "converted": "of these, those who reached the last step",
        "in_progress": "of these, those who stopped on the way and whose window still runs",
        "segments": "one row a value of the breakdown with at least 30 entries: value, entered, counts (of "
        "each step), rate, low, high, p_value (against all others, adjusted for their number), differs",
        "hidden_entries": "entries of the segments that are too small to be shown, and with "
        "`--breakdown-at STEP` those that did not reach this step",
        "trend": "with `--trend`: one row a day, week or month in which attempts began: start, entered, "
        "converted, rate, low, high, in_progress, unfinished (entries of it may still convert, or come)",
        "next": "with `--next`: for each step what those did next who left after it: step, left, "
        "nothing_more, types (event_type, event_name of a custom one, count), paths (path, count)",
        "people": "with `--people WHO`: who, count, people (at most `--limit` person ids)",
        "meta": "what was asked, and when",
    },
    "retention": {
        "cohorts": "one a day, week or month: start, size, and lists whose element k is k periods later: "
        "retained (people who were back), rates with their 95% interval (low, high), unfinished (that period "
        "still runs), revenue (net, of the cohort's sessions that start in that period; text) and "
        "revenue_rates (as a share of that of its own period; null: it paid nothing there). People are "
        "persons, without bots; dates are widened to whole periods; element 0 is the whole cohort; a first "
        "start is looked for in all history; on_or_after counts returns up to the end of the report",
        "mean": "by periods later: retained of size over the cohorts for which that period has ended, with "
        "its 95% interval, and their revenue of revenue_base",
        "time_to_return": "people whose first visit of all starts in the report: how many have returned, the "
        "median wait in seconds (null: fewer than half so far) and the curve of the share that is back after "
        "so many days, by Kaplan and Meier with Greenwood's 95% band; who has not come back is watched until "
        "now",
        "coverage": "visitors with a session in the report, and those left out of everything else because "
        "their id lasts one day only; started_earlier: people whose first start of all lies before the "
        "report (0: the data begin here, so that some of the first cohort are not new; null with recurring "
        "starts)",
        "breakdown": "with --breakdown: cohorts and mean of each of the ten values with most people, by the "
        "value of the field at the start; next is the period after it over the finished cohorts, with its "
        "95% interval and the p_value of the difference to the rest (adjusted for how many values are "
        "compared; null below 30 people); differs: p_value is below 0.05",
        "meta": "what was asked, and when",
    },
    "lifecycle": {
        "periods": "one a day, week or month: start, active (people with a human session that touches it), "
        "of them new (never before), returning (also in the period before) and resurrecting (earlier, but "
        "not in the period before), dormant (in the period before, not in this one), unfinished (still runs)",
        "meta": "what was asked, and when",
    },
    "campaigns": {
        "total": "all human sessions that start in the period, with the keys of a row",
        "found": "how many rows the search keeps",
        "rows": "one a value of --by: value, sessions, visitors (people), converted (sessions that hold "
        "--goal), engaged_rate, bounce_rate and conversion_rate with their 95% intervals (…_low, "
        "…_high), revenue and revenue_per_session (net, text), sessions_before, engaged_before, "
        "converted_before and revenue_before (as many days before), trend (sessions of each day, "
        "or hour of a single day)",
        "meta": "what was asked, and when",
    },
    "content": {
        "list": "the list that was asked for",
        "found": "how many rows the search keeps",
        "rows": "pages: value (path), views, visitors, sessions, engaged_s (median of the views that told "
        "a time), scroll_pct (upper quartile), exits, exit_rate, converted, conversion_rate, "
        "views_before; entry and exit: as in campaigns; search, outlinks, downloads, forms, "
        "errors: value, place (page of a form, kind of an error), events, visitors, sessions, "
        "converted, conversion_rate, nothing_found of counted (searches), sent_rate of reached "
        "(people who saw the page of a form), referrer (of an error), events_before; products: "
        "value (sku), name, views, visitors, carts, orders, buyers, conversion_rate, quantity, "
        "revenue, views_before, revenue_before. Rates have 95% intervals (…_low, …_high)",
        "meta": "what was asked, and when",
    },
    "goals": {
        "goals": "orders and the goals of the site: id, name, condition, conversions (sessions that hold "
        "it), people, rate of all sessions with its 95% interval (low, high), value (text; null: "
        "nobody said), conversions_before, rate_before, trend (conversions of each day, or hour "
        "of a single day)",
        "sessions": "all human sessions that start in the period",
        "meta": "what was asked, and when",
    },
    "churn": {
        "model": "the forecast that was best in past weeks: bg_nbd, rf_table or logistic; null: percentages "
        "are withheld",
        "primary": "what coming back is: visit or order",
        "horizon_days": "how long to wait; without --horizon 80% of the site's returns come within it, as "
        "rounded",
        "base_rate": "share who did not return of the newest people whose horizon is over; null: too early",
        "withheld": "why there are no percentages; empty when there are",
        "backtest": "how right forecasts of the last eight weeks were, for the people active in the horizon "
        "before (28 days at least): people, churn_rate, auc, brier, base_brier (of giving everybody the "
        "base rate), skill (above 0: better than the base rate), ece (mean distance of forecast and "
        "share), lift of the top tenth, ranked (the same without "
        "newcomers, against their own base rate), rivals (their mean Brier "
        "scores), deciles (predicted, actual with "
        "its 95% interval low and high, people) and cutoffs, one a week, each with marked (high), gone (of "
        "them) and expected; null: no record",
        "odds_ratios": "of the regression: by how much one standard deviation more of a fact multiplies the "
        "odds, with its 95% interval; null where the fixed direction holds it at no effect",
        "people": "people in play, kept by the filters",
        "newcomers": "those of them active on one day only; they are not ranked",
        "bands": "ranked people by band: low below a third, high above two thirds",
        "stages": "people by stage of the customer's life",
        "coverage": "visitors with a session, and those left out because their id lasts one day only",
        "visitors": "the list, highest risk first, newcomers last: visitor_id, risk, risk_low and "
        "risk_high (the 95% interval of the chance of people alike; null in a forecast kept by an earlier "
        "version), band, reasons (kind, "
        "text and points, the percentage points by which the facts put the risk above the average), "
        "last_seen, action, stage, facts, usual_gap_days, is_newcomer, counterfactual, spent_365d (net; "
        "text), value_at_risk (risk times that) and evidence of the last 60 days that the forecast does "
        "not use",
        "meta": "what was asked, the day the forecast was learnt, and whether it is a kept one",
    },
    "people": {
        "people": "one row a person, in the order of `--sort`: person_id (a visitor, or whom it was joined "
        "to), id_quality (user: known by log-in; durable: by a device; salted_daily: for one day only), and"
        " of all their human sessions first_seen, last_seen, sessions, orders, revenue (net; text), "
        "channel_group of the first session and country of the last one",
        "total": "how many there are beyond the limit",
        "daily_only": "those of them who are known for one day only",
        "meta": "what was asked",
    },
    "visitor": {
        "visitor": "null unless exactly one person fits. person_id, id_quality (of its best id), first_seen"
        " and last_seen (of its events), sessions, page_views, engaged_s, orders, revenue (net; text), "
        "only_bots (every session is a bot's), first_touch and last_touch (how these sessions began), "
        "events, orders_outside (of channels without sessions, not in orders), usual_gap_days (median days "
        "from one day with a session to the next; null below three such days), days (local days with "
        "sessions), devices and countries (with sessions), channels (with events), ids (with the quality of"
        " each), edges (why the ids are one; state joins, refused, group or unlinked), timeline (at most "
        "`--limit` lines, the newest session first; events counts repeats) and lines (of the whole "
        "timeline)",
        "matches": "the people that fit when it is not exactly one: rows as in `people`",
        "meta": "what was asked",
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
