"""JupyterLab as the course opens it: nothing fetched from the internet, no questions before the first lesson."""

c = get_config()  # noqa: F821  (traitlets puts it there)

c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.news_url = None
c.LabApp.extension_manager = "readonly"
