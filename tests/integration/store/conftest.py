"""A seed for what is random: printed when the test fails, and taken from PIERHEAD_TEST_SEED to replay it."""

import os
import random

import pytest


@pytest.fixture
def seed() -> int:
    chosen = int(os.environ.get("PIERHEAD_TEST_SEED", random.randrange(2**32)))
    print(f"PIERHEAD_TEST_SEED={chosen}")  # noqa: T201 - shown by pytest when the test fails
    return chosen
