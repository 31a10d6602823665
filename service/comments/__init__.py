"""Use cases of a comment: it is submitted, judged, decided, shown, withdrawn. The caller owns the transaction.

`state` guards the one way in which a status changes; every other module here goes through it.
"""
