"""`python -m autograder.inside SETTINGS`: the learner's process. Started by `autograder.judge.sandbox`."""

import sys

from autograder.inside.main import main

main(sys.argv[1])
