"""Our top-level names are common words: make sure that nobody else has installed them too."""

from __future__ import annotations

from importlib.metadata import packages_distributions

from clicktrail.errors import ConfigError

OUR_FOLDERS = ("clicktrail", "ingest", "schemas", "sessionize", "store", "pipelines", "crm", "dashboards")


def check_folders() -> None:
    """ConfigError if another installed distribution owns one of our top-level names."""
    owners = packages_distributions()
    for name in OUR_FOLDERS:
        others = sorted({owner for owner in owners.get(name, []) if owner.lower() != "clicktrail"})
        if others:
            raise ConfigError(
                f"the package {others[0]} also installs a folder {name}/: use an environment of its own "
                f"for clicktrail, or `pip uninstall {others[0]}` and install clicktrail again"
            )
