"""Testing the tests: the gate that every exercise's test passes, and the mutation score."""
