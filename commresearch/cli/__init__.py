"""The command line: `commresearch run | check | report | compare | annual | audit | approve | diff | init | clean | panel | estimate | plan | export | demo | course | doctor | lab`.

Exit codes: 0 done, 1 some reports failed, 2 wrong use or bad input. Heavy modules are imported inside the commands, so
that `--help` answers at once; this is the only room that reads the environment.
"""

from commresearch.cli import annual, audit, course, course_score, demo, effects, pilots, reports, review  # noqa: F401 - they bring their commands to the app
from commresearch.cli.options import app

__all__ = ["app"]
