"""The hook that kills is silent unless a test asks for exactly this point."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, 0),
        ({"DTSEN_FAILPOINT": ""}, 0),
        ({"DTSEN_FAILPOINT": "other"}, 0),
        ({"DTSEN_FAILPOINT": "here"}, -9),
    ],
)
def test_only_the_named_point_kills(environment: dict[str, str], code: int) -> None:
    script = "from dtsen_pipeline.resources.failpoint import reach; reach('here'); reach('')"
    assert subprocess.run([sys.executable, "-c", script], env=environment, check=False).returncode == code
