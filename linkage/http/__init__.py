"""The layer over HTTP: the routes that business systems and administrators call."""
