"""A first password went through somebody's hands: it is known as such, and an installation may ask for another."""

from datetime import UTC, datetime

import pyotp
import pytest

from service import moderators
from service.models import Moderator

OWN = "một câu dài của riêng Mơ"
GIVEN = "do người khác đưa"
ASKED = "Ở đây ai cũng dùng mật khẩu do mình đặt"


def test_whose_password_is_still_the_first_is_known_until_they_choose(at_the_desk, parts, rows):
    boss, mo = at_the_desk("quan-tri", "admin"), at_the_desk()

    def firsts():
        return {row.name for row in rows(Moderator) if row.first_password}

    assert firsts() == {"quan-tri", "mo"}
    assert GIVEN in mo.get("/desk/own").get_data(as_text=True)
    assert boss.get("/desk/accounts").get_data(as_text=True).count("mật khẩu đầu tiên") == 2
    assert mo.get("/desk/queue").status_code == 200, "nothing else is asked of anybody by default"

    same = mo.post("/desk/own/password", password=mo.password, new=mo.password)
    assert same.status_code == 422
    assert "vẫn là mật khẩu cũ" in same.get_data(as_text=True)
    assert mo.post("/desk/own/password", password=mo.password, new=OWN).status_code == 303
    assert firsts() == {"quan-tri"}
    assert GIVEN not in mo.get("/desk/own").get_data(as_text=True)

    with parts.database.writing() as session:
        moderators.reset_password(session, "mo", now=datetime.now(UTC))
    assert firsts() == {"quan-tri", "mo"}


@pytest.mark.parametrize("more_settings", [{"REQUIRE_OWN_PASSWORD": "1"}])
def test_where_everybody_uses_their_own_a_first_password_opens_the_page_to_choose_one(at_the_desk, client, mo):
    new = at_the_desk("an", "admin")
    for address in ("/desk", "/desk/queue", "/desk/sites", "/ops/"):
        assert new.get(address).location == "/desk/own", address
    assert new.get("/desk/queue").location == "/desk/own"
    assert new.post("/desk/accounts", name="x", role="admin").status_code == 403
    assert new.client.get("/v1/review/comments").status_code == 403
    page = new.get("/desk/own").get_data(as_text=True)
    assert ASKED in page
    assert "/desk/accounts" not in page
    assert new.post("/desk/own/password", password=new.password, new="mật khẩu").status_code == 422
    assert new.get("/desk/queue").location == "/desk/own"
    assert new.post("/desk/own/password", password=new.password, new=OWN).status_code == 303
    assert new.get("/desk/queue").status_code == 200
    assert ASKED not in new.get("/desk/own").get_data(as_text=True)
    assert client.get("/v1/review/comments", headers=mo).status_code == 200, "a program has a token"


@pytest.mark.parametrize("more_settings", [{"REQUIRE_OWN_PASSWORD": "1", "REQUIRE_CODE": "1"}])
def test_first_the_password_then_the_code(at_the_desk):
    new = at_the_desk("an", "editor")
    assert new.get("/desk/queue").location == "/desk/own"
    assert new.post("/desk/own/password", password=new.password, new=OWN).status_code == 303
    assert new.get("/desk/queue").location == "/desk/own/code"
    secret = pyotp.random_base32()
    told = {"secret": secret, "code": pyotp.TOTP(secret).now(), "password": OWN}
    assert new.post("/desk/own/code", **told).status_code == 303
    assert new.get("/desk/queue").status_code == 200
