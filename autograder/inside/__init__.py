"""What runs inside the sandbox: an IPython shell that executes cells and answers the judge's requests.

Needs the interpreter and its packages only, and imports nothing else of `autograder`: this folder is all of it
that the sandbox shows. Nothing here protects the verdict, since the learner's code runs in the same process;
what protects it is that the judge decodes every answer strictly (`data.py`, used on both sides of the pipe).
"""
