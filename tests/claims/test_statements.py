"""Statements in the words of articles, true and false, 2020 to 2026: what is understood, and the verdict.

A contributor who adds an entry to the grammar adds a line here: (day of the text, statement, kind of the
claim, its number as understood, verdict). What makes a statement true or false are the bundled data.
"""

from __future__ import annotations

import pytest

from wattshift.app.evidence import ArchiveEvidence
from wattshift.claims.check import JUDGES, check
from wattshift.claims.claim import Finding, Kind, Verdict
from wattshift.claims.judges.common import quantity_in_words
from wattshift.clock import parse_instant

HOLDS, NOISE, DEPENDS = Verdict.HOLDS, Verdict.WITHIN_NOISE, Verdict.DEPENDS
FALSE, UNIT, CANNOT = Verdict.CONTRADICTED, Verdict.MISSTATED_UNIT, Verdict.CANNOT_CHECK

Line = tuple[str, str, Kind, str, Verdict]

Y2020: list[Line] = [
    ("2020-03-16", "Hashrate dropped below 100 EH/s.", Kind.HASHRATE_LEVEL, "below 100 EH/s", DEPENDS),
    (
        "2020-03-27",
        "Mining difficulty dropped 15.95% on March 26, 2020.",
        Kind.DIFFICULTY_CHANGE,
        "15.95 %",
        HOLDS,
    ),
    ("2020-05-13", "After the halving the block subsidy is 6.25 BTC.", Kind.SUBSIDY, "6.25 BTC", HOLDS),
    (
        "2020-05-13",
        "After the halving the block subsidy is 12.5 BTC per block.",
        Kind.SUBSIDY,
        "12.5 BTC",
        FALSE,
    ),
    (
        "2020-06-01",
        "The network's hashrate currently stands at around 110 EH/s.",
        Kind.HASHRATE_LEVEL,
        "about 110 EH/s",
        NOISE,
    ),
    (
        "2020-06-05",
        "Difficulty fell 9.29% on June 4, the second consecutive decrease.",
        Kind.DIFFICULTY_CHANGE,
        "9.29 %",
        HOLDS,
    ),
    (
        "2020-06-05",
        "Difficulty fell 9.29% on June 4, the second consecutive decrease.",
        Kind.DIFFICULTY_RUN,
        "2 in a row",
        HOLDS,
    ),
    ("2020-08-01", "Hashprice stands at $20 per PH/s per day.", Kind.HASHPRICE_LEVEL, "20 USD/PH/day", FALSE),
    (
        "2020-08-01",
        "Hashprice stands at $110 per PH/s per day.",
        Kind.HASHPRICE_LEVEL,
        "110 USD/PH/day",
        CANNOT,
    ),
    (
        "2020-11-04",
        "Bitcoin difficulty plunged 16.05% on November 3, 2020.",
        Kind.DIFFICULTY_CHANGE,
        "16.05 %",
        HOLDS,
    ),
    (
        "2020-11-04",
        "Bitcoin difficulty rose 16.05% on November 3, 2020.",
        Kind.DIFFICULTY_CHANGE,
        "16.05 %",
        FALSE,
    ),
]

Y2021: list[Line] = [
    (
        "2021-05-07",
        "ASICs under 38 J/TH sell for $119.25 per TH.",
        Kind.MACHINE_PRICE,
        "119.25 USD/TH",
        HOLDS,
    ),
    ("2021-06-01", "Hashprice sits at $234 per PH/s per day.", Kind.HASHPRICE_LEVEL, "234 USD/PH/day", HOLDS),
    (
        "2021-06-28",
        "Bitcoin\u2019s hashrate is now 50% below its May peak.",
        Kind.HASHRATE_FROM_PEAK,
        "50 %",
        HOLDS,
    ),
    ("2021-07-01", "Hashrate collapsed because of China's mining ban.", Kind.CAUSE, "", CANNOT),
    (
        "2021-07-04",
        "Bitcoin\u2019s difficulty fell 27.94% on July 3, 2021.",
        Kind.DIFFICULTY_CHANGE,
        "27.94 %",
        HOLDS,
    ),
    (
        "2021-07-04",
        "It was the third consecutive decrease in mining difficulty.",
        Kind.DIFFICULTY_RUN,
        "3 in a row",
        HOLDS,
    ),
    ("2021-07-10", "The hash rate is below 100 EH/s.", Kind.HASHRATE_LEVEL, "below 100 EH/s", DEPENDS),
    ("2021-07-10", "The network's hashrate is now at 180 EH/s.", Kind.HASHRATE_LEVEL, "180 EH/s", FALSE),
    ("2021-07-10", "Hashrate has plunged 40% since mid-May.", Kind.HASHRATE_CHANGE, "40 %", NOISE),
    (
        "2021-07-20",
        "Difficulty has now fallen four times in a row.",
        Kind.DIFFICULTY_RUN,
        "4 in a row",
        HOLDS,
    ),
    (
        "2021-07-20",
        "Difficulty has dropped four times since mid-May.",
        Kind.DIFFICULTY_COUNT,
        "4 times",
        HOLDS,
    ),
    (
        "2021-12-31",
        "Bitcoin's hashrate is roughly 60% below its peak.",
        Kind.HASHRATE_FROM_PEAK,
        "about 60 %",
        FALSE,
    ),
    (
        "2021-07-15",
        "Since China's crackdown in mid-May, the hashrate has fallen by more than 40%.",
        Kind.HASHRATE_CHANGE,
        "above 40 %",
        DEPENDS,
    ),
    (
        "2021-07-15",
        "Since China's crackdown in mid-May, the hashrate has risen by more than 40%.",
        Kind.HASHRATE_CHANGE,
        "above 40 %",
        FALSE,
    ),
]

