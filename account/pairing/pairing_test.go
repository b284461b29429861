package pairing

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestBothOrdersOfConfirmation(t *testing.T) {
	for name, c := range map[string]struct {
		confirm             func(auth, supp *party)
		authPath, suppsPath string
	}{
		"supplicant first": {
			confirm: func(auth, supp *party) {
				supp.confirm("")
				supp.is(Waiting)
				auth.is(Asked)
				if st := auth.flow.Status(); !st.ConfirmedThere || st.ConfirmedHere {
					auth.t.Errorf("authority: %+v", st)
				}
				auth.confirm("")
			},
			authPath:  "showing asked granting done",
			suppsPath: "confirming waiting redeeming done",
		},
		"authority first": {
			confirm: func(auth, supp *party) {
				auth.confirm("")
				auth.is(Asked)
				supp.is(Confirming)
				if len(auth.account.granted) != 0 {
					auth.t.Error("granted before the other side confirmed")
				}
				supp.confirm("")
			},
			authPath:  "showing asked granting done",
			suppsPath: "confirming waiting redeeming done",
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				auth, supp := w.pair()
				c.confirm(auth, supp)
				auth.endsSoon(nil)
				supp.endsSoon(nil)
				if auth.path() != c.authPath || supp.path() != c.suppsPath {
					t.Errorf("paths %q, %q", auth.path(), supp.path())
				}
				if !slices.Equal(auth.account.granted, []Request{testRequest()}) {
					t.Errorf("granted %+v", auth.account.granted)
				}
				if !slices.Equal(supp.account.redeemed, []string{testCode + " " + testState}) || supp.account.abandoned != 0 {
					t.Errorf("redeemed %v, abandoned %d", supp.account.redeemed, supp.account.abandoned)
				}
			})
		})
	}
}

func TestWhatThePersonsSee(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		began := time.Now()
		auth, supp := w.pair()
		a, s := auth.flow.Status(), supp.flow.Status()
		if want := (Peer{Application: "Firefox for Android", Known: true, System: "Firefox on Android", Address: "127.0.0.1", Email: "person@example.com"}); *a.Peer != want {
			t.Errorf("authority sees %+v", *a.Peer)
		}
		if want := (Peer{DeviceName: "Desktop", System: "Tabferry on Linux", Address: "127.0.0.1", Email: "person@example.com"}); *s.Peer != want {
			t.Errorf("supplicant sees %+v", *s.Peer)
		}
		if a.Until.Sub(began) != PairingLife || a.RenewalsLeft != 0 || !a.Joined {
			t.Errorf("authority ends after %v with %d renewals", a.Until.Sub(began), a.RenewalsLeft)
		}
		if _, ok := auth.auth.Code(); ok {
			t.Error("the code is still there to be shown")
		}
	})
}

// stages brings a pair to each step; the returned function says where both are then.
var stages = []struct {
	name       string
	reach      func(w *world) (auth, supp *party)
	auth, supp State // supp is empty when there is none yet
}{
	{"showing", func(w *world) (*party, *party) {
		auth := w.authority(newAccount())
		auth.address()
		return auth, nil
	}, Showing, ""},
	{"asked", func(w *world) (*party, *party) { return w.pair() }, Asked, Confirming},
	{"authority confirmed", func(w *world) (*party, *party) {
		auth, supp := w.pair()
		auth.confirm("")
		return auth, supp
	}, Asked, Confirming},
	{"supplicant confirmed", func(w *world) (*party, *party) {
		auth, supp := w.pair()
		supp.confirm("")
		return auth, supp
	}, Asked, Waiting},
	{"granting", func(w *world) (*party, *party) {
		auth, supp := w.pair()
		auth.account.hold = make(chan struct{})
		supp.confirm("")
		auth.confirm("")
		return auth, supp
	}, Granting, Waiting},
	{"redeeming", func(w *world) (*party, *party) {
		auth, supp := w.pair()
		supp.account.hold = make(chan struct{})
		supp.confirm("")
		auth.confirm("")
		return auth, supp
	}, Done, Redeeming},
}

