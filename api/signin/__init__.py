"""Signing in over HTTP: JSON for programs, pages for people."""
