"""What one visit to the simulated shop does: its events, from the landing page to the order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from random import Random

from clicktrail.demo.catalogue import (
    CATEGORIES,
    CURRENCY,
    DOWNLOADS,
    EMPTY_TERMS,
    FOUND_TERMS,
    GUIDES,
    HELP,
    LEAKY,
    OUTLINKS,
    PRODUCTS,
    Product,
)
from clicktrail.demo.people import Visit
from clicktrail.demo.walk import NativeEvent, Walk

_APPEAL = list(accumulate(p.appeal for p in PRODUCTS))
_REFERRALS = (
    "https://teablog.example/best-kettles",
    "https://forum.teafans.example/t/4711",
    "https://slowmorning.example/links",
)
_BOUNCES = {"paid": 0.9, "newsletter": 0.12, "direct": 0.27, "organic": 0.36, "social": 0.5}
_BUYS = {"regular": 0.6, "quiet": 0.75, "newcomer": 0.3, "daily": 0.26}
"""Of those who reach the check-out, the share that orders."""


def visit_events(visit: Visit, rng: Random, order_id: Callable[[], str], leaks: bool) -> list[NativeEvent]:
    """All events of one visit, in time order; `leaks`: the travel kettle's button is broken on phones."""
    walk = Walk(visit, rng)
    if visit.person.kind == "crawler":
        _crawl(walk)
    elif visit.person.kind == "wap":
        _deck(walk, order_id)
    else:
        _shop(walk, order_id, leaks)
    return walk.events


def _shop(walk: Walk, order_id: Callable[[], str], leaks: bool) -> None:
    rng, kind, source = walk.rng, walk.visit.person.kind, walk.visit.source
    leaves = rng.random() < _BOUNCES.get(source, 0.38)
    if leaves and rng.random() < 0.7:
        walk.haste = 0.15
    _land(walk)
    if leaves:
        if source != "paid":
            walk.leave()
        return
    if kind in ("regular", "quiet") and rng.random() < 0.45:
        walk.page("/account", "My account", 6)
        walk.log_in()
    basket = _browse(walk, leaks)
    if basket and rng.random() < 0.62:
        _check_out(walk, basket, order_id)
    _asides(walk)
    walk.leave()


def _land(walk: Walk) -> None:
    """The first page, with what brought the visitor there."""
    rng, source = walk.rng, walk.visit.source
    if source == "paid":
        click = f"{rng.getrandbits(60):015x}"
        query = f"?utm_source=adboard&utm_medium=cpc&utm_campaign=kettle-banner&gclid={click}"
        walk.page("/sale/kettles", "Kettle sale", 3, query=query, referrer="https://adboard.example/")
    elif source == "newsletter":
        product = _pick(rng)
        query = f"?utm_source=newsletter&utm_medium=email&utm_campaign=tuesday-tea&utm_content={product.sku}"
        _product_page(walk, product, query=query)
    elif source == "organic":
        query = "?utm_source=findit&utm_medium=organic"
        if rng.random() < 0.3:
            path, title = rng.choice(GUIDES)
            walk.page(path, title, 40, query=query, referrer="https://findit.example/")
        else:
            _product_page(walk, _pick(rng), query=query, referrer="https://findit.example/")
    elif source == "social":
        query = "?utm_source=pictagram&utm_medium=social&utm_campaign=morning-cup"
        walk.page("/", "Leaf & Bean", 9, query=query, referrer="https://pictagram.example/")
    elif source == "referral":
        walk.page("/", "Leaf & Bean", 12, referrer=rng.choice(_REFERRALS))
    elif source == "price":
        _product_page(walk, _pick(rng), referrer="https://pricehawk.example/compare")
    else:
        walk.page("/", "Leaf & Bean", 12)


def _browse(walk: Walk, leaks: bool) -> list[Product]:
    """Wander between lists, searches and products; what lies in the basket at the end."""
    rng = walk.rng
    basket: list[Product] = []
    eager = (
        1.6 if walk.visit.person.kind in ("regular", "quiet") or walk.visit.source == "newsletter" else 1.0
    )
    for _ in range(min(12, 1 + int(rng.expovariate(1 / 2.1)))):
        turn = rng.random()
        if turn < 0.13:
            _search(walk)
        elif turn < 0.40:
            slug = rng.choice(list(CATEGORIES))
            walk.page(f"/c/{slug}", CATEGORIES[slug], 14)
            walk.act("list_view", target=slug)
        elif turn < 0.45:
            walk.page(*rng.choice(HELP), 20)
        else:
            product = _pick(rng)
            _product_page(walk, product)
            wanted = 0.17 * eager
            if leaks and walk.phone and product.slug == LEAKY:
                wanted *= 0.06
                if rng.random() < 0.5:
                    walk.act("click", target="add-to-cart")  # it does nothing
            if rng.random() < wanted:
                basket.append(product)
                walk.act("add_to_cart", target=product.sku, value=product.price)
    if len(basket) > 1 and rng.random() < 0.15:
        dropped = basket.pop()
        walk.page("/cart", "Your basket", 10)
        walk.act("remove_from_cart", target=dropped.sku, value=dropped.price)
    return basket