func TestCancelAtEveryStep(t *testing.T) {
	for _, stage := range stages {
		for _, who := range []string{"authority", "supplicant"} {
			t.Run(stage.name+"/"+who, func(t *testing.T) {
				inWorld(t, func(t *testing.T, w *world) {
					auth, supp := stage.reach(w)
					auth.is(stage.auth)
					if supp != nil {
						supp.is(stage.supp)
					}
					if who == "authority" {
						auth.flow.Cancel()
						if stage.auth == Done {
							close(supp.account.hold)
							auth.ends(nil)
							supp.endsSoon(nil)
							return
						}
						auth.endsSoon(ErrCancelled)
						if supp != nil {
							supp.endsSoon(ErrPeerCancelled)
						}
					} else if supp != nil {
						supp.flow.Cancel()
						supp.endsSoon(ErrCancelled)
						if stage.auth == Done {
							auth.ends(nil)
						} else {
							auth.endsSoon(ErrPeerCancelled)
						}
					}
					if stage.auth != Done && len(auth.account.granted) != 0 {
						t.Error("granted all the same")
					}
					if supp != nil && (len(supp.account.redeemed) != 0 || supp.account.abandoned != 1) {
						t.Errorf("redeemed %d, abandoned %d", len(supp.account.redeemed), supp.account.abandoned)
					}
				})
			})
		}
	}
}

func TestCancelBeforeRunAndTwice(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		relay, _ := w.relayFor("")
		a, err := NewAuthority(AuthorityParams{Server: w.svc.URL(), Relay: relay, Granter: newAccount()})
		if err != nil {
			t.Fatal(err)
		}
		a.Cancel()
		a.Cancel()
		if err := a.Run(t.Context()); !errors.Is(err, ErrCancelled) {
			t.Errorf("Run: %v", err)
		}
		if err := a.Run(t.Context()); err == nil {
			t.Error("a second Run was accepted")
		}
		if err := a.Confirm(t.Context(), ""); !errors.Is(err, ErrEnded) {
			t.Errorf("Confirm: %v", err)
		}
	})
}

// TestVanishAtEveryStep pulls the plug of one side: it knows at once, the other after its timer.
func TestVanishAtEveryStep(t *testing.T) {
	for _, stage := range stages[1:] {
		for _, who := range []string{"authority", "supplicant"} {
			t.Run(stage.name+"/"+who, func(t *testing.T) {
				inWorld(t, func(t *testing.T, w *world) {
					auth, supp := stage.reach(w)
					auth.is(stage.auth)
					supp.is(stage.supp)
					gone, left, wantLeft := auth, supp, ErrNotConfirmed
					if who == "supplicant" {
						gone, left, wantLeft = supp, auth, ErrTimedOut
					}
					gone.cut(0)
					switch {
					case stage.supp == Redeeming: // the code has arrived: all is well
						close(supp.account.hold)
						auth.ends(nil)
						supp.endsSoon(nil)
					case stage.auth == Granting && who == "supplicant":
						auth.endsAfterGrant()
						supp.endsSoon(ErrRelayDropped)
					default:
						gone.endsSoon(ErrRelayDropped)
						left.ends(wantLeft)
						if len(auth.account.granted) != 0 {
							t.Error("granted all the same")
						}
					}
				})
			})
		}
	}
}

// endsAfterGrant lets the grant go on: the code is sent to nobody, which cannot be noticed.
func (p *party) endsAfterGrant() {
	p.t.Helper()
	close(p.account.hold)
	p.ends(nil)
}

func TestWrongKey(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		auth := w.authority(newAccount())
		code, err := ParseAddress(auth.address(), w.svc.URL())
		if err != nil {
			t.Fatal(err)
		}
		code.key[0] ^= 1
		supp := w.supplicant(newAccount(), code.Address())
		supp.endsSoon(ErrWrongKey)
		auth.endsSoon(ErrWrongKey)
	})
}

func TestTwoPhonesRacing(t *testing.T) {
	t.Run("at once", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			auth := w.authority(newAccount())
			address := auth.address()
			one, two := w.supplicant(newAccount(), address), w.supplicant(newAccount(), address)
			for _, p := range w.parties {
				if err := <-p.done; err == nil {
					t.Error("somebody succeeded")
				} else {
					p.done <- err
				}
			}
			if len(auth.account.granted)+len(one.account.redeemed)+len(two.account.redeemed) != 0 {
				t.Error("a code was made")
			}
		})
	})
	t.Run("late", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			auth := w.authority(newAccount())
			address := auth.address()
			first := w.supplicant(newAccount(), address)
			auth.is(Asked)
			late := w.supplicant(newAccount(), address)
			auth.endsSoon(ErrDisturbed)
			first.endsSoon(ErrDisturbed)
			if err := <-late.done; err == nil {
				t.Error("the late one succeeded")
			} else {
				late.done <- err
			}
		})
	})
	t.Run("used code", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			auth := w.authority(newAccount())
			address := auth.address()
			auth.flow.Cancel()
			auth.endsSoon(ErrCancelled)
			synctest.Wait() // the relay has seen that the channel is empty
			w.supplicant(newAccount(), address).endsSoon(ErrCodeUnknown)
		})
	})
}

