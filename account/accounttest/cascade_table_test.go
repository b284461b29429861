package accounttest

import (
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
)

// holdings are one account's credentials of every kind.
type holdings struct {
	h                *Account
	session          string // a browser's, with a device
	plain            string // a browser's without device
	phone, site      answer // an application with a device, one without
	phoneID, ownID   string
	browserAccess    string // by session
	confidentialSite answer
}

func newHoldings(p *peer) *holdings {
	p.t.Helper()
	x := &holdings{h: p.s.NewAccount("a@example.com", "password1")}
	x.session, x.plain = p.session(x.h), p.session(x.h)
	x.ownID = p.post("/v1/account/device", x.session, map[string]any{"name": "Browser", "availableCommands": sendTab}).ok().str("id")
	x.phone = p.signIn(AndroidClientID, "profile "+scopeOldSync, x.h)
	x.phoneID = p.post("/v1/account/device", "Bearer "+x.phone.str("refresh_token"), map[string]any{"name": "Phone", "availableCommands": sendTab}).ok().str("id")
	x.site = p.signIn(UntrustedClientID, "profile:uid", x.h)
	x.browserAccess = p.post("/v1/oauth/token", x.session, map[string]any{"client_id": DesktopClientID, "scope": "profile"}).ok().str("access_token")
	f := newFlow(ConfidentialClientID, "profile")
	f.extra["code_challenge"], f.extra["code_challenge_method"], f.extra["keys_jwk"] = nil, nil, nil
	x.confidentialSite = p.post("/v1/token", "", map[string]any{
		"client_id": ConfidentialClientID, "client_secret": ConfidentialClientSecret, "code": p.approve(f, x.h),
	}).ok()
	return x
}

// alive lists which of them still work, in a fixed order.
func (x *holdings) alive(p *peer) string {
	p.t.Helper()
	var out []string
	note := func(name string, got answer) {
		if got.status == 200 {
			out = append(out, name)
		}
	}
	renew := func(client string, tokens answer) answer {
		return p.post("/v1/token", "", map[string]any{"grant_type": grantRefresh, "client_id": client, "refresh_token": tokens.str("refresh_token")})
	}
	note("session", p.get("/v1/session/status", x.session))
	note("plain", p.get("/v1/session/status", x.plain))
	note("phone", renew(AndroidClientID, x.phone))
	note("phone-access", p.post("/v1/verify", "", map[string]any{"token": x.phone.str("access_token")}))
	note("site", renew(UntrustedClientID, x.site))
	note("site-access", p.post("/v1/verify", "", map[string]any{"token": x.site.str("access_token")}))
	note("browser-access", p.post("/v1/verify", "", map[string]any{"token": x.browserAccess}))
	note("server-access", p.post("/v1/verify", "", map[string]any{"token": x.confidentialSite.str("access_token")}))
	for _, d := range x.h.Devices() {
		out = append(out, "device:"+d.Name)
	}
	return strings.Join(out, " ")
}

