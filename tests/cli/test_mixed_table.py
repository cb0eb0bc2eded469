"""A table with texts, dates and gaps goes from file to file."""

import json

import numpy as np
import pandas as pd
import pytest

import tfgen as library
from tfgen.models import table_rows

ROWS = 240


@pytest.fixture(scope="session")
def people(tmp_path_factory):
    """A CSV with columns of every kind and a rare category."""
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(
        rng.integers(0, 999, ROWS), "D"
    )
    frame = pd.DataFrame(
        {
            "key": [f"C-{i:04d}" for i in range(7, 7 + ROWS)],
            "country": rng.choice(["FR", "DE", "Côte d'Ivoire"], ROWS),
            "income": rng.lognormal(9, 1, ROWS).round(2),
            "gain": np.where(rng.random(ROWS) < 0.8, 0, 99 + np.arange(ROWS)),
            "member": rng.choice(["yes", "no"], ROWS),
            "joined": days.strftime("%d.%m.%Y"),
            "zip": rng.choice(["01234", "99999"], ROWS),
            "version": "v2",
        }
    )
    frame.loc[3, "country"] = "Malta"
    frame.loc[::20, ["country", "joined"]] = None
    frame.loc[::9, "income"] = np.nan
    path = tmp_path_factory.mktemp("people") / "people.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def run(people, tmp_path_factory, run_in):
    """A finished run of 3 epochs on it."""
    folder = tmp_path_factory.mktemp("mixed")
    options = ("--epochs", 3, "--width", 32, "--latent-dim", 2)
    done = run_in(
        folder, "train", "vae", "--data", people, *options, "--out", "run"
    )
    assert done.status == 0, done.err
    assert "gaps in country, income, joined" in done.err
    history = pd.read_csv(folder / "run/history.csv")
    lowest = (history["val_negative_elbo"] + history["val_given_loss"]).min()
    said = f"the lowest validation loss (with given), {lowest:.4g}: the"
    assert said in done.out
    return folder / "run"


def check_like(rows, people):
    """Rows of a file are as those of another, read by pandas."""
    real, found = pd.read_csv(people), pd.read_csv(rows)
    assert list(found) == list(real)
    kinds = {n: (real[n].dtype, found[n].dtype) for n in real}
    assert all(one == other for one, other in kinds.values()), kinds
    for name in ("income", "gain"):
        assert found[name].min() >= real[name].min()
        assert found[name].max() <= real[name].max()
    np.testing.assert_array_equal(found["income"].round(2), found["income"])
    for name in ("country", "member", "zip", "version"):
        assert set(found[name].dropna()) <= set(real[name].dropna())
    pd.to_datetime(found["joined"].dropna(), format="%d.%m.%Y")
    zips = pd.read_csv(rows, dtype=str)["zip"]
    assert set(zips) <= set(pd.read_csv(people, dtype=str)["zip"])
    return found


def test_samples_are_a_table_like_the_file(tfgen, run, people, tmp_path):
    done = tfgen("sample", run, "-n", 300, "--seed", 1, "--out", "a.csv")
    assert done.status == 0
    found = check_like(tmp_path / "a.csv", people)
    assert "01234" in (tmp_path / "a.csv").read_text()
    assert found["key"].tolist()[:2] == ["C-0007", "C-0008"]
    for name in ("country", "income", "joined"):
        assert 0 < found[name].isna().mean() < 0.5
    for name in ("key", "member", "zip", "gain"):
        assert not found[name].isna().any()
    tfgen("sample", run, "-n", 300, "--seed", 1, "--out", "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (
        tmp_path / "b.csv"
    ).read_bytes()
    tfgen("sample", run, "-n", 300, "--seed", 1, "--out", "b.parquet")
    typed = pd.read_parquet("b.parquet")
    assert typed["joined"].dtype.kind == "M"
    assert typed["income"].equals(found["income"])


def test_answers_about_rows_of_a_file(tfgen, run, people, tmp_path):
    done = tfgen("score", run, people, "--out", "s.csv")
    assert (done.status, "note" in done.err) == (0, False), done.err
    model = library.load(run)
    source = library.data.load(people, like=model)
    scores = pd.read_csv("s.csv")["score"]
    np.testing.assert_allclose(scores, model.score(source), rtol=1e-5)
    tfgen("encode", run, people, "--out", "l.csv")
    tfgen("decode", run, "l.csv", "--out", "d.csv")
    tfgen("reconstruct", run, people, "--out", "r.csv")
    assert (tmp_path / "d.csv").read_text() == (tmp_path / "r.csv").read_text()
    assert len(check_like(tmp_path / "r.csv", people)) == ROWS


def test_gaps_of_a_file_are_filled(tfgen, run, people, tmp_path):
    done = tfgen("impute", run, people, "--out", "i.csv")
    assert done.status == 0, done.err
    gaps = pd.read_csv(people, dtype=str, keep_default_na=False)
    empty = (gaps == "").to_numpy()
    assert f"240 rows, {empty.sum()} values drawn" in done.out
    filled = pd.read_csv("i.csv", dtype=str, keep_default_na=False)
    assert not (filled == "").any(axis=None)
    np.testing.assert_array_equal(
        filled.to_numpy()[~empty], gaps.to_numpy()[~empty]
    )
    check_like(tmp_path / "i.csv", people)