Y2022: list[Line] = [
    (
        "2022-01-25",
        "Difficulty rose 9.32% to 26.64 trillion on January 21.",
        Kind.DIFFICULTY_CHANGE,
        "9.32 %",
        HOLDS,
    ),
    (
        "2022-01-25",
        "Difficulty rose 9.32% to 26.64 trillion on January 21.",
        Kind.DIFFICULTY_LEVEL,
        "26.64 trillion",
        HOLDS,
    ),
    (
        "2022-04-20",
        "Machines under 38 J/TH go for around $80/TH.",
        Kind.MACHINE_PRICE,
        "about 80 USD/TH",
        HOLDS,
    ),
    ("2022-06-01", "Hashprice is $135/PH/s/day.", Kind.HASHPRICE_LEVEL, "135 USD/PH/day", CANNOT),
    (
        "2022-10-11",
        "Difficulty jumped 13.55% to 35.61T, the biggest increase since May 2021.",
        Kind.DIFFICULTY_EXTREME,
        "",
        HOLDS,
    ),
    ("2022-11-10", "Bitcoin fell to $15,900 on November 9.", Kind.PRICE_LEVEL, "15,900 USD", NOISE),
    ("2022-11-10", "Bitcoin traded at $25,000 on November 9, 2022.", Kind.PRICE_LEVEL, "25,000 USD", FALSE),
    (
        "2022-12-06",
        "Mining difficulty slid 7.32% on December 6, the largest decline since July 2021.",
        Kind.DIFFICULTY_EXTREME,
        "",
        HOLDS,
    ),
    (
        "2022-12-06",
        "Mining difficulty slid 7.32% on December 6, the largest decline since December 2020.",
        Kind.DIFFICULTY_EXTREME,
        "",
        FALSE,
    ),
    ("2022-12-28", "Hashrate was down as miners curtailed for the winter storm.", Kind.CAUSE, "", CANNOT),
    ("2022-12-29", "Hashrate fell to 170 EH/s on December 24.", Kind.HASHRATE_LEVEL, "170 EH/s", DEPENDS),
]

Y2023: list[Line] = [
    (
        "2023-02-15",
        "Hashprice is now $73.27 per PH/s per day.",
        Kind.HASHPRICE_LEVEL,
        "73.27 USD/PH/day",
        HOLDS,
    ),
    (
        "2023-02-15",
        "Hashprice currently stands at $0.073 per TH/s per day.",
        Kind.HASHPRICE_LEVEL,
        "73 USD/PH/day",
        HOLDS,
    ),
    (
        "2023-02-15",
        "Hashprice currently stands at $73 per TH/s per day.",
        Kind.HASHPRICE_LEVEL,
        "73,000 USD/PH/day",
        UNIT,
    ),
    (
        "2023-07-26",
        "Rigs of 25 J/TH or less cost about $20 per TH.",
        Kind.MACHINE_PRICE,
        "about 20 USD/TH",
        HOLDS,
    ),
    (
        "2023-10-31",
        "The network reached difficulty of 62.46 trillion on October 30.",
        Kind.DIFFICULTY_LEVEL,
        "62.46 trillion",
        HOLDS,
    ),
    (
        "2023-10-31",
        "The network reached difficulty of 72.46 trillion on October 30.",
        Kind.DIFFICULTY_LEVEL,
        "72.46 trillion",
        FALSE,
    ),
    (
        "2023-12-24",
        "Difficulty has risen seven times in the last eight adjustments.",
        Kind.DIFFICULTY_COUNT,
        "7 times",
        HOLDS,
    ),
    (
        "2023-12-24",
        "Difficulty has risen in eight of the last eight adjustments.",
        Kind.DIFFICULTY_COUNT,
        "8 times",
        FALSE,
    ),
    (
        "2023-12-24",
        "The seven-day average hashrate stands at 515 EH/s.",
        Kind.HASHRATE_LEVEL,
        "515 EH/s",
        NOISE,
    ),
    (
        "2023-03-01",
        "Mining difficulty surged 9.95% to 43.05T on February 24.",
        Kind.DIFFICULTY_LEVEL,
        "43.05 trillion",
        HOLDS,
    ),
]

Y2024: list[Line] = [
    (
        "2024-03-01",
        "Around 450 BTC are mined per day as block subsidy.",
        Kind.SUBSIDY,
        "about 450 BTC",
        FALSE,
    ),
    ("2024-04-19", "Hashrate hit a record 650 EH/s.", Kind.HASHRATE_RECORD, "650 EH/s", NOISE),
    ("2024-04-25", "The halving cut the block reward to 3.125 BTC.", Kind.SUBSIDY, "3.125 BTC", HOLDS),
    ("2024-05-01", "Hashprice is $20 per PH/s per day.", Kind.HASHPRICE_LEVEL, "20 USD/PH/day", FALSE),
    (
        "2024-05-10",
        "Difficulty dropped 5.62% on May 9, the largest decrease since December 2022.",
        Kind.DIFFICULTY_EXTREME,
        "",
        HOLDS,
    ),
    (
        "2024-06-30",
        "The Bitcoin network consumes 138 TWh of electricity a year.",
        Kind.NETWORK_POWER,
        "138 TWh",
        NOISE,
    ),
    (
        "2024-07-08",
        "Hashprice fell to an all-time low of $44.31 per PH/s per day.",
        Kind.HASHPRICE_EXTREME,
        "",
        CANNOT,
    ),
    (
        "2024-08-01",
        "Difficulty rose 10.5% on July 31 to 90.67 trillion.",
        Kind.DIFFICULTY_CHANGE,
        "10.5 %",
        HOLDS,
    ),
    (
        "2024-10-23",
        "Core Scientific's contracts with CoreWeave for 500 MW are worth $8.7 billion over 12 years.",
        Kind.CONTRACT,
        "8.7 billion USD",
        HOLDS,
    ),
    (
        "2024-12-01",
        "Bitcoin difficulty is at 102.29 trillion.",
        Kind.DIFFICULTY_LEVEL,
        "102.29 trillion",
        HOLDS,
    ),
    (
        "2024-04-25",
        "The halving on April 19 cut the block subsidy from 6.25 BTC to 3.125 BTC.",
        Kind.SUBSIDY,
        "3.125 BTC",
        HOLDS,
    ),
]

