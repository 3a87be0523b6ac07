"""The directory over HTTP: bodies, routes and views."""
