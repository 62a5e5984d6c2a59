"""Addresses: which mean this machine, and which one machine can choose from."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network


def is_local(host: str) -> bool:
    """Whether a name or an address can only mean this machine."""
    try:
        return ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost" or host.lower().endswith(".localhost")


def no_users(host: str) -> str:
    """Why a dashboard does not listen on an address, and what to do."""
    return (
        f"CLICKTRAIL_DASHBOARD_HOST={host}: other machines reach this address, and the dashboard has no "
        "users: add one with `clicktrail user add NAME`, or use 127.0.0.1"
    )


def network(address: str) -> str:
    """What one machine can choose its address from: of IPv6 the first 64 bits."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    return str(ip_network((known, 64), strict=False)) if isinstance(known, IPv6Address) else str(known)