def _search(walk: Walk) -> None:
    rng = walk.rng
    found = rng.random() < 0.72
    term = rng.choice(FOUND_TERMS if found else EMPTY_TERMS)
    walk.page("/search", "Search", 8, query=f"?q={term.replace(' ', '+')}")
    walk.act("search", search_term=term, properties={"results": rng.randint(1, 6) if found else 0})


def _product_page(walk: Walk, product: Product, *, query: str = "", referrer: str = "") -> None:
    walk.page(f"/p/{product.slug}", product.title, 24, query=query, referrer=referrer)
    details = {"category": product.category, "name": product.title}
    walk.act("product_view", target=product.sku, value=product.price, properties=details)


def _check_out(walk: Walk, basket: list[Product], order_id: Callable[[], str]) -> None:
    rng, kind = walk.rng, walk.visit.person.kind
    walk.page("/cart", "Your basket", 12)
    walk.page("/checkout", "Check-out", 45)
    walk.act("checkout", value=round(sum(p.price for p in basket), 2))
    if rng.random() > _BUYS.get(kind, 0.3):
        if rng.random() < 0.2:
            walk.act("error", event_name="payment_failed", properties={"code": "card_declined"})
        return
    if kind != "daily":
        walk.log_in()
    walk.page("/checkout/thanks", "Thank you", 8)
    _order(walk, basket, order_id())


def _order(walk: Walk, basket: list[Product], order_id: str) -> None:
    counts = {product: basket.count(product) for product in dict.fromkeys(basket)}
    items = [
        {"sku": p.sku, "name": p.title, "category": p.category, "price": p.price, "quantity": n}
        for p, n in counts.items()
    ]
    revenue = f"{sum(p.price for p in basket):.2f}"
    walk.act("order", order_id=order_id, revenue=revenue, currency=CURRENCY, items=items)


def _asides(walk: Walk) -> None:
    """Small things people do besides buying."""
    rng = walk.rng
    if rng.random() < 0.05:
        walk.act("outlink", target=rng.choice(OUTLINKS))
    if rng.random() < 0.03:
        walk.act("download", target=rng.choice(DOWNLOADS))
    if rng.random() < 0.03:
        walk.act("form", event_name="newsletter_sign_up", target="newsletter")
    if walk.user_id and rng.random() < 0.12:
        product = _pick(rng)
        stars = rng.choices((1, 2, 3, 4, 5), (2, 1, 2, 6, 9))[0]
        walk.act("rating", target=product.sku, value=stars)
    if walk.visit.last:
        walk.page("/contact", "Contact", 60)
        about = {"class": "voice", "reason": "late delivery", "seeks": "redress"}
        walk.act("complaint", target="delivery", properties=about)


def _deck(walk: Walk, order_id: Callable[[], str]) -> None:
    """A WAP visit: short pages, no script, now and then an order by one key."""
    rng = walk.rng
    walk.page("/", "L&B", 14)
    for _ in range(min(6, int(rng.expovariate(1 / 1.4)))):
        product = _pick(rng)
        walk.page(f"/p/{product.slug}", product.title, 25)
        if rng.random() < 0.08:
            walk.page("/order", "Order", 30)
            walk.user_id = walk.visit.person.user_id
            _order(walk, [product], order_id())
            return


def _crawl(walk: Walk) -> None:
    rng = walk.rng
    paths = (
        [f"/p/{p.slug}" for p in PRODUCTS] + [f"/c/{slug}" for slug in CATEGORIES] + [g[0] for g in GUIDES]
    )
    for path in rng.sample(paths, rng.randint(4, len(paths))):
        walk.page(path, "", 2)


def _pick(rng: Random) -> Product:
    return rng.choices(PRODUCTS, cum_weights=_APPEAL)[0]
