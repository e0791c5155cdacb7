"""Closed vocabularies. Members are what stands in the data files; their wording in both languages is in `words`."""

from enum import StrEnum


class Language(StrEnum):
    """Languages of reports, messages and labels."""

    ZH = "zh"
    EN = "en"


class Level(StrEnum):
    """Administrative level of a published case."""

    CITY = "city"
    COUNTY_LEVEL_CITY = "county_level_city"
    COUNTY = "county"
    DISTRICT = "district"
    COMMUNITY = "community"


class Family(StrEnum):
    """What a published number is about."""

    YOUTH_PARTICIPATION = "youth_participation"
    COMPLAINTS_DISPUTES = "complaints_disputes"
    SPACE_USE = "space_use"
    FINANCE = "finance"
    SERVICES = "services"
    PARTICIPATION = "participation"
    SATISFACTION = "satisfaction"
    EMPLOYMENT = "employment"
    ORGANISATION = "organisation"
    CONTEXT = "context"


class Kind(StrEnum):
    """Where a number stands between circumstances and results."""

    CONTEXT = "context"
    DESIGN = "design"
    INPUT = "input"
    ACTIVITY = "activity"
    OUTPUT = "output"
    REACH = "reach"
    OUTCOME = "outcome"
    RANK = "rank"


class UnitClass(StrEnum):
    """Kind of thing a published number counts; numbers of different classes are never added."""

    PERSON = "person"
    PERSON_TIMES = "person_times"
    HOUSEHOLD = "household"
    ORGANISATION = "organisation"
    PLACE = "place"
    ITEM = "item"
    EVENT = "event"
    MONEY = "money"
    AREA = "area"
    LENGTH = "length"
    DURATION = "duration"
    PERCENT = "percent"
    PERCENTAGE_POINTS = "percentage_points"
    MULTIPLE = "multiple"
    RANK = "rank"


class Comparison(StrEnum):
    """What a published number is compared with by its wording."""

    LEVEL = "level"
    BEFORE_AFTER = "before_after"
    YEAR_ON_YEAR = "year_on_year"
    SHARE = "share"
    RANK = "rank"


CHANGES = frozenset({Comparison.BEFORE_AFTER, Comparison.YEAR_ON_YEAR})


class Headline(StrEnum):
    """The three headline outcomes."""

    YOUTH = "youth"
    COMPLAINTS = "complaints"
    SPACE = "space"


class Fit(StrEnum):
    """Whether a published number is a headline outcome itself or only near it."""

    DIRECT = "direct"
    PROXY = "proxy"


class Mention(StrEnum):
    """How a source speaks of a mechanism."""

    STATED = "stated"
    IMPLIED = "implied"
    RELATED = "related"
    NOT_MENTIONED = "not_mentioned"


class Mechanism(StrEnum):
    """Twenty ways of operating a community, as the sources describe them."""

    PARTY_COORDINATION = "party_coordination"
    SPACE_FOR_SERVICE = "space_for_service"
    MARKET_PARTNERS = "market_partners"
    COMMUNITY_FUND = "community_fund"
    POINTS_CREDIT = "points_credit"
    PROJECT_LIFE_CYCLE = "project_life_cycle"
    DELIBERATION = "deliberation"
    THREE_LISTS = "three_lists"
    PROPERTY_REFORM = "property_reform"
    TRUST_PROPERTY = "trust_property"
    VOLUNTEERS = "volunteers"
    SOCIAL_ORG_INCUBATION = "social_org_incubation"
    UNIVERSITY_PARTNERSHIP = "university_partnership"
    DIGITAL_PLATFORM = "digital_platform"
    GRID_SERVICE = "grid_service"
    SOCIAL_ENTERPRISE = "social_enterprise"
    EMPLOYMENT_WORKSHOPS = "employment_workshops"
    ELDER_CANTEEN = "elder_canteen"
    YOUTH_PROGRAMME = "youth_programme"
    THIRD_PARTY_OPERATION = "third_party_operation"


