"""Screenshots of guests' and accounts' own pages."""

from tests.browser.test_accessibility import (
    forgetting_a_password,
    going_on_by_a_link,
    keeping_a_name,
    signing_in,
    you,
)
from tests.screenshots.people import new_room, regular, writing_club
from tests.support.more_pages import (
    account_of_an_account,
    another_address,
    another_password,
    at,
    code_after_the_password,
    deleting_the_account,
    mail_was_sent,
    password_by_a_mailed_link,
    personal_link_of_somebody_else,
    personal_link_that_was_taken_back,
    recovery_codes,
    removing_two_factor,
    sign_in_link_with_a_code,
    two_factor_is_on,
    two_factor_setup,
)


def of_account(page=""):
    def show(alice):
        at(alice, f"/account/{page}")

    return show


def preferences(alice):
    at(alice, "/preferences/")


ACCOUNT = (new_room, account_of_an_account)
TWO_FACTOR = (*ACCOUNT, recovery_codes)
SHOTS = {
    "account-nobody": (of_account(),),
    "account-guest": (regular, of_account()),
    "account-guest-new-link": (new_room, you),
    "account-guest-sign-out": (regular, of_account("sign-out/")),
    "account": (regular, account_of_an_account),
    "account-create": (new_room, of_account("create/")),
    "account-create-refused": (new_room, keeping_a_name),
    "account-password": (*ACCOUNT, of_account("password/")),
    "account-password-refused": (*ACCOUNT, another_password),
    "account-email": (*ACCOUNT, of_account("email/")),
    "account-email-refused": (*ACCOUNT, another_address),
    "account-delete": (*ACCOUNT, of_account("delete/")),
    "account-delete-refused": (*ACCOUNT, deleting_the_account),
    "sign-in": (of_account("sign-in/"),),
    "sign-in-as-guest": (new_room, of_account("sign-in/")),
    "sign-in-refused": (signing_in,),
    "sign-in-code": (*TWO_FACTOR, code_after_the_password),
    "reset": (forgetting_a_password,),
    "reset-sent": (mail_was_sent,),
    "reset-new-password": (*ACCOUNT, password_by_a_mailed_link),
    "two-factor-set-up": (*ACCOUNT, of_account("two-factor/")),
    "two-factor-refused": (*ACCOUNT, two_factor_setup),
    "two-factor-recovery-codes": TWO_FACTOR,
    "two-factor": (*TWO_FACTOR, two_factor_is_on),
    "two-factor-remove": (*TWO_FACTOR, removing_two_factor),
    "sign-in-link": (going_on_by_a_link,),
    "sign-in-link-revoked": (new_room, personal_link_that_was_taken_back),
    "sign-in-link-of-other": (new_room, writing_club, personal_link_of_somebody_else),
    "sign-in-link-code": (writing_club, sign_in_link_with_a_code),
    "preferences": (new_room, preferences),
}
