"""The learner's own folder of notebooks: what stands in it, how far they are, and how a newer course comes into it."""
