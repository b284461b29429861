package pairing

import (
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/pairing/tlspsk"
)

// scriptedAuthority opens a channel; the supplicant under test joins it.
func (w *world) scriptedAuthority(acct *account) (*scripted, *party) {
	w.t.Helper()
	relay, _ := w.relayFor("Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0")
	l, err := relay.dial(w.t.Context(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	key := make([]byte, keySize)
	tls, err := tlspsk.NewServer(tlspsk.Config{PSK: key, Identity: []byte(l.id)})
	if err != nil {
		w.t.Fatal(err)
	}
	code := Code{origin: w.svc.URL(), channelID: l.id, key: key}
	return &scripted{t: w.t, ch: &channel{link: l, tls: tls}}, w.supplicant(acct, code.Address())
}

// scriptedSupplicant joins the channel of the authority under test.
func (w *world) scriptedSupplicant(auth *party) *scripted {
	w.t.Helper()
	code, err := ParseAddress(auth.address(), w.svc.URL())
	if err != nil {
		w.t.Fatal(err)
	}
	relay, _ := w.relayFor(testUA)
	l, err := relay.dial(w.t.Context(), code.channelID)
	if err != nil {
		w.t.Fatal(err)
	}
	tls, err := tlspsk.NewClient(tlspsk.Config{PSK: code.key, Identity: []byte(l.id)})
	if err != nil {
		w.t.Fatal(err)
	}
	s := &scripted{t: w.t, ch: &channel{link: l, tls: tls}}
	hello, err := tls.Start()
	if err != nil {
		w.t.Fatal(err)
	}
	s.ch.sendRecord(hello)
	for !tls.Connected() {
		if _, err := s.ch.receive(<-l.incoming); err != nil {
			w.t.Fatal(err)
		}
	}
	return s
}

// TestVersion1Authority grants before the supplicant's person has confirmed, as desktop Firefox does.
func TestVersion1Authority(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		firefox, supp := w.scriptedAuthority(newAccount())
		request := firefox.got()
		var sent map[string]string
		if err := json.Unmarshal(request.Data, &sent); err != nil || request.Name != nameRequest || sent["client_id"] != "a2270f727f45f648" {
			t.Fatalf("request %q %v %v", request.Name, sent, err)
		}
		firefox.say(nameMetadata, Metadata{Email: "person@example.com", DeviceName: "Firefox on desk"})
		firefox.say(nameAuthAuthorize, map[string]string{"code": testCode, "state": testState, "redirect": "urn:x", "scope": "y"})
		firefox.say(nameAuthAuthorize, map[string]string{"code": "another", "state": "ignored"})
		supp.is(Confirming)
		if st := supp.flow.Status(); !st.ConfirmedThere || st.Peer.System != "Firefox on Linux" || st.Peer.DeviceName != "Firefox on desk" {
			t.Errorf("status %+v, peer %+v", st, st.Peer)
		}
		if len(supp.account.redeemed) != 0 {
			t.Error("redeemed without asking the person here")
		}
		supp.confirm("")
		if m := firefox.got(); m.Name != nameSuppAuthorize {
			t.Errorf("got %q", m.Name)
		}
		if m := firefox.got(); m.Name != "" {
			t.Errorf("got %q, want a close", m.Name)
		}
		firefox.ch.leave(0)
		supp.endsSoon(nil)
	})
}

// named is the least metadata that is taken.
var named = Metadata{Email: "person@example.com"}

// TestVersion1AuthorityClosesEarly: a close after the code is no cancellation.
func TestVersion1AuthorityClosesEarly(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		firefox, supp := w.scriptedAuthority(newAccount())
		firefox.got()
		firefox.say(nameMetadata, named)
		firefox.say(nameAuthAuthorize, authorization{Code: testCode, State: testState})
		firefox.ch.sayBye()
		supp.is(Confirming)
		supp.confirm("")
		firefox.ch.awaitBye(time.Second)
		firefox.ch.drop()
		supp.endsSoon(nil)
	})
}