Y2025: list[Line] = [
    (
        "2025-06-29",
        "Difficulty fell 7.48%, the largest drop since July 2021.",
        Kind.DIFFICULTY_EXTREME,
        "",
        HOLDS,
    ),
    (
        "2025-06-29",
        "Difficulty fell 7.48%, the largest drop since July 2021.",
        Kind.DIFFICULTY_CHANGE,
        "7.48 %",
        HOLDS,
    ),
    (
        "2025-08-15",
        "TeraWulf signed a 10-year lease with Fluidstack worth $3.7 billion.",
        Kind.CONTRACT,
        "3.7 billion USD",
        HOLDS,
    ),
    (
        "2025-09-20",
        "Bitcoin's hashrate topped 1 ZH/s for the first time.",
        Kind.HASHRATE_EXTREME,
        "above 1,000 EH/s",
        DEPENDS,
    ),
    (
        "2025-10-19",
        "The 7-day average reached 1,155 EH/s, an all-time high for the hashrate.",
        Kind.HASHRATE_RECORD,
        "1,155 EH/s",
        HOLDS,
    ),
    ("2025-10-19", "Hashrate hit a record high of 1.16 ZH/s.", Kind.HASHRATE_RECORD, "1,160 EH/s", HOLDS),
    (
        "2025-11-04",
        "IREN signed a $9.7 billion, five-year contract with Microsoft covering 200 MW.",
        Kind.CONTRACT,
        "9.7 billion USD",
        HOLDS,
    ),
    (
        "2025-11-04",
        "IREN signed a $12 billion, five-year contract with Microsoft covering 200 MW.",
        Kind.CONTRACT,
        "12 billion USD",
        FALSE,
    ),
    (
        "2025-11-24",
        "Hashprice sank to $38.2 per PH/s per day on November 20.",
        Kind.HASHPRICE_LEVEL,
        "38.2 USD/PH/day",
        NOISE,
    ),
    ("2025-12-01", "Hashprice averaged $39.82 in November.", Kind.HASHPRICE_MEAN, "39.82 USD/PH/day", NOISE),
    ("2025-12-01", "Hashprice averaged $49.82 in November.", Kind.HASHPRICE_MEAN, "49.82 USD/PH/day", FALSE),
    (
        "2025-12-18",
        "Hut 8 signed a 15-year, $7.0 billion lease with Fluidstack.",
        Kind.CONTRACT,
        "7 billion USD",
        HOLDS,
    ),
    (
        "2025-12-18",
        "Hut 8 signed a 15-year, $7.0 billion lease with Google.",
        Kind.CONTRACT,
        "7 billion USD",
        FALSE,
    ),
    ("2025-12-20", "Hashprice was $37.6 on December 20.", Kind.HASHPRICE_LEVEL, "37.6 USD/PH/day", HOLDS),
    (
        "2025-09-01",
        "TeraWulf's contracts with Fluidstack total $6.7 billion for 360 MW.",
        Kind.CONTRACT,
        "6.7 billion USD",
        HOLDS,
    ),
    (
        "2025-11-01",
        "Applied Digital's leases now total 600 MW.",
        Kind.CONTRACT,
        "600 MW",
        HOLDS,
    ),
]