def test_rows_that_keep_conditions(tfgen, run, people):
    options = ("-n", 30, "--seed", 1, "--out", "w.csv")
    where = "country=Malta,joined=01.02.2020..29.02.2020,income="
    done = tfgen("sample", run, "--where", where, *options)
    assert done.status == 0, done.err
    rows = pd.read_csv("w.csv")
    assert set(rows["country"]) == {"Malta"} and rows["income"].isna().all()
    months = pd.to_datetime(rows["joined"], format="%d.%m.%Y").dt.strftime(
        "%y%m"
    )
    assert set(months) == {"2002"}
    where = "country=Malt,size=3,gain=-9"
    done = tfgen("sample", run, "--where", where, *options, "--force")
    assert done.status == 1 and done.err.count("\n") <= 2
    for reason in ("mean 'Malta'", "no column 'size'", "outside of the data"):
        assert reason in done.err


def test_info_tells_the_columns(tfgen, run):
    out = tfgen("info", run).out
    assert "4 values: Côte d'Ivoire, DE, FR, Malta, with gaps" in out
    assert "datetime, 2020-01-0" in out


def test_a_schema_of_ones_own(tfgen, people, tmp_path):
    done = tfgen("schema", people)
    schema = json.loads(done.out)
    kinds = [column["kind"] for column in schema["columns"]]
    assert kinds == [
        *("id", "categorical", "decimal", "whole", "boolean", "datetime"),
        *("categorical", "constant"),
    ]
    schema["columns"][5]["kind"] = "categorical"
    del schema["columns"][5]["format"]
    (tmp_path / "s.json").write_text(json.dumps(schema))
    source = library.data.load(people, schema="s.json")
    assert source.columns[5].kind == "categorical"
    schema["columns"][0]["kind"] = "text"
    (tmp_path / "s.json").write_text(json.dumps(schema))
    options = ("--data", people, "--schema", "s.json", "--out", "run")
    done = tfgen("train", "vae", *options)
    assert done.status == 1
    assert "s.json: column 1 ('key') has the kind 'text', expec" in done.err


def test_a_survey_by_value(tfgen, tmp_path, without_pictures):
    rows = ["\n".join(f"{i % 3},{i % 2},{i / 7}" for i in range(120))]
    (tmp_path / "survey.csv").write_text("\n".join(["a,b,c", *rows]))
    done = tfgen("schema", "survey.csv")
    kinds = [column["kind"] for column in json.loads(done.out)["columns"]]
    assert kinds == ["categorical", "categorical", "decimal"]
    done = tfgen("schema", "--numbers", "survey.csv")
    kinds = [column["kind"] for column in json.loads(done.out)["columns"]]
    assert kinds == ["whole", "whole", "decimal"]
    options = ("--data", "survey.csv", "--out", "run")
    size = ("--width", 8, "--latent-dim", 2)
    done = tfgen("train", "vae", *options, *size, "--epochs", 1)
    assert done.status == 0
    assert "survey.csv: columns are 1 decimal, 2 categorical" in done.err
    done = tfgen("train", "--resume", "--out", "run", "--epochs", 2)
    assert done.status == 0, done.err
    done = tfgen("sample", "run", "-n", 50, "--seed", 1, "--out", "rows.csv")
    assert done.status == 0
    drawn = pd.read_csv("rows.csv")
    assert set(drawn["a"]) <= {0, 1, 2} and set(drawn["b"]) <= {0, 1}
    assert [kind.kind for kind in drawn.dtypes] == ["i", "i", "f"]


def test_a_family_of_numbers_refuses_it(tfgen, people):
    done = tfgen("train", "vq_vae", "--data", people, "--out", "run")
    assert done.status == 1
    assert "the model 'vq_vae' takes numbers without gaps" in done.err
    assert "take the model 'vae', 'gan' or 'vae_gan'" in done.err
    assert "'key' (id), 'country' (categorical, with gaps), " in done.err
    assert "columns='key,country,income,gain,member,joined," in done.err
    done = tfgen("schema", "no.csv")
    assert "no.csv is no table" in done.err


@pytest.fixture(scope="module")
def gan_run(people, tmp_path_factory, run_in, without_pictures):
    """A finished run of 2 epochs of a GAN on it."""
    folder = tmp_path_factory.mktemp("gan")
    options = ("--epochs", 2, "--width", 32, "--latent-dim", 4)
    done = run_in(
        folder, "train", "gan", "--data", people, *options, "--out", "run"
    )
    assert done.status == 0, done.err
    assert "preset mixed_table_gan" in done.out
    return folder / "run"


def test_a_gan_gives_a_table_like_the_file(tfgen, gan_run, people, tmp_path):
    done = tfgen("sample", gan_run, "-n", 300, "--seed", 1, "--out", "a.csv")
    assert done.status == 0, done.err
    found = check_like(tmp_path / "a.csv", people)
    assert found["key"].tolist()[:2] == ["C-0007", "C-0008"]
    assert found["income"].isna().any() and (found["gain"] == 0).any()
    frame = library.load(gan_run).sample_rows(300, seed=1)
    assert frame["member"].tolist() == found["member"].tolist()


