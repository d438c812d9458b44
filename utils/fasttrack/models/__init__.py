"""What earlier lessons built, typed and under the same checks as the lessons' own: one module for each lesson."""
