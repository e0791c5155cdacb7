"""Simulated surveys: what is recorded as true and as dirty is what the files hold."""

import csv
import json
import re
from dataclasses import asdict, replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from commresearch.errors import SchemaError
from commresearch.simulate import (
    DirtRates,
    PopulationSpec,
    SurveySpec,
    community_questionnaire,
    draw_population,
    draw_sample,
    simulate_survey,
    wenjuanxing_grid,
    wide_spec,
    write_wenjuanxing,
)
from commresearch.simulate.scale_model import loading_for_alpha
from commresearch.simulate.truth import cronbach_alpha
from commresearch.simulate.typing_habits import spelled
from commresearch.terms import Export, Identifier, Sampling, VariableType
from commresearch.words import render_error

#: cells that go wrong; the rates of people and answer sheets are left as they are
CELL_RATES = (
    "full_width", "wan", "chinese_numeral", "unit", "thousands", "about", "number_range", "date_form", "month_only", "no_year", "refused",
    "unreadable", "blank", "option_spacing", "option_width", "option_as_date", "datetime_cell", "lost_digits", "identifier_in_text",
)
TEXT_ONLY = {"option_spacing", "option_width", "option_as_date"}
EVERYBODY = tuple(i for i in Identifier if i is not Identifier.IP)
#: what is rare by default is made frequent enough to meet in a few hundred sheets
DIRTY = DirtRates(
    duplicate_key=0.004, option_as_date=0.1, lost_digits=0.3, month_only=0.05, no_year=0.05, number_range=0.02, unreadable=0.02,
    option_spacing=0.01,
)
CLEAN_CELLS = replace(DIRTY, **dict.fromkeys(CELL_RATES, 0.0))
SMALL = SurveySpec(respondents=250, population=3000, identifiers=EVERYBODY, rates=DIRTY)
#: five standard deviations: one false alarm in two million comparisons
SIGMAS = 5


@pytest.fixture(scope="module")
def large():
    return simulate_survey(SurveySpec(respondents=6000, rates=replace(DIRTY, wan=0.3, refused=0.05)), rng=7)


def headers_of(survey, export):
    """Column of the export → item and, in a code export, place of the option."""
    grid = wenjuanxing_grid(survey, export)
    return grid, grid.headers


def test_the_questionnaire_has_what_surveys_of_communities_ask():
    questionnaire = community_questionnaire()
    assert questionnaire.n_questions == 43
    assert {item.type for item in questionnaire} == {*VariableType} - {VariableType.DURATION}
    assert {name: sorted({item.key for item in items}) for name, items in questionnaire.scales().items()} == {
        "service": [-1, 1], "belonging": [-1, 1],
    }
    needed = {condition.name for item in questionnaire for condition in item.asked_if}
    assert all(questionnaire[name].required for name in needed)
    assert len(headers_of(simulate_survey(wide_spec(rows=20, columns=64), rng=1), Export.TEXT)[1]) == 64


@pytest.mark.parametrize(("number", "text"), [
    (0, "零"), (7, "七"), (10, "十"), (18, "十八"), (20, "二十"), (105, "一百零五"), (110, "一百一十"), (120, "一百二十"), (3004, "三千零四"), (10_000, "一万"),
    (35_000, "三万五千"), (100_010, "十万零一十"), (1_203_000, "一百二十万三千"), (100_500, "十万零五百"),
])
def test_numbers_are_spelled_as_people_write_them(number, text):
    assert spelled(number) == text