Y2026: list[Line] = [
    (
        "2026-01-17",
        "Hashprice recovered to $41.22 per PH/s per day.",
        Kind.HASHPRICE_LEVEL,
        "41.22 USD/PH/day",
        NOISE,
    ),
    (
        "2026-01-19",
        "Hashprice stands at about $40 per PH/s per day.",
        Kind.HASHPRICE_LEVEL,
        "about 40 USD/PH/day",
        HOLDS,
    ),
    (
        "2026-01-19",
        "Hash price is now $40,000 per PH/s per day.",
        Kind.HASHPRICE_LEVEL,
        "40,000 USD/PH/day",
        UNIT,
    ),
    ("2026-01-19", "Hashprice fell 30% over the past month.", Kind.HASHPRICE_CHANGE, "30 %", FALSE),
    (
        "2026-01-19",
        "Over the past month hashprice rose because of the higher bitcoin price.",
        Kind.CAUSE,
        "",
        HOLDS,
    ),
    ("2026-01-19", "The 7-day average hashrate fell to 992 EH/s.", Kind.HASHRATE_LEVEL, "992 EH/s", HOLDS),
    ("2026-01-19", "The network's hashrate stands at 992 TH/s.", Kind.HASHRATE_LEVEL, "992 TH/s", UNIT),
    ("2026-01-19", "The global hashrate is about 1 ZH/s.", Kind.HASHRATE_LEVEL, "about 1,000 EH/s", HOLDS),
    ("2026-01-19", "The global hashrate stands at 1,5 ZH/s.", Kind.HASHRATE_LEVEL, "1,500 EH/s", FALSE),
    ("2026-01-19", "Bitcoin's 30-day average hashrate is 900 EH/s.", Kind.HASHRATE_LEVEL, "900 EH/s", FALSE),
    (
        "2026-01-19",
        "Bitcoin's hashrate fell below 1 ZH/s for the first time since mid-September.",
        Kind.HASHRATE_EXTREME,
        "below 1,000 EH/s",
        DEPENDS,
    ),
    (
        "2026-01-19",
        "Bitcoin's hashrate fell below 1 ZH/s for the first time since June 2025.",
        Kind.HASHRATE_EXTREME,
        "below 1,000 EH/s",
        FALSE,
    ),
    ("2026-01-19", "The hashrate is at its lowest level since September.", Kind.HASHRATE_EXTREME, "", HOLDS),
    ("2026-01-19", "The hashrate is at its lowest level since July 2024.", Kind.HASHRATE_EXTREME, "", FALSE),
    (
        "2026-01-19",
        "The hashrate is down roughly 15% from its October peak.",
        Kind.HASHRATE_FROM_PEAK,
        "about 15 %",
        HOLDS,
    ),
    ("2026-01-19", "The hashrate is down 40% from its October peak.", Kind.HASHRATE_FROM_PEAK, "40 %", FALSE),
    ("2026-01-19", "Hashrate is at an all-time high.", Kind.HASHRATE_RECORD, "", FALSE),
    ("2026-01-19", "Hashrate rose 30% over the past month.", Kind.HASHRATE_CHANGE, "30 %", FALSE),
    ("2026-01-19", "Hashrate fell 3% over the past month.", Kind.HASHRATE_CHANGE, "3 %", NOISE),
    (
        "2026-02-01",
        "On 19 January 2026 Bitcoin's hashrate fell to 1,000 EH/s, down 40 % in a week.",
        Kind.HASHRATE_CHANGE,
        "40 %",
        FALSE,
    ),
    (
        "2026-02-01",
        "On 19 January 2026 Bitcoin's hashrate fell to 1,000 EH/s, down 5 % in a week.",
        Kind.HASHRATE_CHANGE,
        "5 %",
        NOISE,
    ),
    (
        "2026-01-19",
        "Hashrate fell 30 % in a week from 1,100 EH/s.",
        Kind.HASHRATE_CHANGE,
        "30 %",
        CANNOT,
    ),
    ("2026-01-19", "The hashrate fell because miners moved to AI.", Kind.CAUSE, "", CANNOT),
    ("2026-01-19", "MARA's hashrate rose to 60 EH/s.", Kind.OWN_HASHRATE, "60 EH/s", CANNOT),
    (
        "2026-01-19",
        "Hashrate could fall below 900 EH/s next month.",
        Kind.HASHRATE_LEVEL,
        "below 900 EH/s",
        CANNOT,
    ),
    ("2026-01-19", "Difficulty is expected to fall 4.34% in ~3 days.", Kind.DIFFICULTY_NEXT, "4.34 %", HOLDS),
    (
        "2026-01-19",
        "The next adjustment, at \u22124.34 %, is due on January 22; difficulty is 146.47T.",
        Kind.DIFFICULTY_NEXT,
        "4.34 %",
        HOLDS,
    ),
    (
        "2026-01-19",
        "Difficulty is projected to rise 4.34% on January 22.",
        Kind.DIFFICULTY_NEXT,
        "4.34 %",
        FALSE,
    ),
    (
        "2026-01-19",
        "The next difficulty adjustment, estimated at -4.34%, is due on February 9.",
        Kind.DIFFICULTY_NEXT,
        "4.34 %",
        FALSE,
    ),
    (
        "2026-01-19",
        "The next difficulty adjustment is expected in about three days.",
        Kind.DIFFICULTY_WAIT,
        "",
        HOLDS,
    ),
    (
        "2026-01-19",
        "The next difficulty adjustment is expected on February 2.",
        Kind.DIFFICULTY_WAIT,
        "",
        FALSE,
    ),
    (
        "2026-01-19",
        "Difficulty has fallen four times since mid-November.",
        Kind.DIFFICULTY_COUNT,
        "4 times",
        HOLDS,
    ),
    (
        "2026-01-19",
        "Difficulty has fallen nine times since mid-November.",
        Kind.DIFFICULTY_COUNT,
        "9 times",
        FALSE,
    ),
    (
        "2026-01-19",
        "Bitcoin difficulty now stands at 146,472,570,619,930.",
        Kind.DIFFICULTY_LEVEL,
        "146.47 trillion",
        HOLDS,
    ),
    (
        "2026-01-19",
        "Bitcoin difficulty now stands at 146.47 billion.",
        Kind.DIFFICULTY_LEVEL,
        "146.47 billion",
        UNIT,
    ),
    ("2026-01-23", "Difficulty dropped 3.28% on January 22.", Kind.DIFFICULTY_CHANGE, "3.28 %", HOLDS),
    ("2026-01-23", "Difficulty dropped 4.34% on January 22.", Kind.DIFFICULTY_CHANGE, "4.34 %", FALSE),
    (
        "2026-02-08",
        "Difficulty dropped 11.16% on February 7, the steepest decline since July 2021.",
        Kind.DIFFICULTY_EXTREME,
        "",
        HOLDS,
    ),
    (
        "2026-01-19",
        "The average block time was 10 minutes 22 seconds in this period.",
        Kind.BLOCK_INTERVAL,
        "10.37 min",
        HOLDS,
    ),
    ("2026-01-19", "Blocks are now found every 14 minutes on average.", Kind.BLOCK_INTERVAL, "14 min", FALSE),
    (
        "2026-01-19",
        "Blocks are now found every 10.4 seconds on average.",
        Kind.BLOCK_INTERVAL,
        "10.4 s",
        UNIT,
    ),
    ("2026-01-19", "Difficulty adjusts every 2,016 blocks.", Kind.PROTOCOL, "2,016 blocks", HOLDS),
    ("2026-01-19", "Difficulty adjusts every 1,000 blocks.", Kind.PROTOCOL, "1,000 blocks", FALSE),
    (
        "2026-01-19",
        "At hashprice of $40, mining earns $57\u2013129 per megawatt.",
        Kind.MINING_PER_MWH,
        "57 USD/MW to 129 USD/MW",
        UNIT,
    ),
    (
        "2026-01-19",
        "At a hashprice of $40/PH/day, mining earns $57\u2013129 per MWh with machines of 29.2 to 12.9 J/TH.",
        Kind.MINING_PER_MWH,
        "57 USD/MWh to 129 USD/MWh",
        HOLDS,
    ),
    (
        "2026-01-19",
        "At a hashprice of $40/PH/day, a 19 J/TH machine earns $120 per MWh.",
        Kind.MINING_PER_MWH,
        "120 USD/MWh",
        FALSE,
    ),
    ("2026-01-19", "Mining earns $88 per MWh.", Kind.MINING_PER_MWH, "88 USD/MWh", DEPENDS),
    (
        "2026-01-19",
        "At $4 per TH and 19 J/TH, machines cost $210,500 per MW.",
        Kind.MACHINE_PER_MW,
        "210,500 USD/MW",
        HOLDS,
    ),
    ("2026-01-19", "New machines cost $16 per TH.", Kind.MACHINE_PRICE, "16 USD/TH", CANNOT),
    (
        "2026-01-19",
        "A $4/TH machine at 19 J/TH pays back in 184 days at $40/MWh with hashprice at $40 per PH/s per day.",
        Kind.PAYBACK,
        "184 days",
        HOLDS,
    ),
    (
        "2026-01-19",
        "A $4/TH machine at 19 J/TH pays back in 184 days at $90/MWh with hashprice at $40 per PH/s per day.",
        Kind.PAYBACK,
        "184 days",
        FALSE,
    ),
    ("2026-01-19", "The Antminer S21 runs at 17.5 J/TH.", Kind.MACHINE_SPEC, "17.5 J/TH", HOLDS),
    ("2026-01-19", "The Antminer S21 XP runs at 25 J/TH.", Kind.MACHINE_SPEC, "25 J/TH", FALSE),
    ("2026-01-19", "Hut 8's AI lease earns $217 per MWh.", Kind.AI_PER_MWH, "217 USD/MWh", HOLDS),
    ("2026-01-19", "AI leases earn $217 per MWh.", Kind.AI_PER_MWH, "217 USD/MWh", DEPENDS),
    ("2026-01-19", "IREN's GPU cloud contract pays $500 per MWh.", Kind.AI_PER_MWH, "500 USD/MWh", FALSE),
    (
        "2026-01-19",
        "At 19 J/TH the network draws 18.9 GW with 993 EH/s.",
        Kind.NETWORK_POWER,
        "18.9 GW",
        HOLDS,
    ),
    (
        "2026-01-19",
        "The Bitcoin network consumes 900 GW of electricity.",
        Kind.NETWORK_POWER,
        "900 GW",
        FALSE,
    ),
    (
        "2026-01-19",
        "With 10% of the hashrate a double-spend of 6 confirmations has a 0.059% chance.",
        Kind.DOUBLE_SPEND,
        "0.059 %",
        HOLDS,
    ),
    (
        "2026-01-19",
        "With 10% of the hashrate a double-spend of 6 confirmations has a 0.0243% chance.",
        Kind.DOUBLE_SPEND,
        "0.0243 %",
        DEPENDS,
    ),
    (
        "2026-01-19",
        "With 10% of the hashrate a double-spend of 6 confirmations has a 5% chance.",
        Kind.DOUBLE_SPEND,
        "5 %",
        FALSE,
    ),
    (
        "2026-01-19",
        "A 51% attack would need $4 billion of machines at $4/TH.",
        Kind.ATTACK_COST,
        "4 billion USD",
        HOLDS,
    ),
    ("2026-01-19", "A 51% attack would cost $6 million.", Kind.ATTACK_COST, "6 million USD", CANNOT),
    ("2026-01-19", "Old Bitcoin ASICs can be repurposed to run AI workloads.", Kind.ASIC_AI, "", FALSE),
    ("2026-01-19", "Bitcoin ASICs cannot run AI workloads.", Kind.ASIC_AI, "", HOLDS),
    ("2026-01-19", "Miners can simply switch their mining rigs to AI inference.", Kind.ASIC_AI, "", FALSE),
    ("2026-08-01", "Bitcoin's hashrate stands at 950 EH/s.", Kind.HASHRATE_LEVEL, "950 EH/s", CANNOT),
    (
        "2026-02-09",
        "Bitcoin is trading near $70,000, down from its October all-time high of $126,000.",
        Kind.PRICE_LEVEL,
        "126,000 USD",
        CANNOT,
    ),
    (
        "2026-02-09",
        "Bitcoin is trading near $70,000, down from its October all-time high of $126,000.",
        Kind.PRICE_LEVEL,
        "about 70,000 USD",
        HOLDS,
    ),
    (
        "2026-02-09",
        "Average block time stretched to 11.4 minutes in the prior epoch.",
        Kind.BLOCK_INTERVAL,
        "11.4 min",
        NOISE,
    ),
    (
        "2026-02-09",
        "Difficulty fell 11.16% on Saturday, the largest drop since the ban in July 2021.",
        Kind.DIFFICULTY_EXTREME,
        "",
        HOLDS,
    ),
]

