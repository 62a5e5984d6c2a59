"""`clicktrail doctor`: is this installation whole, and what to mend."""

from __future__ import annotations

import importlib
import os
import socket
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPException
from pathlib import Path

import click

from clicktrail.errors import ClicktrailError, ConfigError
from clicktrail.folders import check_folders
from clicktrail.output import json_option, print_result
from clicktrail.settings import Settings, masked
from clicktrail.tables import tables
from dashboards.hosts import is_local, no_users
from store.log import open_log
from store.log.base import PIPELINE
from store.objects import users

PARTS = {
    "the embedded store": ("chdb", "embedded"),
    "the pipeline": ("apache_beam", "beam"),
    "the dashboard": ("dash", "dashboards"),
}
_PATIENCE_S = 5.0


@click.command()
@json_option
@click.pass_obj
def command(settings: Settings, as_json: bool) -> None:
    """Check the packages, the data folder, the ports and the store; exit 1 if something is to be mended."""
    checks = [{"check": name, "ok": not fault, "detail": fault or "ok"} for name, fault in _faults(settings)]
    print_result(checks, as_json)
    bad = sum(not check["ok"] for check in checks)
    if bad:
        raise ConfigError(f"{bad} of {len(checks)} checks found something to mend")


def _faults(settings: Settings) -> Iterator[tuple[str, str]]:
    for part, (module, extra) in PARTS.items():
        yield f"package {module} for {part}", _import_fault(module, extra)
    yield "package crc32c for fast Kafka checksums", _crc32c_fault()
    yield "names of our folders", _fault(check_folders)
    yield f"data folder {settings.data}", _fault(lambda: _check_writable(settings.data))
    for name, host, port, page in (
        ("collector", settings.collect_host, settings.collect_port, "/metrics"),
        ("dashboard", settings.dashboard_host, settings.dashboard_port, "/"),
    ):
        yield f"port {port} for the {name}", _port_fault(host, port, page)
    yield _log_check(settings)
    yield "store", _fault(lambda: _check_store(settings))
    yield "users of the dashboard", _fault(lambda: _check_users(settings))


def _import_fault(module: str, extra: str) -> str:
    try:
        importlib.import_module(module)
    except ImportError as error:
        return f"{error}; pip install 'clicktrail[{extra}]'" if extra else f"{error}; pip install {module}"
    return ""


def _crc32c_fault() -> str:
    if fault := _import_fault("crc32c", ""):
        return f"{fault} (without it the Kafka client moves 9 MB/s instead of 226)"
    return ""


def _fault(check: Callable[[], None]) -> str:
    try:
        check()
    except (ClicktrailError, OSError) as error:
        return str(error)
    return ""


def _check_writable(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(b"x")
        file.flush()
        os.fsync(file.fileno())


def _port_fault(host: str, port: int, page: str) -> str:
    """A port that is taken is a fault only if it is not ours that answers there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            ours = _is_ours(host, port, page)
            return "" if ours else f"{error.strerror}, not by clicktrail; set another port"
    return ""


def _is_ours(host: str, port: int, page: str) -> bool:
    """Whether a page of that server names us."""
    at = f"[{host}]" if ":" in host else host
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{at}:{port}{page}", timeout=_PATIENCE_S) as answer:
            return b"clicktrail" in answer.read(1 << 20).lower()
    except (OSError, HTTPException):
        return False


def _log_check(settings: Settings) -> tuple[str, str]:
    """The log answers (Kafka: the topic takes our records), and how far the pipeline is behind."""
    name = f"log {masked(settings.log_url) or 'in the data folder'}"
    try:
        with closing(open_log(settings, write=False)) as log:
            return f"{name}, pipeline behind by {log.lag(PIPELINE)} {log.lag_unit}", ""
    except ClicktrailError as error:
        return name, str(error)


def _check_users(settings: Settings) -> None:
    """Who could reach the dashboard must be able to log in."""
    if is_local(settings.dashboard_host):
        return
    with tables(settings) as store:
        if not users(store):
            raise ConfigError(no_users(settings.dashboard_host))


def _check_store(settings: Settings) -> None:
    with tables(settings) as store:
        store.ping()