def test_the_same_seed_gives_the_same_survey_and_the_same_bytes(tmp_path):
    first, second, third = (simulate_survey(replace(SMALL, respondents=80), rng=seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(first.truth, second.truth)
    pd.testing.assert_frame_equal(first.dirt, second.dirt)
    assert not first.truth.equals(third.truth)
    files = [write_wenjuanxing(survey, tmp_path / str(i)) for i, survey in enumerate((first, second))]
    assert [f.path.read_bytes() for f in files[0]] == [f.path.read_bytes() for f in files[1]]


@pytest.mark.parametrize("export", [Export.TEXT, Export.CODE])
def test_the_record_of_dirt_is_the_difference_between_clean_and_dirty_cells(export):
    dirty, clean = simulate_survey(SMALL, rng=11), simulate_survey(replace(SMALL, rates=CLEAN_CELLS), rng=11)
    now, before = wenjuanxing_grid(dirty, export), wenjuanxing_grid(clean, export)
    assert list(now.headers) == list(before.headers)
    names = {h: variable_of(dirty, h) for h in now.headers}
    changed = {
        (i + 1, names[h])
        for h, a, b in zip(now.headers, now.columns, before.columns, strict=True)
        for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y
    }
    scopes = ["all", "workbook", "text"] if export is Export.TEXT else ["all", "workbook"]
    record = dirty.dirt[dirty.dirt["scope"].isin(scopes)]
    assert changed == set(zip(record["submission"], record["variable"], strict=True))
    assert set(record["kind"]) == set(CELL_RATES) - (TEXT_ONLY if export is Export.CODE else set())
    if export is Export.TEXT:
        written = {(i + 1, names[h]): cell for h, column in zip(now.headers, now.columns, strict=True) for i, cell in enumerate(column)}
        typed = record[record["scope"].isin(["all", "text"]) & ~record["kind"].isin(["blank", "option_as_date"])]
        assert [written[key] for key in zip(typed["submission"], typed["variable"], strict=True)] == typed["dirty"].tolist()


def variable_of(survey, header):
    if header == "提交答卷时间":
        return "submitted"
    matches = [i for i in survey.questionnaire if re.match(rf"(?:{i.number}、|第{i.number}题\()",
        header) and (not i.matrix or header.endswith(f"({i.zh})"))]
    return matches[0].name if matches else ""


def test_rates_are_near_those_asked_for(large):
    questionnaire, dirt, n = large.questionnaire, large.dirt[large.dirt["submission"] <= 6000], 6000
    rates = asdict(large.spec.rates)
    truth, kinds = large.truth.iloc[:n], large.missing_kinds.iloc[:n]
    asked = {item.name: n - int((kinds[item.name] == "skipped").sum()) for item in questionnaire if item.name in kinds}
    blanks = [item.name for item in questionnaire.of_type(VariableType.SINGLE) if not item.required]
    near(len(dirt.query("kind == 'blank' and variable in @blanks")), sum(asked[v] for v in blanks), rates["blank"])
    numbers = [item.name for item in questionnaire.of_type(VariableType.NUMBER) if item.required]
    for kind in ("full_width", "about", "refused", "unreadable", "unit"):
        near(len(dirt.query("kind == @kind and variable in @numbers")), sum(asked[v] for v in numbers), rates[kind])
    high = (large.answers.values["income"][:n] >= 10_000) & (large.answers.kinds["income"][:n] != 1)
    near(len(dirt.query("kind == 'wan' and variable == 'income'")), high.sum() * (1 - rates["blank"]), rates["wan"])
    one_to_six = truth["visits"].isin(["2", "3"]).sum()
    near(len(dirt.query("kind == 'option_as_date'")), one_to_six, rates["option_as_date"])
    for flag, rate in (("speeder", "speeders"), ("straightliner", "straightliners")):
        free = large.sheets.query("copy == '' and consent and not assisted")
        near(free[flag].sum(), len(free), rates[rate])
    first = large.sheets.query("copy == ''")
    near(first["assisted"].sum(), n, rates["assisted"])
    near((~first["consent"]).sum(), n, rates["no_consent"])
    copies = large.sheets["copy"].value_counts()
    for kind, rate in (("key", "duplicate_key"), ("refilled", "refilled"), ("content", "duplicate_content"), ("near", "near_duplicate")):
        assert copies[kind] == round(n * rates[rate])


def near(count, n, rate):
    assert abs(count - n * rate) <= SIGMAS * np.sqrt(n * rate * (1 - rate)), (count, n * rate)


def test_no_dirt_is_no_dirt():
    survey = simulate_survey(replace(SMALL, rates=DirtRates.none()), rng=3)
    assert survey.dirt.empty
    assert len(survey.sheets) == 250
    assert not survey.sheets[["assisted", "speeder", "straightliner"]].any(axis=None)
    kinds = survey.missing_kinds
    left = {"blank", "skipped", "dont_know", "not_applicable"}  # silence and logic remain
    assert {kind for column in kinds for kind in kinds[column].dropna()} == left


def decoded(survey, rows, export):
    """Answers of an export by item, decoded here: places of options as a frozen set, ranks in order, or what was typed."""
    head, *body = rows
    decode = text_answer if export is Export.TEXT else code_answer
    return {item.name: [decode(item,
        [row[j] for j in columns]) for row in body] for item in survey.questionnaire if (columns := columns_of(item, head))}


def columns_of(item, head):
    return [j for j, h in enumerate(head) if re.match(rf"(?:{item.number}、|第{item.number}题\()",
        h) and (not item.matrix or h.endswith(f"({item.zh})"))]


def text_answer(item, cells):
    (cell,) = cells
    cell = str(cell)
    if cell in {"(跳过)", "(空)"}:
        return cell
    if not item.options:
        return cell.removesuffix(".0")
    labels = [o.zh for o in item.options]
    parts = re.sub("〖.*?〗", "", cell).split("→" if item.type is VariableType.RANKING else "┋")
    places = [labels.index(part) for part in parts]
    return tuple(places) if item.type is VariableType.RANKING else frozenset(places)


def code_answer(item, cells):
    codes = [int(float(c)) if re.fullmatch(r"-?\d+(\.0)?", str(c)) else c for c in cells]
    if set(codes) == {-3}:
        return "(跳过)"
    if set(codes) == {-2}:
        return "(空)"
    if item.type is VariableType.RANKING:
        return tuple(j for _, j in sorted((code, j) for j, code in enumerate(codes) if code > 0))
    if item.type is VariableType.MULTIPLE:
        assert set(codes) <= {0, 1}
        return frozenset(j for j, code in enumerate(codes) if code)
    return frozenset([codes[0] - 1]) if item.options else str(cells[0]).removesuffix(".0")


@pytest.mark.parametrize(("suffix", "seed"), [(".xlsx", 1), (".xls", 2), (".csv", 3)])
def test_the_text_and_the_code_export_describe_the_same_answers(tmp_path, suffix, seed):
    rates = replace(DIRTY, option_spacing=0, option_width=0, option_as_date=0)
    survey = simulate_survey(replace(SMALL, rates=rates, fill_ins_with_separator=0.6), rng=seed)
    read = {f.export: read_rows(f.path) for f in write_wenjuanxing(survey, tmp_path, suffix=suffix)}
    text, code = (decoded(survey, rows, export) for export, rows in read.items())
    assert list(text) == [item.name for item in survey.questionnaire]
    assert text == code
    assert any("┋" in fill for texts in survey.answers.fill_ins.values() for fill in texts)
    for export, rows in read.items():
        assert {"(跳过)", "(空)"} <= {answer for column in decoded(survey, rows, export).values() for answer in column}


def read_rows(path):
    if path.suffix == ".csv":
        return list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


def test_the_truth_is_typed_and_says_why_a_value_is_missing(large):
    truth, kinds = large.truth, large.missing_kinds
    assert truth.shape == kinds.shape
    assert (truth.isna() == kinds.notna()).all(axis=None)
    types = {"consent": "category", "elder_needs__1": "Int8", "income": "Float64", "moved_in": "datetime64[s]", "praise": "str"}
    assert {name: str(truth[name].dtype) for name in types} == types
    no = truth["participated"] == "2"
    assert (kinds.loc[no, ["activity_count", "activity_kinds__1", "activity_kinds_other", "last_activity"]] == "skipped").all(axis=None)
    assert truth.loc[truth["participated"] == "1", "reasons__1"].isna().all()
    assert (truth.loc[truth["late_notice"].notna(), "reasons__1"] == 1).all()
    refusers = large.missing_kinds.loc[(truth["consent"] == "2").to_numpy()].drop(columns="consent")
    assert len(refusers)
    assert (refusers == "skipped").all(axis=None)
    assert {"6"}.isdisjoint(truth["overall"].cat.categories)
    assert (kinds["overall"] == "dont_know").sum() > 100
    assert (kinds["income"] == "refused").sum() > 100
    assert kinds["priorities__rank_4"].isin(["not_applicable", "skipped", "blank"]).all()
    assert (truth["last_activity"].dropna() >= truth.loc[truth["last_activity"].notna(),
        "moved_in"].fillna(pd.Timestamp("1900-01-01"))).all()
    checked = large.validated()
    assert not checked.missing_kinds["income"].isin(["refused", "unreadable"]).any()
    assert set(checked.dirt["kind"]) == {"blank", "identifier_in_text"}
    blanks = checked.dirt.query("kind == 'blank' and variable == 'income'")["submission"]
    assert (checked.missing_kinds.loc[blanks, "income"] == "blank").all()


@pytest.mark.parametrize(("service", "belonging"), [(0.6, 0.7), (0.85, 0.75), (0.93, 0.9)])
def test_scales_have_the_reliability_asked_for(service, belonging):
    survey = simulate_survey(SurveySpec(respondents=50, alphas={"service": service, "belonging": belonging}), rng=2)
    true = survey.parameters.query("statistic == 'alpha'").set_index("variable")["true"]
    assert true["service"] == pytest.approx(service, abs=0.01)
    assert true["belonging"] == pytest.approx(belonging, abs=0.01)


def test_alpha_and_the_loading_that_gives_it():
    scores = np.array([[1.0, 2, 3], [2, 2, 4], [4, 5, 5], [3, 3, np.nan], [5, 4, 5]])
    whole = np.array([[1.0, 2, 3], [2, 2, 4], [4, 5, 5], [5, 4, 5]])
    covariance = np.cov(whole.T)
    assert cronbach_alpha(scores) == pytest.approx(1.5 * (1 - np.trace(covariance) / covariance.sum()), abs=1e-12)
    fine = [[1 / 200] * 200] * 4  # with many equal categories the rank correlation of a normal pair: r = 6/π · asin(λ²/2)
    loading = loading_for_alpha(0.8, fine)
    r = 6 / np.pi * np.arcsin(loading**2 / 2)
    assert 4 * r / (1 + 3 * r) == pytest.approx(0.8, abs=1e-3)


def test_parameters_are_those_of_the_population():
    survey = simulate_survey(SurveySpec(respondents=3000, rates=DirtRates.none()), rng=9)
    margins, parameters = survey.margins, survey.parameters.set_index(["variable", "statistic", "value", "domain"])["true"]
    assert (margins.groupby("variable")["persons"].sum() == 30_000).all()
    truth, design = survey.truth, survey.sheets
    assert design["base_weight"].sum() == pytest.approx(30_000)
    assert parameters["age", "total", "", ""] == pytest.approx(parameters["age", "mean", "", ""] * 30_000)
    by_street = margins.query("variable == 'street'")["persons"].to_numpy()
    ages = [parameters["age", "mean", "", str(i)] for i in (1, 2, 3)]
    assert np.average(ages, weights=by_street) == pytest.approx(parameters["age", "mean", "", ""])
    shares = [parameters["tenure", "share", str(i), ""] for i in (1, 2, 3, 4)]
    assert np.array(shares) * 30_000 == pytest.approx(margins.query("variable == 'tenure'")["persons"])
    frame = truth[["sex", "tenure"]].astype(str).assign(band=pd.cut(truth["age"], [0, 35, 59, 120]).astype(str))
    rows = survey.sheets["person"]
    assert rows.is_unique
    sample_share = frame["band"].eq("(0, 35]").mean()
    assert sample_share < margins.query("value == '14-35'")["persons"].iloc[0] / 30_000 - 0.05  # the young answer less


def test_weighting_to_the_margins_removes_the_bias_of_response():
    population = draw_population(PopulationSpec(persons=20_000), np.random.default_rng(1))
    cell = population.traits["age_band"] * 100 + population.traits["tenure"] * 10 + population.traits["sex"]
    counts = pd.Series(cell).value_counts()
    errors = []
    for seed in range(40):
        persons = draw_sample(population, respondents=1500, rng=np.random.default_rng(seed)).persons
        service = population.traits["service"][persons]
        weights = pd.Series(cell[persons]).map(counts / pd.Series(cell[persons]).value_counts()).to_numpy()
        errors.append((service.mean(), np.average(service, weights=weights)))
    plain, weighted = np.mean(errors, axis=0)  # the true mean is zero
    assert plain > 0.06
    assert abs(weighted) < 0.02


def test_weights_of_a_cluster_sample_are_those_of_its_design():
    even = PopulationSpec(persons=9000, communities=18, response={})
    population = draw_population(even, np.random.default_rng(4))
    samples = [draw_sample(population, respondents=400, clusters_per_stratum=3, rng=np.random.default_rng(seed)) for seed in range(300)]
    assert all(sample.design["cluster"].nunique() == 9 and len(sample.persons) == 400 for sample in samples)
    assert (samples[0].design.groupby("stratum")["cluster"].nunique() == 3).all()
    assert (samples[0].design["stratum_clusters"] == 6).all()
    totals = np.array([sample.design["base_weight"].sum() for sample in samples])
    assert abs(totals.mean() - 9000) < SIGMAS * totals.std() / np.sqrt(300)
    ages = np.array([np.average(population.traits["age"][s.persons], weights=s.design["base_weight"]) for s in samples])
    assert abs(ages.mean() - population.traits["age"].mean()) < SIGMAS * ages.std() / np.sqrt(300)
    between = pd.Series(population.traits["service"]).groupby(population.traits["community"]).mean().var(ddof=0)
    assert between == pytest.approx(0.05, abs=0.03)
    opt_in = draw_sample(population, respondents=400, sampling=Sampling.OPT_IN, rng=np.random.default_rng(1))
    assert opt_in.design["base_weight"].isna().all()
    assert population.traits["service"][opt_in.persons].mean() > 0.3


def test_careless_people_answer_carelessly(large):
    sheets, values = large.sheets, large.answers.values
    first = (sheets["copy"] == "").to_numpy()
    rows = np.column_stack([values[f"service_{i}"] for i in range(1, 8)])
    straight = sheets["straightliner"].to_numpy() & first
    assert (rows[straight].max(axis=1) == rows[straight].min(axis=1)).all()
    speeders, others = sheets["speeder"] & first, ~sheets["speeder"] & sheets["consent"] & first
    assert sheets.loc[speeders, "seconds"].max() < 1.5 * large.questionnaire.n_questions + 1
    assert sheets.loc[others, "seconds"].min() > sheets.loc[speeders, "seconds"].max()
    assert sheets.loc[sheets["assisted"], "ip"].nunique() <= large.spec.communities
    assert sheets["ip"].str.match(r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$").all()
    assert (large.truth["assisted"].eq("2").to_numpy() == (sheets["assisted"] & sheets["consent"]).to_numpy()).all()


def test_copies_are_copies_of_their_kind(large):
    sheets, truth = large.sheets, large.truth
    items = [item.name for item in large.questionnaire.of_type(VariableType.SINGLE)]
    text = truth.astype("str").fillna("NA")
    for kind in ("key", "content", "near", "refilled"):
        copies = sheets[sheets["copy"] == kind]
        same = text.loc[copies.index, items].to_numpy() == text.loc[copies["original"], items].to_numpy()
        keeps_user = copies["user"].to_numpy() == sheets.loc[copies["original"], "user"].to_numpy()
        keeps_serial = copies["serial"].to_numpy() == sheets.loc[copies["original"], "serial"].to_numpy()
        assert keeps_user.all() == (kind in {"key", "refilled"})
        assert keeps_serial.all() == (kind == "key")
        share = same.mean(axis=1)
        assert (share == 1).all() if kind in {"key", "content"} else (share < 1).all() and share.mean() > 0.85
        assert (copies["submitted"].to_numpy() >= sheets.loc[copies["original"], "submitted"].to_numpy()).all()
    assert sheets.loc[sheets["copy"] != "key", "serial"].is_unique


def test_planted_identifiers_stand_in_the_export_and_look_like_identifiers():
    survey = simulate_survey(replace(SMALL, rates=replace(DIRTY, identifier_in_text=0.5, lost_digits=0)), rng=8)
    grid = wenjuanxing_grid(survey, Export.TEXT)
    cells = {variable_of(survey, h): column for h, column in zip(grid.headers, grid.columns, strict=True)}
    planted = survey.planted
    assert set(planted["identifier"]) == set(EVERYBODY)
    assert {"praise", "suggestion"} <= set(planted["variable"])
    places = zip(planted["submission"], planted["variable"], planted["value"], strict=True)
    assert all(value in cells[variable][i - 1] for i, variable, value in places)
    for number in planted.query("identifier == 'national_id'")["value"]:
        remainder = sum(int(c) * 2 ** (17 - i) for i, c in enumerate(number[:17])) % 11
        assert number[17] == "10X98765432"[remainder]
        assert number.startswith("3799")
        assert date(int(number[6:10]), int(number[10:12]), int(number[12:14])) < survey.spec.first_day
    for card in planted.query("identifier == 'bank_card'")["value"]:
        digits = [int(c) * (1 + i % 2) for i, c in enumerate(reversed(card))]
        assert sum(d // 10 + d % 10 for d in digits) % 10 == 0
        assert len(card) == 19
    assert planted.query("identifier == 'mobile'")["value"].str.fullmatch(r"16[139]\d{8}").all()


def test_identity_numbers_stored_as_numbers_lose_digits(tmp_path):
    survey = simulate_survey(SMALL, rng=12)
    (file,) = write_wenjuanxing(survey, tmp_path, kind="code")
    head, *rows = read_rows(file.path)
    column = next(j for j, h in enumerate(head) if "身份证" in h)
    lost = survey.dirt.query("kind == 'lost_digits' and variable == 'national_id'")
    assert len(lost)
    for i, clean in zip(lost["submission"], lost["clean"], strict=True):
        cell = rows[i + file.first_row - 3][column]
        assert isinstance(cell, float)
        assert clean[:14] == f"{cell:.0f}"[:14]
    assert (lost["clean"] != lost["dirty"]).any()


def test_the_truth_is_written_as_json_and_says_that_it_is_simulated(tmp_path):
    survey = simulate_survey(SMALL, rng=3)
    truth = json.loads(survey.write_truth(tmp_path / "truth.json").read_text(encoding="utf8"))
    assert truth["simulated"] is True
    assert truth["place"] == "滨海示范区"
    assert truth["spec"]["respondents"] == 250
    assert sum(row["cells"] for row in truth["dirt"]) == len(survey.dirt)
    assert {row["copy"] for row in truth["copies"]} == {"key", "refilled", "content", "near"}
    assert truth["people"]["speeder"] == survey.sheets.index[survey.sheets["speeder"]].tolist()


def test_settings_that_cannot_be_are_all_named():
    spec = replace(SMALL, respondents=0, communities=400, sampling=Sampling.QUOTA, alphas={"service": 1.2}, rates=replace(DIRTY, blank=1.5))
    with pytest.raises(SchemaError) as caught:
        simulate_survey(spec, rng=1)
    named = ["respondents", "communities", "alphas.service", "rates.blank", "sampling", "alphas"]
    assert [f.values["setting"] for f in caught.value.failures] == named
    assert "模拟设置 respondents：得到“0”，只允许：1 – 3000" in render_error(caught.value, "zh")
    with pytest.raises(SchemaError, match=r"CR-M04.*'respondents': 2900"):
        simulate_survey(replace(SMALL, respondents=2900, clusters_per_street=2), rng=1)
