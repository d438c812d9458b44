"""Pictures for the lessons: each function returns a `Picture`, which a cell shows by ending in it.

What there is stands in `__init__.pyi`. Each is imported when it is first used: matplotlib takes half a second,
and grading a notebook draws nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
