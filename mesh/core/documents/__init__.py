"""Documents that people write: jobs as YAML or JSON, read with the place of each value."""