PRESS: list[Line] = [
    (
        "2021-06-29",
        "Difficulty did not fall below 19 trillion at the adjustment on June 13.",
        Kind.DIFFICULTY_LEVEL,
        "above 19 trillion",
        HOLDS,
    ),
    ("2026-01-19", "Hashprice is not below $35.", Kind.HASHPRICE_LEVEL, "above 35 USD/PH/day", HOLDS),
    ("2026-01-19", "Hashprice is not below $45.", Kind.HASHPRICE_LEVEL, "above 45 USD/PH/day", FALSE),
    (
        "2026-01-19",
        "Hashrate has never dipped below 950 EH/s since September.",
        Kind.HASHRATE_LEVEL,
        "below 950 EH/s",
        CANNOT,
    ),
    (
        "2025-11-25",
        "Difficulty has not fallen twice in a row since June.",
        Kind.DIFFICULTY_RUN,
        "2 in a row",
        CANNOT,
    ),
    (
        "2026-01-19",
        "Some claim that the hashrate is 700 EH/s, which is wrong.",
        Kind.HASHRATE_LEVEL,
        "700 EH/s",
        CANNOT,
    ),
    (
        "2026-01-19",
        "Unless prices recover, difficulty will fall by 20%.",
        Kind.DIFFICULTY_NEXT,
        "20 %",
        CANNOT,
    ),
    (
        "2026-01-19",
        "Should hashrate fall to 700 EH/s, margins double.",
        Kind.HASHRATE_LEVEL,
        "700 EH/s",
        CANNOT,
    ),
    (
        "2026-01-19",
        "If the current pace holds, difficulty is expected to fall by about 4%.",
        Kind.DIFFICULTY_NEXT,
        "about 4 %",
        HOLDS,
    ),
    (
        "2026-01-19",
        "At a hashprice of $60/PH/day, a 19 J/TH machine earns $131.6 per MWh.",
        Kind.HASHPRICE_LEVEL,
        "60 USD/PH/day",
        CANNOT,
    ),
    (
        "2026-01-19",
        "At a hashprice of $60/PH/day, a 19 J/TH machine earns $131.6 per MWh.",
        Kind.MINING_PER_MWH,
        "131.6 USD/MWh",
        HOLDS,
    ),
    (
        "2026-01-19",
        "Bernstein expects hashprice to rise to $60 in 2026.",
        Kind.HASHPRICE_LEVEL,
        "60 USD/PH/day",
        CANNOT,
    ),
    ("2026-01-19", "MARA's 50 EH/s is 5% of the network's hashrate.", Kind.OWN_HASHRATE, "50 EH/s", CANNOT),
    (
        "2026-01-19",
        "Of the network's 998 EH/s of hashrate, MARA controls 50 EH/s.",
        Kind.OWN_HASHRATE,
        "50 EH/s",
        CANNOT,
    ),
    (
        "2026-01-19",
        "Bitcoin miner LM Funding has a hashrate of 0.7 EH/s.",
        Kind.HASHRATE_LEVEL,
        "700 PH/s",
        CANNOT,
    ),
    (
        "2026-01-19",
        "The U.S. accounts for 380 EH/s of the global hashrate.",
        Kind.HASHRATE_LEVEL,
        "380 EH/s",
        CANNOT,
    ),
    (
        "2026-01-19",
        "The 16 listed miners' combined hashrate hit 390 EH/s.",
        Kind.HASHRATE_LEVEL,
        "390 EH/s",
        CANNOT,
    ),
    (
        "2022-12-28",
        "A deep freeze knocked out as much as 100 EH/s of Bitcoin hashrate.",
        Kind.HASHRATE_LEVEL,
        "100 EH/s",
        CANNOT,
    ),
    (
        "2026-01-19",
        "While Litecoin's hashrate is 3.2 PH/s, Bitcoin's is 998 EH/s.",
        Kind.HASHRATE_LEVEL,
        "998 EH/s",
        HOLDS,
    ),
    ("2026-01-19", "Difficulty is above 100 trillion.", Kind.DIFFICULTY_LEVEL, "above 100 trillion", HOLDS),
    ("2026-01-19", "Difficulty is above 150 trillion.", Kind.DIFFICULTY_LEVEL, "above 150 trillion", FALSE),
    (
        "2026-01-19",
        "Hashprice has been below $45 since September 2025.",
        Kind.HASHPRICE_LEVEL,
        "below 45 USD/PH/day",
        DEPENDS,
    ),
    (
        "2026-01-19",
        "The hashrate averaged more than 1 ZH/s in October.",
        Kind.HASHRATE_LEVEL,
        "above 1,000 EH/s",
        HOLDS,
    ),
    (
        "2026-01-19",
        "Difficulty has fallen at least three times since mid-November.",
        Kind.DIFFICULTY_COUNT,
        "above 3 times",
        HOLDS,
    ),
    ("2026-01-19", "The network draws more than 10 GW.", Kind.NETWORK_POWER, "above 10 GW", HOLDS),
    (
        "2026-01-19",
        "With 10% of the hashrate a double-spend of 6 confirmations has a less than 0.1% chance.",
        Kind.DOUBLE_SPEND,
        "below 0.1 %",
        HOLDS,
    ),
    (
        "2021-06-29",
        "Hashrate dropped below 100 exahashes per second (EH/s), from a peak of 180 EH/s in mid-May.",
        Kind.HASHRATE_LEVEL,
        "below 100 EH/s",
        HOLDS,
    ),
    (
        "2026-01-19",
        "Hashrate rose from 800 EH/s a year ago to 1 ZH/s.",
        Kind.HASHRATE_LEVEL,
        "1,000 EH/s",
        HOLDS,
    ),
    (
        "2026-01-19",
        "Hashrate rose from 800 EH/s a year ago to 1 ZH/s.",
        Kind.HASHRATE_LEVEL,
        "800 EH/s",
        NOISE,
    ),
    (
        "2026-01-19",
        "Between October and January, difficulty fell from 155.97T to 146.47T.",
        Kind.DIFFICULTY_LEVEL,
        "155.97 trillion",
        CANNOT,
    ),
    (
        "2025-11-25",
        "Bitcoin fell under $86,000 on Friday and is changing hands at $88,000.",
        Kind.PRICE_LEVEL,
        "88,000 USD",
        NOISE,
    ),
    (
        "2026-01-19",
        "The difficulty is set to fall by 4.3% on Thursday.",
        Kind.DIFFICULTY_NEXT,
        "4.3 %",
        HOLDS,
    ),
    ("2026-01-19", "In 2024 the hashrate averaged 840 EH/s.", Kind.HASHRATE_LEVEL, "840 EH/s", FALSE),
    ("2026-01-19", "Hashrate is up 31% YoY.", Kind.HASHRATE_CHANGE, "31 %", HOLDS),
    ("2025-10-20", "Since the halving hashrate has grown 80%.", Kind.HASHRATE_CHANGE, "80 %", HOLDS),
    ("2026-01-19", "Since the 2020 halving, hashrate has grown 80%.", Kind.HASHRATE_CHANGE, "80 %", FALSE),
    ("2023-05-09", "Hashrate is up 30% YTD.", Kind.HASHRATE_CHANGE, "30 %", NOISE),
    ("2026-01-19", "Hashprice averaged $42.3 in Q4.", Kind.HASHPRICE_MEAN, "42.3 USD/PH/day", NOISE),
    (
        "2020-05-21",
        "The average block interval was 11.2 minutes since the halving.",
        Kind.BLOCK_INTERVAL,
        "11.2 min",
        NOISE,
    ),
    (
        "2023-05-09",
        "Difficulty dipped 1.45% on May 4, breaking five straight increases.",
        Kind.DIFFICULTY_RUN,
        "5 in a row",
        HOLDS,
    ),
    (
        "2023-05-09",
        "Difficulty dipped 1.45% on May 4, breaking nine straight increases.",
        Kind.DIFFICULTY_RUN,
        "9 in a row",
        FALSE,
    ),
    (
        "2025-04-09",
        "Bitcoin's hash rate crossed 1 ZH/s for the first time in history on April 5.",
        Kind.HASHRATE_EXTREME,
        "above 1,000 EH/s",
        DEPENDS,
    ),
    ("2023-05-09", "Bitcoin's hashrate hit 439 EH/s on May 2.", Kind.HASHRATE_LEVEL, "439 EH/s", DEPENDS),
    (
        "2026-02-08",
        "Network hashrate dropped from 1.13 ZH/s to 690 EH/s in two days.",
        Kind.HASHRATE_LEVEL,
        "690 EH/s",
        CANNOT,
    ),
    ("2026-01-31", "The hashrate crashed to 830 EH/s.", Kind.HASHRATE_LEVEL, "830 EH/s", HOLDS),
    (
        "2026-02-08",
        "Blocks took 12 min 20 s on average in late January.",
        Kind.BLOCK_INTERVAL,
        "12.33 min",
        DEPENDS,
    ),
    (
        "2024-07-10",
        "The hashprice is hovering at $0.049 per TH/s.",
        Kind.HASHPRICE_LEVEL,
        "49 USD/PH/day",
        CANNOT,
    ),
    ("2026-01-19", "Hashprice is $0.0404 per TH/s.", Kind.HASHPRICE_LEVEL, "40.4 USD/PH/day", HOLDS),
    (
        "2026-01-19",
        "Hashprice is 4.04 cents per TH/s per day.",
        Kind.HASHPRICE_LEVEL,
        "40.4 USD/PH/day",
        HOLDS,
    ),
    (
        "2020-05-21",
        "Hashprice fell to $0.07 per TH/s per day.",
        Kind.HASHPRICE_LEVEL,
        "70 USD/PH/day",
        CANNOT,
    ),
    ("2026-01-19", "Blocks are arriving every 10.3 minutes.", Kind.BLOCK_INTERVAL, "10.3 min", HOLDS),
    ("2026-01-19", "A block is found every 12 minutes.", Kind.BLOCK_INTERVAL, "12 min", FALSE),
    (
        "2026-01-19",
        "Blocks have been arriving every 10 minutes 22 seconds.",
        Kind.BLOCK_INTERVAL,
        "10.37 min",
        HOLDS,
    ),
    ("2026-01-19", "A block is meant to arrive every 10 minutes.", Kind.PROTOCOL, "10 min", HOLDS),
    ("2026-01-19", "| Network hashrate | 998 EH/s | -14% |", Kind.HASHRATE_LEVEL, "998 EH/s", HOLDS),
    (
        "2026-01-19",
        "* Difficulty: 146.47T\n* Hashprice: $40.4/PH/s/day",
        Kind.HASHPRICE_LEVEL,
        "40.4 USD/PH/day",
        HOLDS,
    ),
    (
        "2025-12-18",
        "Hut 8's lease with Fluidstack is worth up to $17.7bn with options.",
        Kind.CONTRACT,
        "17.7 billion USD",
        HOLDS,
    ),
    (
        "2025-12-18",
        "Hut 8's lease with Fluidstack is worth up to $27.7bn with options.",
        Kind.CONTRACT,
        "27.7 billion USD",
        FALSE,
    ),
    (
        "2025-12-18",
        "Hut 8's lease with Fluidstack is worth $17.7bn.",
        Kind.CONTRACT,
        "17.7 billion USD",
        DEPENDS,
    ),
    ("2025-12-18", "Google backstops Hut 8's lease.", Kind.CREDIT_SUPPORT, "", HOLDS),
    ("2025-12-18", "Microsoft backstops Hut 8's lease.", Kind.CREDIT_SUPPORT, "", FALSE),
    (
        "2025-11-25",
        "Google backstops $1.4 billion of Fluidstack's obligations under Cipher's lease.",
        Kind.CREDIT_SUPPORT,
        "1.4 billion USD",
        HOLDS,
    ),
    (
        "2025-11-25",
        "Google backstops $3.4 billion of Fluidstack's obligations under Cipher's lease.",
        Kind.CREDIT_SUPPORT,
        "3.4 billion USD",
        FALSE,
    ),
    (
        "2025-11-25",
        "TeraWulf's leases are backstopped by Google with $3.2 billion.",
        Kind.CREDIT_SUPPORT,
        "3.2 billion USD",
        HOLDS,
    ),
    ("2026-01-19", "Miners are switching off because AI pays more.", Kind.CAUSE, "", CANNOT),
    ("2026-01-19", "Miners unplug their rigs as AI companies offer more for power.", Kind.CAUSE, "", CANNOT),
    ("2026-01-19", "Hashrate fell because miners moved to AI.", Kind.CAUSE, "", CANNOT),
    ("2026-02-20", "The previous adjustment was -11.16%.", Kind.DIFFICULTY_CHANGE, "11.16 %", HOLDS),
    (
        "2026-01-19",
        "The 7-day average is 998 EH/s for the hashrate, down from 1,160 EH/s in October.",
        Kind.HASHRATE_LEVEL,
        "1,160 EH/s",
        DEPENDS,
    ),
    (
        "2025-04-09",
        "Hashrate crossed 1 ZH/s for the first time ever on April 5, while its 7-day average is 900 EH/s.",
        Kind.HASHRATE_EXTREME,
        "above 1,000 EH/s",
        DEPENDS,
    ),
    ("2026-02-20", "The previous adjustment was -3.28%.", Kind.DIFFICULTY_CHANGE, "3.28 %", FALSE),
    (
        "2026-02-20",
        "Difficulty is still below its record of 155.97 trillion.",
        Kind.DIFFICULTY_RECORD,
        "155.97 trillion",
        HOLDS,
    ),
    (
        "2026-02-20",
        "Difficulty, at 144.4 trillion, is at a record high.",
        Kind.DIFFICULTY_RECORD,
        "144.4 trillion",
        FALSE,
    ),
    (
        "2025-04-09",
        "Difficulty reached a record 121.5 trillion.",
        Kind.DIFFICULTY_RECORD,
        "121.5 trillion",
        HOLDS,
    ),
    ("2026-01-19", "Difficulty adjusts every 2,048 blocks.", Kind.PROTOCOL, "2,048 blocks", FALSE),
    (
        "2026-02-20",
        "With extensions, Riot's AMD lease could be worth $1 billion.",
        Kind.CONTRACT,
        "1 billion USD",
        HOLDS,
    ),
]
"""What the press writes around its numbers: denials, conditions, other owners, other days, other units."""

