"""Option chains from Polygon, now Massive (api.massive.com)."""

from forward_factor.providers.polygon.client import BASE_URL, PolygonChains, polygon_settings

__all__ = ["BASE_URL", "PolygonChains", "polygon_settings"]
