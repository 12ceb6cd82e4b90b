"""The language of filters: what it accepts, what it refuses, and that nothing else reaches the database."""

from __future__ import annotations

import time

import lancedb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gadgetlib.errors import CourseError
from gadgetlib.filters import DEEPEST, LONGEST, to_sql

COLUMNS = {"brand": str, "model": str, "gadget_type": str, "ram_gb": float, "price": float}
KNOWN = {"brand": ["Apple", "Dell", "HP", "Samsung"], "gadget_type": ["laptop", "mobile_phone", "tablet"]}
ROWS = [
    {"brand": "Dell", "model": "XPS 13", "gadget_type": "laptop", "ram_gb": 16.0, "price": 1200.0},
    {"brand": "HP", "model": "O'Neil 50%", "gadget_type": "laptop", "ram_gb": 8.0, "price": None},
    {"brand": "Apple", "model": "iPhone 13", "gadget_type": "mobile_phone", "ram_gb": 4.0, "price": 800.0},
    {"brand": "Samsung", "model": "Galaxy Tab S8", "gadget_type": "tablet", "ram_gb": 8.0, "price": 700.0},
]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return lancedb.connect(str(tmp_path_factory.mktemp("db"))).create_table("t", ROWS)


@pytest.mark.parametrize(
    ("where", "brands"),
    [
        ("price < 900", "Apple Samsung"),
        ("brand = 'dell'", "Dell"),  # case does not count
        ("lower(brand) = 'dell' or LOWER( model ) like 'IPHONE%'", "Dell Apple"),
        ("gadget_type != 'laptop'", "Apple Samsung"),
        ("gadget_type <> 'Laptop' AND ram_gb >= 8", "Samsung"),
        ("ram_gb IN (4, 16)", "Dell Apple"),
        ("ram_gb NOT IN (4,16)", "HP Samsung"),
        ("price BETWEEN 700 AND 800", "Apple Samsung"),
        ("price not between 700 and 800.5", "Dell"),
        ("price IS NULL", "HP"),
        ("price is not null and not (brand in ('DELL', 'hp') or price < 750)", "Apple"),
        ("price < 750 OR price > 900 AND ram_gb = 16", "Dell Samsung"),  # AND binds closer
        ("(price < 750 OR price > 900) AND ram_gb = 8", "Samsung"),
        ("model LIKE '%tab%'", "Samsung"),
        ("model NOT LIKE '%1%'", "HP Samsung"),
        ("model = 'O''NEIL 50%'", "HP"),
        ("brand > 'd' AND brand < 'i'", "Dell HP"),
        ("price == 1.2e3", "Dell"),
        ("price > -5 AND price < 1e400", "Dell Apple Samsung"),
        ("NOT NOT price = 700", "Samsung"),
    ],
)
def test_a_filter_finds_what_it_says(table, where, brands):
    rows = table.search().where(to_sql(where, COLUMNS, KNOWN)).limit(9).to_list()
    assert {row["brand"] for row in rows} == set(brands.split())


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("array_repeat(1,2000000000) is not null", "no column 'array_repeat'"),
        ("price < array_repeat(1, 9)", "'array_repeat' stands where a plain number for price"),
        ("lower(repeat(brand, 9)) = 'x'", "no column 'repeat'"),
        ("lower(brand, 9) = 'x'", "',' stands where a closing bracket"),
        ("price < 5; DROP TABLE photos", "';' stands"),
        ("price < 5 -- note", "'-' stands"),
        ("price < 5 /* note */", "'/' stands"),
        ("price < (SELECT 1)", r"'\(' stands"),
        ("price < 1,000", "1000, not 1,000"),
        ("price < 1 000", "1000, not 1,000"),
        ("ram_gb >= 16 GB", "1000, not 1,000 or 1000 GB"),
        ("price < $500", r"'\$' stands where a plain number"),
        ("brand = 'del'", "no brand is 'del'.*did you mean 'Dell'"),
        ("brand IN ('HP', 'nobody')", "no brand is 'nobody'.*Apple, Dell, HP, Samsung"),
        ("gadget_type = 'phone'", "did you mean 'mobile_phone'"),
        ("prise < 5", "no column 'prise'.*did you mean 'price'"),
        ("colour = 'red'", "no column 'colour'"),
        ("price = NULL", "'NULL' stands where a plain number"),
        ("price < '900'", "plain number for price"),
        ("brand = 5", "text for brand in single quotes"),
        ("brand = Dell", "text for brand in single quotes"),
        ('brand = "Dell"', "text for brand in single quotes"),
        ("price", "the end.*comparison"),
        ("price <", "the end.*number"),
        ("price NOT < 5", "'<' stands"),
        ("price < 5 AND (", "name of a column"),
        ("(price < 5", "closing bracket"),
        ("price < 5)", r"'\)' stands"),
        ("1 = 1", "'1' stands"),
        ("brand = 'Dell", "stands where a text"),
        ("ram_gb LIKE 5", "'LIKE' stands"),
        ("", "the end"),
        ("(" * (DEEPEST + 1) + "price < 5" + ")" * (DEEPEST + 1), "inside each other"),
        (" OR ".join(["price < 5"] * LONGEST), "longer than"),
    ],
)
def test_what_is_not_of_the_language_is_one_sentence(where, why):
    with pytest.raises(CourseError, match=why) as caught:
        to_sql(where, COLUMNS, KNOWN)
    text = str(caught.value)
    assert "is not understood" in text and "over brand, model, gadget_type, ram_gb, price" in text
    assert "\n" not in text and len(text) < 500


PIECES = ["price", "brand", "lower", *"(),<=", "AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "BETWEEN", "5", "'Dell'"]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_whatever_is_typed_is_a_condition_or_a_sentence(table, where):
    try:
        sql = to_sql(where, COLUMNS, KNOWN)
    except CourseError:
        return
    table.search().where(sql).limit(1).to_list()  # and then the database takes it


def test_a_filter_of_the_longest_kind_is_read_at_once():
    started = time.process_time()  # a busy machine is not the parser
    to_sql("(" * (DEEPEST - 1) + " OR ".join(["price < 5"] * 100) + ")" * (DEEPEST - 1), COLUMNS)
    assert time.process_time() - started < 1