LINES = [*Y2020, *Y2021, *Y2022, *Y2023, *Y2024, *Y2025, *Y2026, *PRESS]

SILENT = [
    "Revenue of CleanSpark rose 12% and its stock fell 4%.",
    "Miners sold their ASICs to fund AI data centers.",
    "Bitcoin miners are repurposing their sites for AI data centers.",
    "Riot mined 1,818 BTC and earned $31 million in credits at $70 per MWh.",
    "Custom ASICs such as Google's TPUs run AI inference, miners say.",
    "Transaction fees rose 20% and power cost $45/MWh.",
    "The hash ribbons signalled the end of a 71-day capitulation.",
    "Bitcoin Cash hashrate is 1.2 EH/s and its difficulty rose 12% since November.",
    "Litecoin's hashrate reached a record 3 PH/s. It had been 2 PH/s in June.",
    "Fractal Bitcoin's hashrate is 500 EH/s.",
    "A breakeven hashprice of $36/PH/day is what an S19j Pro needs.",
    "Hashprice is 43,600 sats/PH/day.",
    "| Hashrate | 998 EH/s | 700 EH/s |",
    "<table><tr><td>Hashrate</td><td>940 EH/s</td><td>1,050 EH/s</td></tr></table>",
]
"""Statements that no rule may take for one of its own."""


