from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattshift.sources.compute.gpunames import gpu_name

BUNDLED = Path(__file__).parents[3] / "src" / "wattshift" / "data" / "gpu_rental_prices.parquet"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("NVIDIA H100 SXM5", "H100_SXM"),
        ("h100-pcie", "H100_PCIE"),
        ("NVIDIA H100 PCIe NVLink", "H100_PCIE"),
        ("NVIDIA H100 NVLink", "H100_NVL"),
        ("NVIDIA HGX H100", "H100_SXM"),
        ("A100 (40 GB)", "A100_40"),
        ("a100-sxm-80", "A100_80_SXM"),
        ("NVIDIA A100", "A100"),
        ("NVIDIA HGX H200", "H200"),
        ("Tesla V100 SXM2", "V100"),
        ("V100 (32 GB)", "V100"),
        ("NVIDIA GeForce RTX 4090", "RTX4090"),
        ("RTX 4090 (48 GB mod)", "RTX4090"),
        ("rtx-5090", "RTX5090"),
        ("AMD Instinct MI300X", "MI300X"),
        ("GB300 SXM6", "GB300"),
        ("NVIDIA L4", "L4"),
        ("", None),
        ("NVIDIA", None),
        ("SXM", None),
        ("cheap", None),
    ],
)
def test_spellings(text: str, name: str | None) -> None:
    assert gpu_name(text) == name


def test_the_bundled_names_come_out_where_the_text_tells() -> None:
    """13,650 offers: other are A100s whose memory only the collector knew, HGX boards, and H200 NVLs."""
    pairs = pl.read_parquet(BUNDLED, columns=["gpu", "gpu_raw"]).cast(pl.String)
    unlike = pairs.filter(pl.col("gpu_raw").map_elements(gpu_name, return_dtype=pl.String) != pl.col("gpu"))
    assert unlike.height == 664
    explained = (
        (pl.col("gpu").str.starts_with("A100_") & ~pl.col("gpu_raw").str.contains("40|80"))
        | pl.col("gpu_raw").str.contains("HGX")
        | (pl.col("gpu") == "H200_NVL")
    )
    assert unlike.filter(~explained).height == 0
    names = pairs["gpu"].unique().to_list()
    assert [gpu_name(name) for name in names] == names


@given(st.text(max_size=60))
def test_a_name_is_plain_and_its_own_name(text: str) -> None:
    name = gpu_name(text)
    if name is not None:
        assert name.isascii()
        assert " " not in name
        assert gpu_name(name) == name
