"""Routers, one a resource, all under ``/api/v1``."""
