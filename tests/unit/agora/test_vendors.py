"""Storage vendors and regions by number and by name."""

from __future__ import annotations

import pytest

from agora.vendors import has_regions, parse_region, parse_vendor, region_name, vendor_name

NAMES = {"aws": 1, "alibaba": 2, "tencent": 3, "azure": 5, "google": 6, "huawei": 7, "baidu": 8, "s3": 11}


@pytest.mark.parametrize(("name", "number"), NAMES.items())
def test_a_vendor_is_given_by_name_or_number(name: str, number: int) -> None:
    assert parse_vendor(name) == parse_vendor(f" {name.upper()} ") == parse_vendor(str(number)) == number
    assert vendor_name(number) == name


@pytest.mark.parametrize("text", ["4", "9", "0", "", "amazon", "-1", "1.0", "\u0661"])
def test_the_error_for_an_unknown_vendor_lists_the_vendors(text: str) -> None:
    with pytest.raises(ValueError, match=r"aws \(1\).*s3 \(11\)"):
        parse_vendor(text)


def test_an_unknown_vendor_number_has_no_name() -> None:
    with pytest.raises(ValueError, match=r"aws \(1\)"):
        vendor_name(4)


@pytest.mark.parametrize(
    ("vendor", "text", "number"),
    [
        ("aws", "us-east-1", 0),
        ("aws", "us-east-2", 1),
        ("aws", "US_EAST_2", 1),
        ("aws", " 1 ", 1),
        ("aws", "01", 1),
        ("aws", "af-south-1", 18),
        ("aws", "eu-south-1", 25),
        ("alibaba", "cn-hangzhou", 0),
        ("alibaba", "CN_Hongkong", 7),
        ("alibaba", "oss-cn-shanghai", 1),
        ("alibaba", "ap-southeast-5", 13),
        ("tencent", "ap-beijing", 1),
        ("tencent", "ap-beijing-1", 0),
        ("tencent", "NA_Siliconvalley", 15),
        ("huawei", "cn-north-1", 0),
        ("huawei", "la-south-2", 14),
        ("baidu", "Baoding", 1),
        ("baidu", "bd", 1),
        ("baidu", "gz", 3),
        ("baidu", "7", 7),
    ],
)
def test_a_region_is_given_by_the_vendors_name_or_agoras_number(vendor: str, text: str, number: int) -> None:
    assert parse_region(NAMES[vendor], text) == number


@pytest.mark.parametrize(
    ("vendor", "text"),
    [
        ("aws", "17"),  # Agora's numbers have gaps.
        ("aws", "23"),
        ("aws", "26"),
        ("aws", "mars-1"),
        ("aws", ""),
        ("aws", "-1"),
        ("aws", "9" * 5000),
        ("baidu", "0"),
        ("baidu", "bj"),  # Baidu has it, Agora does not.
        ("tencent", "cn-hangzhou"),
    ],
)
def test_the_error_for_an_unknown_region_lists_the_regions(vendor: str, text: str) -> None:
    with pytest.raises(ValueError, match=rf"no region of {vendor} .*\(1\), .*\(7\)"):
        parse_region(NAMES[vendor], text)


@pytest.mark.parametrize("vendor", ["azure", "google", "s3"])
def test_a_vendor_without_regions_accepts_any_region(vendor: str) -> None:
    assert not has_regions(NAMES[vendor])
    assert [parse_region(NAMES[vendor], text) for text in ("", "0", "europe-west1")] == [0, 0, 0]


@pytest.mark.parametrize("vendor", ["aws", "alibaba", "tencent", "huawei", "baidu"])
def test_other_vendors_need_a_region(vendor: str) -> None:
    assert has_regions(NAMES[vendor])


@pytest.mark.parametrize(
    ("vendor", "number", "name"),
    [
        ("aws", 1, "us-east-2"),
        ("aws", 25, "eu-south-1"),
        ("alibaba", 0, "cn-hangzhou"),
        ("tencent", 15, "na-siliconvalley"),
        ("huawei", 14, "la-south-2"),
        ("baidu", 1, "baoding"),
    ],
)
def test_a_region_number_has_a_name(vendor: str, number: int, name: str) -> None:
    assert region_name(NAMES[vendor], number) == name
    assert parse_region(NAMES[vendor], name) == number


@pytest.mark.parametrize("vendor", ["azure", "google", "s3"])
def test_a_vendor_without_regions_has_an_empty_region_name(vendor: str) -> None:
    assert region_name(NAMES[vendor], 0) == ""


@pytest.mark.parametrize(("vendor", "number"), [("aws", 17), ("baidu", 0), ("tencent", -1)])
def test_the_error_for_an_unknown_region_number_lists_the_regions(vendor: str, number: int) -> None:
    with pytest.raises(ValueError, match=rf"no region of {vendor} .*{number}; use .*\(1\)"):
        region_name(NAMES[vendor], number)
