"""Who came to the desk's door and was let in or refused, for as long as `SIGN_IN_DAYS` says.

Written beside the session it begins; read as a part of the audit (`service.audit`). The name that was typed is kept
only where it is an account's, since people type their password into the wrong field, and of an address only the keyed
hash of its prefix. A flood stays small: what one place is refused for one account within an hour is one row.
"""

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.ids import lowest_id, new_id
from service.models import SignIn

LET_IN = "sign_in"
Refusal = Literal["refused", "code_refused"]
"""Name or password were wrong, or the password was right and the code was not."""
HOUR_SECONDS = 3600


def let_in(session: Session, account: str, *, sender: bytes, now: datetime) -> None:
    """Note that somebody signed in, in the transaction that begins the session."""
    session.add(_row(account, LET_IN, sender, None, now))


def refused(session: Session, account: str, why: Refusal, *, sender: bytes, now: datetime) -> None:
    """Note that somebody was turned away; `account` is '' where there is none of the name that was typed."""
    hour = int(now.timestamp()) // HOUR_SECONDS
    if _again(session, account, why, sender, hour, now):
        return
    try:
        with session.begin_nested():
            session.add(_row(account, why, sender, hour, now))
    except IntegrityError:
        # Another try of the same moment was first.
        _again(session, account, why, sender, hour, now)


def forget_old(session: Session, *, keep: timedelta, now: datetime) -> None:
    """Sweep away what is older than it is kept."""
    session.execute(delete(SignIn).where(SignIn.id < lowest_id(now - keep)))


def _again(session: Session, account: str, why: str, sender: bytes, hour: int, now: datetime) -> bool:
    result = session.execute(
        update(SignIn)
        .where(SignIn.account == account, SignIn.act == why, SignIn.sender == sender, SignIn.hour == hour)
        .values(tries=SignIn.tries + 1, last_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def _row(account: str, act: str, sender: bytes, hour: int | None, now: datetime) -> SignIn:
    return SignIn(id=new_id(now), at=now, account=account, act=act, sender=sender, hour=hour, tries=1, last_at=now)
