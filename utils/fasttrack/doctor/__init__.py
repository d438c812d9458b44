"""What a learner's machine has and lacks: one finding for each thing the course leans on.

A probe looks at one thing and returns findings; what it looks at are its arguments, so that a test can give it another
machine. PyTorch is imported in a process of its own, for a broken one may end whatever imports it. No network.
"""

from fasttrack.doctor.examination import examine
from fasttrack.doctor.finding import Finding, Mark

__all__ = ["Finding", "Mark", "examine"]