func TestStrangerOnTheChannel(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		auth := w.authority(newAccount())
		code, err := ParseAddress(auth.address(), w.svc.URL())
		if err != nil {
			t.Fatal(err)
		}
		relay, _ := w.relayFor("stranger")
		l, err := relay.dial(t.Context(), code.channelID)
		if err != nil {
			t.Fatal(err)
		}
		l.send("not a record!")
		auth.endsSoon(ErrDisturbed)
		l.close()
	})
}

func TestMessageBudget(t *testing.T) {
	for name, c := range map[string]struct {
		messages   int
		auth, supp error
	}{
		"ten suffice":          {10, nil, nil},
		"nine carry the code":  {9, nil, nil},
		"the code is too much": {8, nil, ErrRelayDropped}, // a drop after the code is success for the sender
		"no word of the yes":   {7, ErrRelayDropped, ErrRelayDropped},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				relay := w.svc.Relay()
				limits := relayLimits()
				limits.Messages = c.messages
				relay.SetLimits(limits)
				auth, supp := w.pair()
				auth.confirm("")
				supp.confirm("")
				auth.ends(c.auth)
				supp.endsSoon(c.supp)
			})
		})
	}
}

func TestRelayRestart(t *testing.T) {
	t.Run("while showing", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			auth := w.authority(newAccount())
			before := auth.address()
			w.svc.Relay().Restart()
			time.Sleep(renewPause)
			after := auth.address()
			if after == before || auth.flow.Status().RenewalsLeft != Renewals-1 {
				t.Errorf("not renewed: %+v", auth.flow.Status())
			}
			w.supplicant(newAccount(), before).endsSoon(ErrCodeUnknown)
			supp := w.supplicant(newAccount(), after)
			supp.confirm("")
			auth.confirm("")
			auth.endsSoon(nil)
			supp.endsSoon(nil)
		})
	})
	for away, c := range map[time.Duration]struct {
		left int
		end  error
	}{
		2 * time.Second: {Renewals - 1, nil}, 3 * time.Second: {Renewals - 2, nil}, 10 * time.Second: {Renewals - 4, nil}, time.Hour: {0, ErrRelayUnreachable},
	} {
		t.Run(fmt.Sprintf("while showing, and away for %v", away), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				auth := w.authority(newAccount())
				auth.is(Showing)
				auth.cut(away)
				time.Sleep(min(away+10*time.Second, 3*time.Minute))
				if status := auth.flow.Status(); status.RenewalsLeft != c.left {
					t.Errorf("%d renewals left", status.RenewalsLeft)
				}
				if c.end != nil {
					auth.ends(c.end)
					return
				}
				supp := w.supplicant(newAccount(), auth.address())
				supp.confirm("")
				auth.confirm("")
				auth.endsSoon(nil)
				supp.endsSoon(nil)
			})
		})
	}
	t.Run("while asked", func(t *testing.T) {
		inWorld(t, func(t *testing.T, w *world) {
			auth, supp := w.pair()
			w.svc.Relay().Restart()
			auth.endsSoon(ErrRelayDropped)
			supp.endsSoon(ErrRelayDropped)
		})
	})
}

func TestExpiryWithoutAnybody(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		auth := w.authority(newAccount())
		began := time.Now()
		seen := map[string]bool{}
		for i := range Renewals + 1 {
			seen[auth.address()] = true
			if left := auth.flow.Status().RenewalsLeft; left != Renewals-i {
				t.Errorf("code %d: %d renewals left", i, left)
			}
			if until := auth.flow.Status().Until; time.Until(until) != CodeLife {
				t.Errorf("code %d lives %v", i, time.Until(until))
			}
			time.Sleep(CodeLife)
		}
		auth.endsSoon(ErrTimedOut)
		if len(seen) != Renewals+1 || auth.endAt.Sub(began) != CodeLife*(Renewals+1) {
			t.Errorf("%d codes in %v", len(seen), auth.endAt.Sub(began))
		}
	})
}

func TestExpiryAfterJoining(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		auth := w.authority(newAccount())
		address := auth.address()
		time.Sleep(CodeLife - time.Second)
		supp := w.supplicant(newAccount(), address)
		auth.is(Asked)
		joined := time.Now()
		supp.ends(ErrNotConfirmed)
		if d := supp.endAt.Sub(joined); d != peopleTime {
			t.Errorf("the supplicant waited %v", d)
		}
		auth.ends(ErrPeerCancelled) // the supplicant says goodbye
	})
}

