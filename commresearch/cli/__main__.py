"""`python -m commresearch.cli`, where no script is installed."""

from commresearch.cli import app

app()
