"""Sites made up for tests, from a seed."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from crm.activity import Activity, activity_of

START = date(2026, 1, 1)


def site(rows: list[tuple[str, int]]) -> Activity:
    """Activity from (person, day counted from 2026-01-01)."""
    return activity_of(
        pl.DataFrame(
            {
                "person_id": [person for person, _ in rows],
                "day": [START + timedelta(days=day) for _, day in rows],
                "value": [0.0 for _ in rows],
            },
            schema={"person_id": pl.String, "day": pl.Date, "value": pl.Float64},
        )
    )


def shop(people: int, days: int, seed: int) -> Activity:
    """People who arrive evenly, come back at rates of their own, and leave for good at some visit."""
    draw = np.random.default_rng(seed)
    first = draw.integers(0, days, people)
    rate, leave = draw.gamma(0.8, 1 / 12, people) + 1e-4, draw.beta(0.8, 2.5, people)
    persons, when = [np.arange(people)], [first.astype(np.float64)]
    who, at = np.arange(people), first.astype(np.float64)
    while len(who):
        at = at + draw.exponential(1 / rate[who])
        come = at < days
        who, at = who[come], at[come]
        persons.append(who)
        when.append(at)
        stays = draw.random(len(who)) >= leave[who]
        who, at = who[stays], at[stays]
    number = pl.Series(np.concatenate(persons))
    day = pl.Series(np.concatenate(when).astype(np.int32)) + (START - date(1970, 1, 1)).days
    frame = pl.DataFrame({"person_id": number, "day": day})
    return activity_of(
        frame.select(
            person_id=pl.format("p{}", pl.col("person_id").cast(pl.String).str.zfill(7)),
            day=pl.col("day").cast(pl.Int32).cast(pl.Date),
            value=pl.lit(0.0),
        )
    )
