"""Two lists of one city: the truth beside them, and errors about as often as said."""

from dtsen_pipeline.synthetic.relisting import LISTS, RATES, relisted


def test_the_same_seed_gives_the_same_lists() -> None:
    assert relisted(60, 3).equals(relisted(60, 3))
    assert not relisted(60, 3).equals(relisted(60, 4))


def test_every_row_has_an_id_and_every_person_one_row_a_list() -> None:
    people = relisted(200, 3)
    assert people["id"].n_unique() == people.height
    assert people.select("source", "truth").is_unique().all()
    assert tuple(people["source"].unique(maintain_order=True)) == LISTS


def test_errors_come_about_as_often_as_said() -> None:
    for errors in (1.0, 2.0):
        people = relisted(1500, 3, errors)
        blank = people["nik"].is_null().mean()
        assert isinstance(blank, float)
        assert abs(blank - RATES["nik_missing"] * errors) < 0.01
        new_year = people["tanggal_lahir"].str.ends_with("-01-01").mean()
        assert isinstance(new_year, float)
        assert abs(new_year - RATES["born_new_year"] * errors) < 0.012


def test_numbers_are_synthetic_even_where_they_are_wrong() -> None:
    people = relisted(300, 3, 2.0)
    for column in ("nik", "card"):
        known = people[column].drop_nulls()
        assert known.str.contains("^[0-9]{12}9[0-9]{3}$").all()


def test_birth_dates_are_days() -> None:
    people = relisted(300, 3, 2.0)
    assert people["tanggal_lahir"].drop_nulls().str.to_date("%Y-%m-%d", strict=True).len() > 0
    assert people["tanggal_lahir"].is_null().sum() > 0


def test_without_errors_only_the_order_and_the_missing_differ() -> None:
    first, second = relisted(100, 3, 0.0).partition_by("source")
    both = first.join(second, on="truth")
    assert both.height > 200
    assert all(both[name].equals(both[f"{name}_right"]) for name in ("nik", "nama", "tanggal_lahir", "card"))
