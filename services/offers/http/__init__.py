"""Offers over HTTP: bodies, routes and views."""
