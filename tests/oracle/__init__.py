"""Reference numbers with their sources; every tolerance is named and has a reason."""