func TestTwoStepCode(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		acct := newAccount()
		acct.twoStep = true
		auth := w.authority(acct)
		supp := w.supplicant(newAccount(), auth.address())
		auth.is(Asked)
		if !auth.flow.Status().NeedsTwoStep {
			t.Fatal("no two-step code wanted")
		}
		if err := auth.auth.Confirm(t.Context(), ""); !errors.Is(err, ErrTwoStepNeeded) {
			t.Errorf("no code: %v", err)
		}
		for code, want := range map[string]error{
			"999999": ErrTwoStepWrong, "000000": ErrTwoStepUnchecked, "12345": ErrTwoStepWrong, "letters": ErrTwoStepWrong,
		} {
			if err := auth.auth.Confirm(t.Context(), code); !errors.Is(err, want) || !errors.Is(auth.flow.Status().Err, want) {
				t.Errorf("code %s: %v", code, err)
			}
		}
		auth.confirm("123456")
		if err := auth.auth.Confirm(t.Context(), "123456"); !errors.Is(err, ErrNotNow) {
			t.Errorf("second confirmation: %v", err)
		}
		time.Sleep(twoStepAge + time.Second) // too old when the other side confirms
		supp.confirm("")
		auth.is(Asked)
		if st := auth.flow.Status(); !st.NeedsTwoStep || st.ConfirmedHere {
			t.Fatalf("an old two-step code was enough: %+v", st)
		}
		auth.confirm("123456")
		auth.endsSoon(nil)
		supp.endsSoon(nil)
	})
}

func TestTwoStepQuestionFails(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		acct := newAccount()
		acct.twoStep, acct.twoStepErr = true, errTest
		auth := w.authority(acct)
		supp := w.supplicant(newAccount(), auth.address())
		supp.confirm("")
		auth.confirm("")
		auth.endsSoon(nil)
		supp.endsSoon(nil)
	})
}

func TestServerRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		prepare    func(auth, supp *account)
		auth, supp error
		abandoned  int
	}{
		"the grant":        {func(a, _ *account) { a.grantErr = errTest }, ErrGrant, ErrPeerCancelled, 1},
		"a strange code":   {func(a, _ *account) { a.code = "abc" }, ErrGrant, ErrPeerCancelled, 1},
		"the code":         {func(_, s *account) { s.redeemErr = errTest }, nil, ErrRedeem, 1},
		"another account":  {func(_, s *account) { s.who.Email = "other@example.com" }, nil, ErrOtherAccount, 1},
		"the account here": {func(_, s *account) { s.who.UID = "other" }, nil, ErrOtherAccount, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				auth, supp := w.pair()
				c.prepare(auth.account, supp.account)
				supp.confirm("")
				auth.confirm("")
				auth.endsSoon(c.auth)
				supp.endsSoon(c.supp)
				if supp.account.abandoned != c.abandoned {
					t.Errorf("abandoned %d times", supp.account.abandoned)
				}
				end := supp.flow.Status().Err
				if end != nil && !slices.ContainsFunc(ends, func(known error) bool { return errors.Is(end, known) }) {
					t.Errorf("it ended with %v, which no caller could know", end)
				}
			})
		})
	}
}

func TestConfirmTooEarly(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		auth := w.authority(newAccount())
		auth.address()
		if err := auth.auth.Confirm(t.Context(), ""); !errors.Is(err, ErrNotNow) {
			t.Errorf("%v", err)
		}
	})
}

func TestRelayUnreachable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, address := range []string{"", "wss://", "ftp://127.0.0.1", "ws://relay.example.com", "::"} {
			a, err := NewAuthority(AuthorityParams{Server: "https://accounts.firefox.com", Relay: Relay{URL: address}, Granter: newAccount()})
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Run(t.Context()); !errors.Is(err, ErrRelayUnreachable) || a.Status().State != Failed {
				t.Errorf("%q: %v, %v", address, err, a.Status().State)
			}
		}
	})
}

func TestParams(t *testing.T) {
	if _, err := NewAuthority(AuthorityParams{Server: "https://accounts.firefox.com"}); err == nil {
		t.Error("an authority without a granter")
	}
	if _, err := NewAuthority(AuthorityParams{Server: "http://accounts.firefox.com", Granter: newAccount()}); err == nil {
		t.Error("an authority over plain http")
	}
	if _, err := NewSupplicant(SupplicantParams{Server: "https://accounts.firefox.com"}); err == nil {
		t.Error("a supplicant without a redeemer")
	}
	_, err := NewSupplicant(SupplicantParams{Server: "https://accounts.firefox.com", Address: "x", Redeemer: newAccount()})
	if !errors.Is(err, ErrBadAddress) {
		t.Errorf("%v", err)
	}
}

// ends are what a caller can tell apart.
var ends = []error{
	ErrCancelled, ErrPeerCancelled, ErrTimedOut, ErrCodeUnknown, ErrNoAnswer, ErrNotAccepted, ErrNotConfirmed, ErrWrongKey,
	ErrDisturbed, ErrRequestRefused, ErrOtherAccount, ErrGrant, ErrRedeem, ErrBadAddress, ErrRelayUnreachable, ErrRelayDropped,
}
