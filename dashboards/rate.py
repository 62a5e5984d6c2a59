"""A share with its 95 % interval, as reports show it."""

from crm.rate import Rate

__all__ = ["Rate"]
