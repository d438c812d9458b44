"""The instructor's package: builds the lessons, gates their tests, grades a class. Command: `autograder`."""
