"""Control over HTTP: bodies, routes and views."""
