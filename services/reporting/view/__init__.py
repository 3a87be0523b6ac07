"""The one view over HTTP: what may be asked of it, and by whom."""
