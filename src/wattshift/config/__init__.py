"""What the operator writes in TOML: site files, and settings of the follower."""

from __future__ import annotations

from wattshift.config.site import load_site, site_schema

__all__ = ["load_site", "site_schema"]
