"""Guidance over HTTP: bodies, routes and views."""