func TestAuthorityMisbehaves(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(*scripted)
		want error
	}{
		"silence":              {func(*scripted) {}, ErrNotAccepted},
		"cancel":               {func(s *scripted) { s.say(nameCancel, nil) }, ErrPeerCancelled},
		"cancel of a new name": {func(s *scripted) { s.say("pair:other:cancel", nil) }, ErrPeerCancelled},
		"close":                {func(s *scripted) { s.ch.sayBye() }, ErrPeerCancelled},
		"code before metadata": {func(s *scripted) { s.say(nameAuthAuthorize, authorization{Code: testCode, State: testState}) }, ErrDisturbed},
		"unknown message":      {func(s *scripted) { s.say("pair:other", nil) }, ErrDisturbed},
		"metadata of nobody":   {func(s *scripted) { s.say(nameMetadata, nil) }, ErrUnnamed},
		"metadata without whose": {func(s *scripted) {
			s.say(nameMetadata, Metadata{DeviceName: "Firefox", Email: " "})
			s.say(nameAuthAuthorize, authorization{Code: testCode, State: testState})
		}, ErrUnnamed},
		"metadata is no object": {func(s *scripted) { s.say(nameMetadata, 7) }, ErrDisturbed},
		"metadata twice":        {func(s *scripted) { s.say(nameMetadata, named); s.say(nameMetadata, named) }, ErrDisturbed},
		"state of another": {func(s *scripted) {
			s.say(nameMetadata, named)
			s.say(nameAuthAuthorize, authorization{Code: testCode, State: "x"})
		}, ErrDisturbed},
		"code of a strange form": {func(s *scripted) {
			s.say(nameMetadata, named)
			s.say(nameAuthAuthorize, authorization{Code: "zz", State: testState})
		}, ErrDisturbed},
		"no JSON": {func(s *scripted) {
			record, err := s.ch.tls.Send([]byte("{"))
			if err != nil {
				s.t.Fatal(err)
			}
			s.ch.sendRecord(record)
		}, ErrDisturbed},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				other, supp := w.scriptedAuthority(newAccount())
				other.got()
				began := time.Now()
				c.act(other)
				supp.ends(c.want)
				if c.want != ErrNotAccepted && supp.endAt.Sub(began) > instant {
					t.Errorf("took %v", supp.endAt.Sub(began))
				}
				if c.want == ErrNotAccepted && supp.endAt.Sub(began) != metadataTime {
					t.Errorf("took %v", supp.endAt.Sub(began))
				}
				if len(supp.account.redeemed) != 0 || supp.account.abandoned != 1 {
					t.Errorf("redeemed %d, abandoned %d", len(supp.account.redeemed), supp.account.abandoned)
				}
				other.ch.drop()
			})
		})
	}
}

// TestAuthorityNeverHandshakes: the channel is alive, but nobody speaks on it.
func TestAuthorityNeverHandshakes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		other, supp := w.scriptedAuthority(newAccount())
		began := time.Now()
		supp.ends(ErrNoAnswer)
		if d := supp.endAt.Sub(began); d != joinTime {
			t.Errorf("took %v", d)
		}
		other.ch.drop()
	})
}

func TestSupplicantMisbehaves(t *testing.T) {
	bad := func(change func(*Request)) func(*scripted) {
		return func(s *scripted) {
			r := testRequest()
			change(&r)
			s.say(nameRequest, r)
		}
	}
	for name, c := range map[string]struct {
		act  func(*scripted)
		want error
	}{
		"silence":          {func(*scripted) {}, ErrNoAnswer},
		"close":            {func(s *scripted) { s.ch.sayBye() }, ErrPeerCancelled},
		"yes before asked": {func(s *scripted) { s.say(nameSuppAuthorize, nil) }, ErrDisturbed},
		"second request":   {func(s *scripted) { s.say(nameRequest, testRequest()); s.say(nameRequest, testRequest()) }, ErrDisturbed},
		"unknown message":  {func(s *scripted) { s.say("pair:supp:metadata", nil) }, ErrDisturbed},
		"request is text":  {func(s *scripted) { s.say(nameRequest, "x") }, ErrRequestRefused},
		"client id":        {bad(func(r *Request) { r.ClientID = "A2270F727F45F648" }), ErrRequestRefused},
		"challenge":        {bad(func(r *Request) { r.CodeChallenge = "short" }), ErrRequestRefused},
		"method missing":   {bad(func(r *Request) { r.CodeChallengeMethod = "" }), ErrRequestRefused},
		"plain method":     {bad(func(r *Request) { r.CodeChallengeMethod = "plain" }), ErrRequestRefused},
		"no key":           {bad(func(r *Request) { r.KeysJWK = "" }), ErrRequestRefused},
		"padded key":       {bad(func(r *Request) { r.KeysJWK += "==" }), ErrRequestRefused},
		"key off curve":    {bad(func(r *Request) { r.KeysJWK = offCurveJWK(t) }), ErrRequestRefused},
		"no scope":         {bad(func(r *Request) { r.Scope = " " }), ErrRequestRefused},
		"foreign scope":    {bad(func(r *Request) { r.Scope += " https://identity.mozilla.com/apps/other" }), ErrRequestRefused},
		"no state":         {bad(func(r *Request) { r.State = "" }), ErrRequestRefused},
		"long state":       {bad(func(r *Request) { r.State = string(make([]byte, 513)) }), ErrRequestRefused},
		"access type":      {bad(func(r *Request) { r.AccessType = "forever" }), ErrRequestRefused},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				auth := w.authority(newAccount())
				other := w.scriptedSupplicant(auth)
				began := time.Now()
				c.act(other)
				auth.ends(c.want)
				if c.want == ErrNoAnswer && auth.endAt.Sub(began) != requestTime {
					t.Errorf("took %v", auth.endAt.Sub(began))
				}
				if c.want != ErrNoAnswer && auth.endAt.Sub(began) > instant {
					t.Errorf("took %v", auth.endAt.Sub(began))
				}
				if len(auth.account.granted) != 0 {
					t.Error("granted")
				}
				other.ch.drop()
			})
		})
	}
}

