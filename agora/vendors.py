"""Cloud storage vendors and their regions, as Agora numbers them (doc page cloud-recording/reference/region-vendor).

Settings give both by Agora's number or by name. Names ignore case, `_` and `-`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

S3_COMPATIBLE = 11
"""The only vendor that Agora reaches by a host, `extensionParams.endpoint`."""

_VENDORS: Mapping[str, int] = MappingProxyType(
    {
        "aws": 1,
        "alibaba": 2,
        "tencent": 3,
        "azure": 5,
        "google": 6,
        "huawei": 7,
        "baidu": 8,
        "s3": S3_COMPATIBLE,
    }
)

_AWS = {
    "us-east-1": 0,
    "us-east-2": 1,
    "us-west-1": 2,
    "us-west-2": 3,
    "eu-west-1": 4,
    "eu-west-2": 5,
    "eu-west-3": 6,
    "eu-central-1": 7,
    "ap-southeast-1": 8,
    "ap-southeast-2": 9,
    "ap-northeast-1": 10,
    "ap-northeast-2": 11,
    "sa-east-1": 12,
    "ca-central-1": 13,
    "ap-south-1": 14,
    "cn-north-1": 15,
    "cn-northwest-1": 16,
    "af-south-1": 18,
    "ap-east-1": 19,
    "ap-northeast-3": 20,
    "eu-north-1": 21,
    "me-south-1": 22,
    "ap-southeast-3": 24,
    "eu-south-1": 25,
}
_ALIBABA = {
    "cn-hangzhou": 0,
    "cn-shanghai": 1,
    "cn-qingdao": 2,
    "cn-beijing": 3,
    "cn-zhangjiakou": 4,
    "cn-huhehaote": 5,
    "cn-shenzhen": 6,
    "cn-hongkong": 7,
    "us-west-1": 8,
    "us-east-1": 9,
    "ap-southeast-1": 10,
    "ap-southeast-2": 11,
    "ap-southeast-3": 12,
    "ap-southeast-5": 13,
    "ap-northeast-1": 14,
    "ap-south-1": 15,
    "eu-central-1": 16,
    "eu-west-1": 17,
    "eu-east-1": 18,
    "ap-southeast-6": 19,
    "cn-heyuan": 20,
    "cn-guangzhou": 21,
    "cn-chengdu": 22,
    "cn-nanjing": 23,
    "cn-fuzhou": 24,
    "cn-wulanchabu": 25,
    "cn-northeast-2": 26,
    "cn-southeast-7": 27,
}
_TENCENT = {
    "ap-beijing-1": 0,
    "ap-beijing": 1,
    "ap-shanghai": 2,
    "ap-guangzhou": 3,
    "ap-chengdu": 4,
    "ap-chongqing": 5,
    "ap-shenzhen-fsi": 6,
    "ap-shanghai-fsi": 7,
    "ap-beijing-fsi": 8,
    "ap-hongkong": 9,
    "ap-singapore": 10,
    "ap-mumbai": 11,
    "ap-seoul": 12,
    "ap-bangkok": 13,
    "ap-tokyo": 14,
    "na-siliconvalley": 15,
    "na-ashburn": 16,
    "na-toronto": 17,
    "eu-frankfurt": 18,
    "eu-moscow": 19,
}
_HUAWEI = {
    "cn-north-1": 0,
    "cn-north-4": 1,
    "cn-east-2": 2,
    "cn-east-3": 3,
    "cn-south-1": 4,
    "cn-southwest-2": 5,
    "ap-southeast-1": 6,
    "ap-southeast-2": 7,
    "ap-southeast-3": 8,
    "af-south-1": 9,
    "sa-argentina-1": 10,
    "sa-peru-1": 11,
    "na-mexico-1": 12,
    "sa-brazil-1": 13,
    "la-south-2": 14,
    "sa-chile-1": 15,
}
_BAIDU = {
    "baoding": 1,
    "suzhou": 2,
    "guangzhou": 3,
    "hongkong": 4,
    "singapore": 5,
    "wuhan": 6,
    "shanghai": 7,
}
_REGIONS: Mapping[int, Mapping[str, int]] = MappingProxyType({1: _AWS, 2: _ALIBABA, 3: _TENCENT, 7: _HUAWEI, 8: _BAIDU})

# The vendors' own identifiers, where Agora prints another name.
_ALIASES: Mapping[int, Mapping[str, int]] = MappingProxyType(
    {
        2: {f"oss-{name}": number for name, number in _ALIBABA.items()},
        8: {"bd": 1, "su": 2, "gz": 3, "hkg": 4, "sin": 5, "fwh": 6, "fsh": 7},
    }
)


def parse_vendor(text: str) -> int:
    """Agora's number for a vendor's number or name. Raises a `ValueError` that lists the vendors."""
    vendor = _look_up(text, _VENDORS)
    if vendor is None:
        raise ValueError(f"no storage vendor of Agora's: {text!r}; use {_listed(_VENDORS)}")
    return vendor


def vendor_names() -> tuple[str, ...]:
    return tuple(_VENDORS)


def region_names(vendor: int) -> tuple[str, ...]:
    """The vendor's names of its regions; none for a vendor without regions."""
    return tuple(_REGIONS.get(vendor, ()))


def vendor_name(vendor: int) -> str:
    """The name for Agora's number of a vendor. Raises a `ValueError` that lists the vendors."""
    for name, number in _VENDORS.items():
        if number == vendor:
            return name
    raise ValueError(f"no storage vendor of Agora's: {vendor}; use {_listed(_VENDORS)}")


def has_regions(vendor: int) -> bool:
    """Whether Agora needs a region for this vendor."""
    return vendor in _REGIONS


def parse_region(vendor: int, text: str) -> int:
    """Agora's number for a region's number or the vendor's name of it; always 0 for a vendor without regions.

    Raises a `ValueError` that lists the regions.
    """
    regions = _REGIONS.get(vendor)
    if regions is None:
        return 0
    region = _look_up(text, {**_ALIASES.get(vendor, {}), **regions})
    if region is None:
        raise ValueError(f"no region of {vendor_name(vendor)} that Agora knows: {text!r}; use {_listed(regions)}")
    return region


def region_name(vendor: int, number: int) -> str:
    """The name for Agora's number of a region; empty for a vendor without regions.

    Raises a `ValueError` that lists the regions.
    """
    regions = _REGIONS.get(vendor)
    if regions is None:
        return ""
    for name, region in regions.items():
        if region == number:
            return name
    raise ValueError(f"no region of {vendor_name(vendor)} that Agora knows: {number}; use {_listed(regions)}")


def _look_up(text: str, numbers: Mapping[str, int]) -> int | None:
    wanted = text.strip()
    if wanted.isascii() and wanted.isdigit():
        # Compared as text: "01" matches 1, and a number of thousands of digits is never parsed.
        return next((number for number in numbers.values() if str(number) == (wanted.lstrip("0") or "0")), None)
    return {_normalized(name): number for name, number in numbers.items()}.get(_normalized(wanted))


def _normalized(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def _listed(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name} ({number})" for name, number in numbers.items())
