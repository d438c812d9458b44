"""From the bytes that a learner handed in to a notebook that can be graded."""