class NotClaim(StrEnum):
    """Why a printed number is no claim about a case."""

    DATE = "date"
    HEADING = "heading"
    NAME = "name"
    SLOGAN = "slogan"
    STRUCTURE = "structure"
    ORDINAL = "ordinal"
    ARTICLE = "article"
    IDIOM = "idiom"
    ADDRESS = "address"
    AGE_DEFINITION = "age_definition"
    GENERAL = "general"
    PUBLICATION = "publication"


class Verdict(StrEnum):
    """What a mechanical check says of published wording; it never says right or wrong."""

    CONSISTENT = "一致"
    TO_VERIFY = "待核实"
    DISAGREES_WITHIN = "文内口径不一"


class Check(StrEnum):
    """Mechanical checks of published numbers."""

    PARTS = "C01"
    SHARE_OF_BASE = "C02"
    WHOLE_PAIRS = "C03"
    ATTAINABLE_SHARE = "C04"
    PER_UNIT = "C05"
    REACH_OVER_POPULATION = "C06"
    PERSONS_OR_TIMES = "C07"
    MISSING_BASE = "C08"
    PERCENT_OR_POINTS = "C09"
    SELECTED_ON_OUTCOME = "C10"
    NO_COMPARISON = "C11"
    SAMPLING_INTERVAL = "C12"
    RECRUITS = "C13"
    ZERO_OR_ALL = "C14"
    ENUMERATION = "C15"
    TWO_VALUES = "C16"
    MIXED_PERIODS = "C17"
    CAPACITY = "C18"
    STOCK_OR_FLOW = "C19"
    AVOIDED_COST = "C20"
    NEW_ASSET = "C21"
    UNIT_SANITY = "C22"
    SAME_NUMBER = "C23"


class Grade(StrEnum):
    """Grades of evidence, from E0 (no comparison) to E5 (randomised); a published number reaches E1 at most."""

    E0 = "E0"
    E1 = "E1"
    E2 = "E2"
    E3 = "E3"
    E4 = "E4"
    E5 = "E5"


class Method(StrEnum):
    """How an effect is estimated."""

    BEFORE_AFTER = "before_after"
    TWO_WAY_FIXED_EFFECTS = "two_way_fixed_effects"
    GROUP_TIME = "group_time"
    IMPUTATION = "imputation"
    POISSON = "poisson"
    SATURATED_POISSON = "saturated_poisson"
    FRACTIONAL_LOGIT = "fractional_logit"
    REPEATED_SECTIONS = "repeated_sections"
    INTERRUPTED_SERIES = "interrupted_series"
    SYNTHETIC_CONTROL = "synthetic_control"
    SYNTHETIC_DID = "synthetic_did"


class Inference(StrEnum):
    """Where an interval and a p value come from."""

    ANALYTIC = "analytic"
    CR1 = "cr1"
    CR2 = "cr2"
    CR3 = "cr3"
    WILD_BOOTSTRAP = "wild_bootstrap"
    RANDOMISATION = "randomisation"
    MULTIPLIER = "multiplier"
    FERMAN_PINTO = "ferman_pinto"
    PLACEBO = "placebo"
    HAC = "hac"
    MODEL = "model"
    NONE = "none"


class Estimand(StrEnum):
    """What an effect is the effect of, and on whom."""

    ATT = "att"
    ATT_PERCENT = "att_percent"
    ATT_BY_EVENT_TIME = "att_by_event_time"
    ATT_BY_GROUP = "att_by_group"
    ATT_BY_PERIOD = "att_by_period"
    COEFFICIENT = "coefficient"
    LEVEL_CHANGE = "level_change"
    SLOPE_CHANGE = "slope_change"
    CHANGE = "change"


class ChosenBy(StrEnum):
    """How the treated units were chosen."""

    ALL = "all"
    RANDOM = "random"
    VOLUNTEER = "volunteer"
    WORST = "worst"
    BEST = "best"
    UNKNOWN = "unknown"


