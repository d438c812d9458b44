"""The verdict: the learner's code in a sandboxed process, the tests outside of it."""
