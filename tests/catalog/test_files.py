"""The data files: well-formed, and read as they stand."""

import datetime as dt
import json
from itertools import chain
from pathlib import Path

import pytest

from mangaobs import catalog

DATA = Path(catalog.__file__).parent / "data"
FILES = sorted(DATA.glob("*.json"))

STANDARD_UNITS = {
    "Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None",
    *(
        f"{size}{unit}{rate}"
        for size in ("", "Kilo", "Mega", "Giga", "Tera")
        for unit in ("Bytes" if not size else "bytes", "Bits" if not size else "bits")
        for rate in ("", "/Second")
    ),
}  # fmt: skip
STATISTICS = {"Sum", "Average", "Minimum", "Maximum", "SampleCount", "pNN"}
CONFIDENCES = {"documented", "inferred", "corroborated", "unverified"}
REQUIRED = {"dimension_sets", "unit", "statistics", "period", "emission", "confidence"}


def emissions():
    """The words that the README explains."""
    table = (DATA / "README.md").read_text(encoding="utf-8").split("| `emission` |")[1].split("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {word.strip(" `") for row in rows for word in row.split(",")}


def load(path):
    def no_duplicates(pairs):
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), f"{path.name}: a name twice in {names}"
        return dict(pairs)

    return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=no_duplicates)


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def file(request):
    return load(request.param)


def well_formed_sets(sets):
    for one in sets:
        assert isinstance(one, list)
        assert one == sorted(set(one))
        assert all(isinstance(name, str) and name.isascii() and name.strip() for name in one)
    assert len(sets) == len({tuple(one) for one in sets})


def well_formed_sources(sources):
    assert sources
    assert all(address.startswith("https://") and " " not in address for address in sources)


def test_there_are_files():
    assert len(FILES) >= 24


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_named_after_its_namespace(path):
    assert load(path)["namespace"].replace("/", ".") == path.stem
    assert "." not in load(path)["namespace"]


def test_head_of_a_file(file):
    assert set(file) == {"namespace", "reviewed", "complete", "sources", "shared", "metrics"}
    assert isinstance(file["complete"], bool)
    dt.date.fromisoformat(file["reviewed"])
    well_formed_sources(file["sources"])


def test_shared_groups(file):
    used = {item for entry in file["metrics"].values() for item in entry["dimension_sets"] if isinstance(item, str)}
    assert used == set(file["shared"])
    for group in file["shared"].values():
        assert {"sets"} <= set(group) <= {"sets", "unproven", "note"}
        well_formed_sets(group["sets"])
        well_formed_sets(group.get("unproven", []))


def test_every_metric(file):
    known_emissions = emissions()
    for name, entry in file["metrics"].items():
        assert set(entry) >= REQUIRED, name
        assert set(entry) <= REQUIRED | {"unproven", "note", "sources"}, name
        well_formed_sets([item for item in entry["dimension_sets"] if not isinstance(item, str)])
        well_formed_sets(entry.get("unproven", []))
        assert entry["unit"] in STANDARD_UNITS | {""}, name
        assert set(entry["statistics"]) <= STATISTICS, name
        assert entry["statistics"] or entry["emission"] == "never", name
        assert entry["period"] > 0, name
        assert entry["period"] % 60 == 0, name
        assert entry["emission"] in known_emissions, name
        assert entry["confidence"] in CONFIDENCES, name
        if "sources" in entry:
            well_formed_sources(entry["sources"])
        if not entry["dimension_sets"]:
            assert entry["emission"] == "never" or entry["confidence"] != "documented", name


def test_every_metric_has_a_source(file):
    assert all(facts.source for facts in catalog.metrics(file["namespace"]).values())


def test_a_set_is_not_both_proven_and_unproven(file):
    for name, entry in file["metrics"].items():
        groups = [file["shared"][item] for item in entry["dimension_sets"] if isinstance(item, str)]
        own = [item for item in entry["dimension_sets"] if not isinstance(item, str)]
        proven = {tuple(one) for one in chain(own, *(group["sets"] for group in groups))}
        assert not proven & {tuple(one) for one in entry.get("unproven", [])}, name


def naive(file, name, asked):
    """`emits`, straight from the raw file."""
    entry = file["metrics"][name]
    sets, unproven = [], list(entry.get("unproven", []))
    for item in entry["dimension_sets"]:
        if isinstance(item, str):
            sets += file["shared"][item]["sets"]
            unproven += file["shared"][item].get("unproven", [])
        else:
            sets.append(item)
    if entry["emission"] == "never":
        return False
    if not sets or entry["confidence"] == "unverified":
        return None
    if any(set(one) == asked for one in sets):
        return True
    if any(set(one) == asked for one in unproven):
        return None
    if entry["confidence"] != "documented" and asked <= set(dimension_names(file)):
        return None
    return False


def dimension_names(file):
    holders = [*file["shared"].values(), *file["metrics"].values()]
    keys = ("sets", "dimension_sets", "unproven")
    lists = [item for holder in holders for key in keys for item in holder.get(key, []) if isinstance(item, list)]
    return set(chain(*lists))


def test_emits_agrees_with_a_naive_search(file):
    """For every metric: each set that any metric of the namespace has, one name more, one name less."""
    holders = [*file["shared"].values(), *file["metrics"].values()]
    keys = ("sets", "dimension_sets", "unproven")
    seen = {frozenset(one) for h in holders for key in keys for one in h.get(key, []) if isinstance(one, list)}
    candidates = seen | {one | {"Elsewhere"} for one in seen} | {one - {name} for one in seen for name in one}
    for name in file["metrics"]:
        for asked in candidates:
            expected = naive(file, name, asked)
            assert catalog.emits(file["namespace"], name, asked) is expected, (name, sorted(asked))


def test_a_missing_name_is_refuted_only_in_a_complete_namespace(file):
    answer = catalog.emits(file["namespace"], "NoSuchMetric", [])
    assert answer is (False if file["complete"] else None)
