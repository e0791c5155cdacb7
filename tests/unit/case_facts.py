"""The first table of a case.toml, as every test that writes a case folder needs it."""


def case_facts(case_id="binhai", *, zh="滨海示范区", en="Binhai demonstration area"):
    """[case] of a fictional pilot; what a test is about comes behind it."""
    return (
        f'[case]\nid = "{case_id}"\nname_zh = "{zh}"\nname_en = "{en}"\nlevel = "district"\nprovince = "海岚省"\ncity = "滨海市"\nfictional = true\n'
    )
