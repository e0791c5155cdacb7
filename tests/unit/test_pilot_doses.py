"""Doses of mechanisms and their anchors: wrong files first."""

import pytest

from commresearch.errors import CaseError
from commresearch.words import render_error
from commresearch.workflow.pilot_doses import read_doses

KNOWN = {"haibin": None, "yunqi": None}
DOSES = "case_id,condition,raw\nhaibin,fund,70\nyunqi,fund,12.5\nhaibin,points,0\nyunqi,points,88\n"
ANCHORS = (
    "condition,exclusion,crossover,inclusion,reason_zh,reason_en\nfund,20,50,80,过半算有,over half counts\npoints,20,50,80,过半算有,over half counts\n"
    "LARGE,-5,-15,-25,科室能感到,an office notices\n"
)


def files(folder, doses=DOSES, anchors=ANCHORS):
    if doses is not None:
        (folder / "doses.csv").write_text(doses, encoding="utf8")
    if anchors is not None:
        (folder / "calibration.csv").write_text(anchors, encoding="utf8")
    return folder


def refusal(folder, lang="en"):
    with pytest.raises(CaseError) as caught:
        read_doses(folder, KNOWN)
    return render_error(caught.value, lang)


@pytest.mark.parametrize(
    ("doses", "anchors", "said"),
    [
        (DOSES, None, "data_raw holds doses.csv but not calibration.csv"),
        (DOSES.replace("raw", "dose"), ANCHORS, "doses.csv: columns raw are missing"),
        (DOSES.replace("12.5", "多"), ANCHORS, "doses.csv row 3, column raw: “多” is no number"),
        (DOSES.replace("88", "inf"), ANCHORS, "doses.csv row 5, column raw: “inf” is no number"),
        (DOSES.replace("yunqi,fund", "yunxi,fund"), ANCHORS, "doses.csv row 3, column case_id: “yunxi” is not known. Allowed: haibin, yunqi"),
        (DOSES.replace("yunqi,points", "yunqi,credits"), ANCHORS, "doses.csv row 5, column condition: “credits” is not known. Allowed: fund, points"),
        (DOSES + "haibin,fund,71\n", ANCHORS, "doses.csv row 6: haibin · fund stands there twice"),
        (DOSES, ANCHORS.replace("20,50,80,过半算有,over half counts\npoints", "20,80,50,过半算有,over half counts\npoints"), "row 2: the anchors of fund, 20 / 80 / 50, neither rise nor fall"),
        (DOSES, ANCHORS.replace("科室能感到", ""), "calibration.csv row 4, column reason_zh: the anchors of LARGE have no reason"),
        (DOSES, ANCHORS.replace("LARGE", "BIG"), "Allowed: LARGE"),
    ],
)
def test_wrong_files_are_named_with_row_and_column(tmp_path, doses, anchors, said):
    assert said in refusal(files(tmp_path, doses, anchors))


def test_all_faults_of_both_files_come_together(tmp_path):
    text = refusal(files(tmp_path, DOSES.replace("12.5", "多"), ANCHORS.replace("80,过半算有,over half counts\nLARGE", "many,过半算有,over half counts\nLARGE")), "zh")
    assert "doses.csv 第3行，列 raw：“多”不是数" in text
    assert "calibration.csv 第3行，列 inclusion：“many”不是数" in text


def test_sound_files_become_one_row_per_case(tmp_path):
    doses, anchors = read_doses(files(tmp_path), KNOWN)
    assert doses.to_dict("records") == [{"case_id": "haibin", "fund": 70.0, "points": 0.0}, {"case_id": "yunqi", "fund": 12.5, "points": 88.0}]
    assert anchors.loc[anchors["condition"] == "LARGE", ["exclusion", "crossover", "inclusion"]].to_numpy().tolist() == [[-5.0, -15.0, -25.0]]


def test_without_files_there_is_nothing_to_explain(tmp_path):
    doses, anchors = read_doses(tmp_path, KNOWN)
    assert doses.empty
    assert anchors.empty