// TestAuthorityWaitsForTheSupplicantsYes: a version 2 supplicant signs in with the code at once, so
// it may not come before its person's yes; and the other side's yes alone is not enough either.
func TestAuthorityWaitsForTheSupplicantsYes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		auth := w.authority(newAccount())
		phone := w.scriptedSupplicant(auth)
		phone.say(nameRequest, testRequest())
		var metadata map[string]string
		if m := phone.got(); m.Name != nameMetadata || json.Unmarshal(m.Data, &metadata) != nil ||
			metadata["email"] != "person@example.com" || metadata["deviceName"] == "" {
			t.Fatalf("metadata %v", metadata)
		}
		auth.is(Asked)
		auth.confirm("")
		time.Sleep(time.Minute)
		synctest.Wait()
		select {
		case raw := <-phone.ch.link.incoming:
			t.Fatalf("something was sent: %s", raw)
		default:
		}
		phone.say(nameSuppAuthorize, nil)
		phone.say(nameSuppAuthorize, nil) // once more does no harm
		var got authorization
		if m := phone.got(); m.Name != nameAuthAuthorize || json.Unmarshal(m.Data, &got) != nil || got.Code != testCode || got.State != testState {
			t.Errorf("permission %+v", got)
		}
		// Pages of version 1 take a close before their own end for a failure.
		select {
		case raw := <-phone.ch.link.incoming:
			t.Errorf("closed before the phone did: %s", raw)
		case <-time.After(farewell - time.Millisecond):
		}
		phone.ch.drop()
		auth.ends(nil)
	})
}

func TestUnknownClientIsCalledSo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		auth := w.authority(newAccount())
		phone := w.scriptedSupplicant(auth)
		r := testRequest()
		r.ClientID = "0123456789abcdef"
		phone.say(nameRequest, r)
		auth.is(Asked)
		if p := auth.flow.Status().Peer; p.Known || p.Application != r.ClientID {
			t.Errorf("peer %+v", p)
		}
		phone.ch.drop()
	})
}

func TestNobodyConfirmsHere(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		auth := w.authority(newAccount())
		phone := w.scriptedSupplicant(auth)
		began := time.Now()
		phone.say(nameRequest, testRequest())
		phone.got()
		phone.say(nameSuppAuthorize, nil)
		// No answer means no: the phone is told.
		if m := phone.got(); m.Name != nameCancel || time.Since(began) != PairingLife {
			t.Errorf("%q after %v", m.Name, time.Since(began))
		}
		phone.ch.leave(time.Second)
		auth.ends(ErrTimedOut)
		if len(auth.account.granted) != 0 {
			t.Error("granted")
		}
	})
}

func TestBadRequestOfOurOwn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		acct := newAccount()
		acct.request.KeysJWK = ""
		other, supp := w.scriptedAuthority(acct)
		supp.ends(ErrRequestRefused)
		other.ch.drop()
	})
}

func offCurveJWK(t *testing.T) string {
	t.Helper()
	raw, err := json.Marshal(map[string]string{"kty": "EC", "crv": "P-256", "x": b64(make([]byte, 32)), "y": b64(make([]byte, 32))})
	if err != nil {
		t.Fatal(err)
	}
	return b64(raw)
}

func TestGreetings(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		relay, _ := w.relayFor("")
		for name, id := range map[string]string{
			"unknown":    "AAAAAAAAAAAAAAAAAAAAAA",
			"unreadable": "AAAAAAAAAAAAAAAAAAAAA*", // the relay opens a new channel
			"too short":  "AAAA",
		} {
			_, err := relay.dial(t.Context(), id)
			if !errors.Is(err, ErrCodeUnknown) && !errors.Is(err, ErrRelayUnreachable) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
