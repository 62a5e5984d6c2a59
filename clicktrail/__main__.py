"""`python -m clicktrail` is the command."""

from clicktrail.cli import main

main()
