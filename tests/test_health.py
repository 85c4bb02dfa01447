"""The health address: it answers any monitor, says only whether the database can be read, and is cheap."""

import pytest
from django.db import OperationalError

from chat.models import Installation


def test_it_says_ok_to_any_host_without_https_and_cookies(client, db, settings, caplog):
    settings.SECURE_SSL_REDIRECT, settings.TRUSTED_PROXIES = True, 1
    for host in ("10.0.0.7", "chat.example.org", "parlour:8000"):
        answer = client.get("/health/", headers={"Host": host})
        assert (answer.status_code, answer.text) == (200, "ok\n")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "Set-Cookie" not in answer.headers
    assert caplog.records == []


def test_it_takes_one_query(client, db, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get("/health/")


def test_it_is_a_503_if_the_database_cannot_be_read(client, db, monkeypatch):
    def broken():
        raise OperationalError("unable to open database file: /srv/secret")

    monkeypatch.setattr(Installation.objects, "exists", broken)
    answer = client.get("/health/")
    assert (answer.status_code, answer.text) == (503, "The database can't be read.\n")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_can_only_be_read(client, db, method):
    assert getattr(client, method)("/health/").status_code == 405
