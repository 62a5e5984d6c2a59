"""Packages and data files; everything else is said in pyproject.toml."""

from setuptools import find_packages, setup

PACKAGES = ("clicktrail", "ingest", "schemas", "sessionize", "store", "pipelines", "crm", "dashboards")
DATA = ("**/*.sql", "**/*.js", "**/*.css", "**/*.json", "**/*.txt", "**/*.woff2", "**/*.svg", "py.typed")

setup(
    packages=find_packages(include=[f"{name}{below}" for name in PACKAGES for below in ("", ".*")]),
    package_dir={"": "."},
    package_data={"": list(DATA)},
)
