"""The API, its pages and its maps."""