def of_kind(evidence: ArchiveEvidence, day: str, statement: str, kind: Kind, number: str) -> Finding:
    checked = check(statement, evidence, as_of=parse_instant(day))
    fitting = [
        found
        for found in checked.findings
        if found.claim.kind is kind
        and (found.claim.stated is None) is (number == "")
        and (found.claim.stated is None or quantity_in_words(found.claim.stated) == number)
    ]
    assert len(fitting) == 1, [
        (found.claim.kind.value, found.claim.stated and quantity_in_words(found.claim.stated))
        for found in checked.findings
    ]
    return fitting[0]


@pytest.mark.parametrize(("day", "statement", "kind", "number", "verdict"), LINES)
def test_statement(
    evidence: ArchiveEvidence, day: str, statement: str, kind: Kind, number: str, verdict: Verdict
) -> None:
    found = of_kind(evidence, day, statement, kind, number)
    assert found.verdict is verdict, found.explanation
    assert found.understood
    assert found.explanation
    assert found.claim.quote in statement


def test_the_table_is_large_and_two_sided() -> None:
    verdicts = [verdict for *_, verdict in LINES]
    assert len({statement for _, statement, *_ in LINES}) >= 60
    assert verdicts.count(HOLDS) >= 30
    assert verdicts.count(FALSE) >= 20
    assert set(verdicts) == set(Verdict)


def test_every_kind_has_a_judge_and_a_statement() -> None:
    assert set(JUDGES) == set(Kind)
    assert {kind for _, _, kind, *_ in LINES} == set(Kind)


@pytest.mark.parametrize("statement", SILENT)
def test_what_is_not_meant_is_not_judged(evidence: ArchiveEvidence, statement: str) -> None:
    checked = check(statement, evidence, as_of=parse_instant("2026-01-19"))
    assert [found.claim.kind for found in checked.findings] == []


def test_numbers_of_a_silent_statement_are_listed(evidence: ArchiveEvidence) -> None:
    checked = check(SILENT[0], evidence, as_of=parse_instant("2026-01-19"))
    assert [each.words for each in checked.unmatched] == ["12%", "4%"]
