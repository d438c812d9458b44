"""What the *Validate* button goes by: long enough for a training cell, demo cells left out."""

c = get_config()  # noqa: F821  (traitlets puts it there)

c.Execute.timeout = 120  # seconds a cell
c.Execute.skip_cells_with_tag = "demo"
c.Execute.extra_arguments = ["--log-level=ERROR"]