def test_what_a_gan_cannot_do_with_a_table(tfgen, gan_run, people):
    out = ("--out", "w.csv")
    done = tfgen("sample", gan_run, "-n", 3, "--where", "country=FR", *out)
    assert done.status == 1 and "cannot sample by conditions" in done.err
    done = tfgen("impute", gan_run, people, *out)
    assert done.status == 1 and "train a VAE" in done.err


@pytest.fixture(scope="module")
def vae_gan_run(people, tmp_path_factory, run_in, without_pictures):
    """A run of 1 epoch of a VAE-GAN on it, and a second after that."""
    folder = tmp_path_factory.mktemp("vae_gan")
    options = ("--epochs", 1, "--width", 16, "--latent-dim", 2)
    train = ("train", "vae_gan", "--data", people, *options, "--out", "run")
    done = run_in(folder, *train)
    assert done.status == 0, done.err
    assert "preset mixed_table_vae_gan" in done.out
    done = run_in(folder, "train", "--resume", "--out", "run", "--epochs", 2)
    assert done.status == 0, done.err
    return folder / "run"


def test_a_vae_gan_gives_a_table_like_the_file(
    tfgen, vae_gan_run, people, tmp_path
):
    words = (vae_gan_run, "-n", 300, "--seed", 1, "--out")
    assert tfgen("sample", *words, "a.csv").status == 0
    found = check_like(tmp_path / "a.csv", people)
    assert found["income"].isna().any() and (found["gain"] == 0).any()
    done = tfgen("sample", *words, "w.csv", "--where", "country=FR")
    assert done.status == 0, done.err
    assert set(check_like(tmp_path / "w.csv", people)["country"]) == {"FR"}
    done = tfgen("impute", vae_gan_run, people, "--out", "i.csv")
    assert done.status == 0, done.err
    filled = pd.read_csv("i.csv", dtype=str, keep_default_na=False)
    assert not (filled == "").any(axis=None)


def test_larsen_is_no_objective_of_a_table(tfgen, people):
    options = ("--data", people, "--objective", "larsen", "--out", "run")
    done = tfgen("train", "vae_gan", *options)
    assert done.status == 1 and done.err.count("Table has codes") == 1
    assert "pass --objective='elbo_adversarial'" in done.err


def test_an_export_of_a_gan(tfgen, gan_run):
    """Discriminate takes rows as they stand, in the server's runtime too."""
    assert tfgen("export", gan_run, "--to", "served").status == 0
    done = tfgen("verify", "served/1")
    assert done.status == 0, done.err
    for name in ("generate", "decode", "discriminate"):
        assert name in done.out


@pytest.mark.parametrize("where", [(), ("--where", "country=FR")])
def test_pieces_make_up_the_file(tfgen, run, monkeypatch, where):
    words = ("sample", run, "-n", 700, "--seed", 3, *where)
    assert tfgen(*words, "--out", "whole.csv").status == 0
    monkeypatch.setattr(table_rows, "PIECE", 1)  # batches of 256
    for name in ("pieces.csv", "pieces.parquet"):
        assert tfgen(*words, "--out", name).status == 0
    whole = pd.read_csv("whole.csv")
    pd.testing.assert_frame_equal(pd.read_csv("pieces.csv"), whole)
    assert len(pd.read_parquet("pieces.parquet")) == len(whole) == 700


def test_a_text_that_is_unknown(tfgen, refused, people, run):
    frame = pd.read_csv(people, dtype=str)[:50]
    frame.loc[[4, 9], "country"] = "Peru"
    frame.to_csv("new.csv", index=False)
    said = "2 of 50 rows have values that the training data had not, flagged: "
    done = tfgen("detect", run, "new.csv", "--out", "flags.csv")
    assert done.status == 0 and said in done.err, done.err
    found = pd.read_csv("flags.csv")
    assert found["is_odd"][[4, 9]].all()
    assert (found["column_1"][[4, 9]] == "country").all()
    done = tfgen(
        *("score", run, "new.csv", "--out", "s.csv", "--on-unknown", "flag")
    )
    assert done.status == 0 and said in done.err, done.err
    assert (pd.read_csv("s.csv")["score"][[4, 9]] == -np.inf).all()
    done = tfgen(
        *("impute", run, "new.csv", "--out", "i.csv", "--on-unknown", "flag")
    )
    assert done.status == 0 and "stay, and nothing is drawn" in done.err
    filled = pd.read_csv("i.csv", dtype=str)
    assert (filled["country"][[4, 9]] == "Peru").all()
    assert filled["country"].notna().all()
    for words in (
        ("detect", run, "new.csv", "--out", "x.csv", "--on-unknown", "refuse"),
        ("score", run, "new.csv", "--out", "x.csv"),
        ("impute", run, "new.csv", "--out", "x.csv"),
    ):
        message = refused(*words)
        assert "column 'country': 'Peru' is none of the 4 values" in message
        assert message.endswith("go on with --on-unknown flag.")
