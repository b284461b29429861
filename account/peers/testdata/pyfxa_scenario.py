"""What Mozilla's Python client does with the in-process service, step by step.

Each step is a line of JSON on standard output. Steps that need a word from the test (the code of the
confirmation e-mail) read it as a line from standard input.
"""

import base64
import json
import os
import sys

from fxa.core import Client
from fxa.errors import ClientError
from fxa.oauth import Client as OAuthClient
from fxa.profile import Client as ProfileClient

BASE, EMAIL, PASSWORD, CLIENT_ID, SECRET_ID, SECRET = sys.argv[1:]
SCOPE = "profile"


def step(name, **facts):
    print(json.dumps({"step": name, **facts}), flush=True)


def refused(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except ClientError as error:
        return error.errno
    return 0


def unpadded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


accounts = Client(BASE)

session = accounts.create_account(EMAIL, password=PASSWORD, keys=True)
step("created", uid=session.uid)
step("unverified", verified=session.get_email_status()["verified"])
session.verify_email_code(sys.stdin.readline().strip())
step("verified", verified=session.get_email_status()["verified"])

keys_a, keys_b = session.fetch_keys()
step("keys", a=keys_a.hex(), b=keys_b.hex())

step("created twice", errno=refused(accounts.create_account, EMAIL, password=PASSWORD))
step("wrong password", errno=refused(accounts.login, EMAIL, password=PASSWORD + "!"))

again = accounts.login(EMAIL, password=PASSWORD, keys=True)
keys_a2, keys_b2 = again.fetch_keys()
step("logged in", same_uid=again.uid == session.uid, same_keys=(keys_a, keys_b) == (keys_a2, keys_b2))
again.check_session_status()
step("session lives")

# A public client: PKCE and no secret.
oauth = OAuthClient(CLIENT_ID, server_url=BASE)
challenge, verifier = oauth.generate_pkce_challenge()
code = oauth.authorize_code(again, SCOPE, CLIENT_ID, **challenge)
step("wrong verifier", errno=refused(oauth.trade_code, code, code_verifier=unpadded(os.urandom(32))))
tokens = oauth.trade_code(code, **verifier)
step("code traded", scope=tokens["scope"], type=tokens["token_type"])
step("code twice", errno=refused(oauth.trade_code, code, **verifier))
access = tokens["access_token"]

profile = ProfileClient(BASE).get_profile(access)
step("profile", uid=profile["uid"], email=profile["email"], avatar=bool(profile["avatar"]))
verified = oauth.verify_token(access, scope=SCOPE)
step("token verified", user=verified["user"], client=verified["client_id"])
oauth.destroy_token(access)
step("token destroyed", errno=refused(ProfileClient(BASE).get_profile, access))

# A web site with a secret.
site = OAuthClient(SECRET_ID, SECRET, server_url=BASE)
site_token = site.trade_code(site.authorize_code(again, SCOPE, SECRET_ID))["access_token"]
step("site", user=site.verify_token(site_token, scope=SCOPE)["user"])

again.change_password(PASSWORD, PASSWORD + " new")
step("password changed", session_errno=refused(session.check_session_status))
third = accounts.login(EMAIL, password=PASSWORD + " new", keys=True)
step("keys stay", same=third.fetch_keys() == (keys_a, keys_b))
third.destroy_session()
step("session destroyed", errno=refused(third.check_session_status))
accounts.destroy_account(EMAIL, password=PASSWORD + " new")
step("account destroyed", errno=refused(accounts.login, EMAIL, password=PASSWORD + " new"))
