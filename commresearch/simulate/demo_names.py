"""Names of the places of the fictional pilots: put together from signs that no community, subdistrict or county is known to be named with."""

from collections.abc import Sequence

from commresearch.simulate.log_spec import PilotNames

PROVINCE = "海岚省"
FIRST_SIGNS = tuple("汐澜屿汀栀渚帆霁岫荻蓼槿")
SECOND_SIGNS = tuple("棹笙笺砚蓑笛檐橹蓬灯墨")
COMMUNITY_NAMES = 132  #: what the two rows of signs give; every pilot begins at another place of the list
STREET_SIGNS = (("岫帆", "Xiufan"), ("荻鸥", "Di'ou"), ("栀泊", "Zhibo"), ("霁渚", "Jizhu"), ("蔚汐", "Weixi"), ("桐屿", "Tongyu"), ("槿澜", "Jinlan"),
                ("茱汀", "Zhuting"), ("椿棹", "Chunzhao"), ("芷砚", "Zhiyan"), ("楸笙", "Qiusheng"), ("苇檐", "Weiyan"))


def community_names(first: int, n: int) -> tuple[str, ...]:
    """Names from a place of the list on, no two alike."""
    places = [(first + i) % COMMUNITY_NAMES for i in range(n)]  # 12 and 11 have no common factor: 132 steps meet every pair once
    return tuple(FIRST_SIGNS[i % len(FIRST_SIGNS)] + SECOND_SIGNS[i % len(SECOND_SIGNS)] for i in places)


def pilot_names(
    place: str, place_en: str, city: str, *, first: int, streets: Sequence[int], level: str = "district", part: tuple[str, str] = ("街道", "Subdistrict"),
) -> PilotNames:
    """Names of a pilot.

    Parameters
    ----------
    first
        Place in the list of community names from which this pilot takes its own.
    streets
        Places in `STREET_SIGNS`.
    part
        What its parts are: subdistricts, or the districts of a city.
    """
    parts = tuple((STREET_SIGNS[i][0] + part[0], f"{STREET_SIGNS[i][1]} {part[1]}") for i in streets)
    return PilotNames(
        place=place, place_en=place_en, level=level, province=PROVINCE, city=city, streets=parts, communities=community_names(first, COMMUNITY_NAMES // 3 + 4),
    )