// TestWhatEndsWithWhat is the table of cascades: every way something ends, and
// all that still lives afterwards.
func TestWhatEndsWithWhat(t *testing.T) {
	t.Parallel()
	const all = "session plain phone phone-access site site-access browser-access server-access device:Browser device:Phone"
	but := func(gone ...string) string {
		var left []string
		for _, name := range strings.Fields(all) {
			kept := true
			for _, g := range gone {
				kept = kept && name != g
			}
			if kept {
				left = append(left, name)
			}
		}
		return strings.Join(left, " ")
	}
	for _, c := range []struct {
		name string
		act  func(p *peer, x *holdings)
		left string
	}{
		{"nothing", func(*peer, *holdings) {}, all},
		{"session/destroy, with device", func(p *peer, x *holdings) { p.post("/v1/session/destroy", x.session, nil).ok() }, but("session", "device:Browser")},
		{"session/destroy, without device", func(p *peer, x *holdings) { p.post("/v1/session/destroy", x.plain, map[string]any{}).ok() }, but("plain")},
		{"session/destroy of another one", func(p *peer, x *holdings) {
			p.post("/v1/session/destroy", x.plain, map[string]any{"customSessionToken": strings.TrimPrefix(x.session, "Bearer fxs_")}).ok()
		}, but("session", "device:Browser")},
		{"device/destroy of a browser", func(p *peer, x *holdings) {
			p.post("/v1/account/device/destroy", x.plain, map[string]any{"id": x.ownID}).ok()
		}, but("session", "device:Browser")},
		{"device/destroy of an application", func(p *peer, x *holdings) {
			p.post("/v1/account/device/destroy", x.session, map[string]any{"id": x.phoneID}).ok()
		}, but("phone", "device:Phone")},
		{"an application destroys its own device", func(p *peer, x *holdings) {
			p.post("/v1/account/device/destroy", "Bearer "+x.phone.str("refresh_token"), map[string]any{"id": x.phoneID}).ok()
		}, but("phone", "device:Phone")},
		{"oauth/destroy of a refresh token", func(p *peer, x *holdings) {
			p.post("/v1/oauth/destroy", "", map[string]any{"client_id": AndroidClientID, "token": x.phone.str("refresh_token")}).ok()
		}, but("phone", "device:Phone")},
		{"oauth/destroy of an access token", func(p *peer, x *holdings) {
			p.post("/v1/oauth/destroy", "", map[string]any{"client_id": AndroidClientID, "token": x.phone.str("access_token")}).ok()
		}, but("phone-access")},
		{"the older route", func(p *peer, x *holdings) {
			p.post("/v1/destroy", "", map[string]any{"refresh_token": x.site.str("refresh_token")}).ok()
		}, but("site")},
		{"attached client by device", func(p *peer, x *holdings) {
			p.post("/v1/account/attached_client/destroy", x.session, map[string]any{"deviceId": x.phoneID}).ok()
		}, but("phone", "device:Phone")},
		{"attached client by grant", func(p *peer, x *holdings) {
			p.post("/v1/account/attached_client/destroy", x.session, map[string]any{"clientId": UntrustedClientID, "refreshTokenId": tokenID(x.site.str("refresh_token"))}).ok()
		}, but("site")},
		{"attached client by client", func(p *peer, x *holdings) {
			p.post("/v1/account/attached_client/destroy", x.session, map[string]any{"clientId": UntrustedClientID}).ok()
		}, but("site", "site-access")},
		{"attached client by session", func(p *peer, x *holdings) {
			p.post("/v1/account/attached_client/destroy", x.session, map[string]any{"sessionTokenId": strings.TrimPrefix(x.plain, "Bearer fxs_")}).ok()
		}, but("plain")},
		{"password change", func(_ *peer, x *holdings) { x.h.ChangePassword() }, "server-access"},
		{"password reset", func(_ *peer, x *holdings) { x.h.ResetPassword() }, "server-access"},
		{"deletion", func(_ *peer, x *holdings) { x.h.Delete() }, ""},
		{"deletion by the route", func(p *peer, x *holdings) {
			p.post("/v1/account/destroy", x.session, map[string]any{"email": x.h.Email(), "authPW": hexOf(crypt.Stretch(x.h.Email(), "password1").AuthPW)}).ok()
		}, ""},
		{"revoked grants of one client", func(_ *peer, x *holdings) { x.h.RevokeTokens(UntrustedClientID) }, but("site", "site-access")},
		{"all grants revoked", func(_ *peer, x *holdings) { x.h.RevokeTokens("") }, "session plain device:Browser"},
		{"access tokens revoked", func(_ *peer, x *holdings) { x.h.RevokeAccessTokens() }, "session plain phone site device:Browser device:Phone"},
		{"sessions revoked", func(_ *peer, x *holdings) { x.h.RevokeSessions() }, but("session", "plain", "device:Browser")},
		{"profile change", func(_ *peer, x *holdings) { x.h.SetDisplayName("x") }, all},
		{"other address", func(_ *peer, x *holdings) { x.h.SetEmail("other@example.com") }, all},
		{"disabled", func(_ *peer, x *holdings) { x.h.SetDisabled(true); x.h.SetLocked(true) }, all},
		{"access tokens run out", func(p *peer, _ *holdings) { p.s.Clock.Advance(maxTokenLifetime) }, "session plain phone site device:Browser device:Phone"},
		{"sessions without device run out", func(p *peer, _ *holdings) { p.s.Clock.Advance(sessionLifetime) }, "session phone site device:Browser device:Phone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, New(t))
			x := newHoldings(p)
			c.act(p, x)
			if got := x.alive(p); got != c.left {
				t.Errorf("left %q,\nwant %q", got, c.left)
			}
		})
	}
}