class Format(StrEnum):
    """File formats of a report."""

    HTML = "html"
    DOCX = "docx"
    PDF = "pdf"


class Platform(StrEnum):
    """Where a survey file comes from."""

    WENJUANXING = "wenjuanxing"
    TENCENT = "tencent"
    SPSS = "spss"
    KOBO = "kobo"
    PLAIN = "plain"


class Export(StrEnum):
    """What the answer cells of a platform's file hold: option texts, option numbers, or neither is known."""

    TEXT = "text"
    CODE = "code"
    UNKNOWN = "unknown"


class VariableType(StrEnum):
    """How the cells of a variable are read."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    RANKING = "ranking"
    NUMBER = "number"
    DATE = "date"
    DURATION = "duration"
    TEXT = "text"


class MissingKind(StrEnum):
    """Why a value is missing; the kinds are never merged."""

    BLANK = "blank"
    SKIPPED = "skipped"
    REFUSED = "refused"
    DONT_KNOW = "dont_know"
    NOT_APPLICABLE = "not_applicable"
    NOT_EXPORTED = "not_exported"
    UNREADABLE = "unreadable"


class Role(StrEnum):
    """What a variable is for, beside being an answer."""

    KEY = "key"
    PERSON = "person"
    STARTED = "started"
    SUBMITTED = "submitted"
    DURATION = "duration"
    SOURCE = "source"
    IP = "ip"
    COMMUNITY = "community"
    ASSISTED = "assisted"
    VERDICT = "verdict"
    STRATUM = "stratum"
    CLUSTER = "cluster"
    WEIGHT = "weight"
    BIRTH = "birth"


class Identifier(StrEnum):
    """Direct identifiers of a person."""

    NAME = "name"
    NATIONAL_ID = "national_id"
    MOBILE = "mobile"
    LANDLINE = "landline"
    ADDRESS = "address"
    WECHAT = "wechat"
    IP = "ip"
    PLATE = "plate"
    EMAIL = "email"
    BANK_CARD = "bank_card"


class Sampling(StrEnum):
    """How the persons of a survey came into it; only a probability sample gets design-based inference."""

    PROBABILITY = "probability"
    QUOTA = "quota"
    OPT_IN = "opt_in"
    CENSUS = "census"


class DataKind(StrEnum):
    """Kinds of received data: a survey, or one of the logs and registers."""

    SURVEY = "survey"
    TICKETS = "tickets"
    SIGNINS = "signins"
    BOOKINGS = "bookings"
    COUNTERS = "counters"
    ROOMS = "rooms"
    OPEN_HOURS = "open_hours"
    ROSTER = "roster"
    GRIDS = "grids"
    LINEAGE = "lineage"
    COVERAGE = "coverage"
    PROGRAMMES = "programmes"
    ROLLOUT = "rollout"


class Outcome(StrEnum):
    """Outcomes that are counted from event logs."""

    COMPLAINT_RATE = "complaint_rate"
    YOUTH_PARTICIPATION = "youth_participation"
    SPACE_USE = "space_use"
    AREA_IN_USE = "area_in_use"


class Unit(StrEnum):
    """Units of measure of a panel and of effects; shares are stored as 0-100."""

    PERCENTAGE_POINTS = "percentage_points"
    PERCENT = "percent"
    PER_1000_HOUSEHOLDS = "per_1000_households"
    PER_10000_RESIDENTS = "per_10000_residents"
    LOG_POINTS = "log_points"
    HOURS = "hours"
    M2_HOURS = "m2_hours"
    PER_M2 = "per_m2"
    COUNT = "count"
    PERSONS = "persons"
    PERSON_TIMES = "person_times"
    YUAN = "yuan"


class UnitLevel(StrEnum):
    """What the units of a panel are."""

    COMMUNITY = "community"
    ESTATE = "estate"
    GRID = "grid"
    SITE = "site"
