"""What is planted in the numbers: every effect, manipulation and trap with its known size.

Areas are codes of area version 2020; those planted over both versions lie in districts that kept
their borders and code. Years are inclusive. `truth.py` writes all of this, with the realised
sizes, into the truth file.
"""

from typing import Final

# --- effects -----------------------------------------------------------------------------------
# Covered bicycle parking from 2021: every third theft there does not happen.
BICYCLE_AREAS: Final = ("0101", "0103", "0106", "0201", "0401")
BICYCLE_SINCE: Final = 2021
BICYCLE_PREVENTED: Final = 0.35

# Family guides from mid-2019 in the four districts with the highest rate of 2018. A passing shock
# made that year bad; the programme itself changes nothing.
FAMILY_AREAS: Final = ("0103", "0202", "0205", "0404")
FAMILY_SHOCK_YEAR: Final = 2018
FAMILY_SHOCK: Final = 1.45

# Of the children whose family receives SGB II benefits, so many are in a family that is guided: the
# same programme is used differently. Some are counted without a district or an age.
FAMILY_REACH: Final = {"0103": 0.31, "0202": 0.12, "0205": 0.14, "0404": 0.33}
FAMILY_REACH_SINCE: Final = 2020
FAMILY_WITHOUT_DISTRICT: Final = 26.0
FAMILY_AGES: Final = (0.34, 0.31, 0.26, 0.09)

# Language day care from August 2022 would show at school entry four years later: not yet.
LANGUAGE_AREAS: Final = ("0104", "0202", "0403")

# --- manipulations -----------------------------------------------------------------------------
# A target of 28 days since 2020: this share of waits of 29 to 35 days is booked as 25 to 28.
WAIT_TARGET: Final = 28
WAIT_SINCE: Final = 2020
WAIT_MOVED: Final = 0.60
WAIT_FROM: Final = (29, 35)
WAIT_TO: Final = (25, 28)
WAIT_TOP: Final = 60

# Visits of January booked in the December before, in city area West since 2020.
VISITS_AREAS: Final = ("0401", "0402", "0403", "0404", "0405")
VISITS_SINCE: Final = 2020
VISITS_PULLED: Final = 0.30

# A carrier that estimates: visits rounded to tens.
ROUNDED_AREAS: Final = ("0104", "0105", "0106")
ROUNDED_TO: Final = 10

# A month's visits carried forward unchanged.
COPIED_AREA: Final = "0306"
COPIED_YEAR: Final = 2022
COPIED_FROM_MONTH: Final = 2
COPIED_MONTHS: Final = 7

# Burglaries of homes recorded as burglaries of cellars since the goal of 2020.
RECODED_SINCE: Final = 2020
RECODED_SHARE: Final = 0.30

# --- traps -------------------------------------------------------------------------------------
# A form on the internet brings more reports of damage in city area Süd, from July 2018 on.
ONLINE_CITY_AREA: Final = "03"
ONLINE_SINCE: Final = (2018, 7)
ONLINE_FACTOR: Final = 1.5

# A new language test from 2021 finds more children.
NEW_TEST_SINCE: Final = 2021
NEW_TEST_ADDED: Final = 0.06

# Parents' courses move to where finishing is harder: better everywhere, lower in total.
COURSE_HARD_NEED: Final = 0.13
COURSE_HARD_SHARE: Final = (0.20, 0.65)
COURSE_SHIFT: Final = (2016, 2022)
COURSE_FINISH_EASY: Final = (0.76, 0.82)
COURSE_FINISH_HARD: Final = (0.46, 0.54)

# Two lines of the SGB II delivery of December 2021 were swapped; a correction came half a year on.
SWAPPED: Final = ("0202", "0205")
SWAPPED_YEAR: Final = 2021

# The register of residents had this many late entries at the end of 2017.
REGISTER_YEAR: Final = 2017
REGISTER_EXCESS: Final = 214

# Case lists: this share of the events is reported late, after this many days on average.
LATE_SHARE: Final = 0.35
LATE_MEAN_DAYS: Final = 60.0
WITHOUT_DISTRICT: Final = 0.03
WITHOUT_AREA: Final = 0.005

# Raw weights of the crosswalk are what the department published: two do not add up to one.
RAW_WEIGHT_LOSS: Final = {"0203": 0.005, "0305": 0.001}
