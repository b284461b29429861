package window

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/ui/widget"
)

func TestSignInWithTheBrowser(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedOut())
		h.want("Welcome to Tabferry", "Sign in with your browser", "Use a signed-in Firefox")
		h.wantNot("Account server")
		begun := localapi.SignIn{URL: "https://accounts.example/authorize", Loopback: true}
		h.agent.Answer("BeginSignIn", begun)
		p := paneOf[*signInPane](h, PaneSignIn)
		p.parts.email.SetText(" me@example.com ")
		h.agent.Refuse("Unlock", &localapi.Error{Code: localapi.CodeLocked, Message: "The keyring is locked."})
		h.tap("Open the browser")
		h.wantCalls("SignInShown email", "Unlock ") // nothing opens before it is clear how the sign-in is kept
		h.want("The keyring is locked.")
		h.agent.Refuse("Unlock", nil)
		h.tap("Open the browser")
		h.wantCalls("Unlock ", "BeginSignIn me@example.com")
		if !slices.Equal(h.opened, []string{"https://accounts.example/authorize"}) {
			t.Errorf("opened %q", h.opened)
		}
		h.change(func(s *localapi.Snapshot) {
			s.Account.State, s.SignIn = localapi.SigningIn, &begun
		})
		h.want("Finish the sign-in", "notices by itself")
		h.tap("Open the page again")
		if len(h.opened) != 2 {
			t.Errorf("opened %q", h.opened)
		}
		h.tap("Cancel")
		h.wantCalls("CancelSignIn")
		h.send(with(signedOut(), func(s *localapi.Snapshot) { s.Account.Cause = "It took too long." }))
		h.want("It took too long.")
		h.wantCalls("SignInShown email") // visible again
		h.tap("Read a code")
		h.wantCalls()
		h.w.show(PaneSignIn)
		h.settle()
		h.wantCalls("SignInShown email") // and again
	})
}

// TestSignInGoesOnAfterTheChoice: whoever had to choose first how the sign-in is kept need not begin again.
func TestSignInGoesOnAfterTheChoice(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedOut())
		h.agent.Answer("BeginSignIn", localapi.SignIn{URL: "https://accounts.example/authorize", Loopback: true})
		h.agent.Refuse("Unlock", &localapi.Error{Code: localapi.CodeLocked, Message: "There is no keyring."})
		paneOf[*signInPane](h, PaneSignIn).parts.email.SetText("me@example.com")
		h.tap("Open the browser")
		h.change(func(s *localapi.Snapshot) { s.Storage.Protection = localapi.Undecided })
		h.take()
		h.tap("Keep nothing")
		h.change(func(s *localapi.Snapshot) { s.Storage.Protection = localapi.MemoryOnly })
		if calls := h.take(); !slices.Contains(calls, "Protect memory ") || !slices.Contains(calls, "BeginSignIn me@example.com") || len(h.opened) != 1 {
			t.Errorf("it asked for %q and opened %q", calls, h.opened)
		}
		h.change(func(s *localapi.Snapshot) { s.Account.State = localapi.SignedOut })
		h.change(func(s *localapi.Snapshot) { s.Storage.Protection = localapi.Undecided })
		h.tap("Keep nothing")
		h.change(func(s *localapi.Snapshot) { s.Storage.Protection = localapi.MemoryOnly })
		if len(h.opened) != 1 {
			t.Errorf("a choice alone opened %q", h.opened)
		}
	})
}

// TestSignInEndsOnSend: whoever went to the browser from here comes back to the pane to go on with, and the
// window comes forward; a sign-in that was begun elsewhere moves no window.
func TestSignInEndsOnSend(t *testing.T) {
	for name, here := range map[string]bool{"begun here": true, "begun elsewhere": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(h *harness) {
				h.send(signedOut())
				begun := localapi.SignIn{URL: "https://accounts.example/authorize", Loopback: true}
				h.agent.Answer("BeginSignIn", begun)
				if here {
					h.tap("Open the browser")
				}
				h.change(func(s *localapi.Snapshot) { s.Account.State, s.SignIn = localapi.SigningIn, &begun })
				h.w.show(PaneSettings)
				h.send(signedIn())
				if got := h.w.current == PaneSend; got != here {
					t.Errorf("the window shows %s", h.w.current)
				}
				h.w.show(PaneSettings)
				h.send(signedIn())
				if h.w.current != PaneSettings {
					t.Error("later states take the person away from a pane")
				}
			})
		})
	}
}

// TestSignInAgainKnowsTheAddress: the field holds it already.
func TestSignInAgainKnowsTheAddress(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Account.State = localapi.NeedsSignIn }))
		h.w.show(PaneSignIn)
		h.settle()
		h.take()
		h.agent.Answer("BeginSignIn", localapi.SignIn{URL: "https://accounts.example/authorize", Loopback: true})
		h.tap("Open the browser")
		h.wantCalls("Unlock ", "BeginSignIn demo@example.com")
	})
}

func TestTheFinalAddressComesFromTheClipboardOrByHand(t *testing.T) {
	const prefix = "https://accounts.firefox.com/oauth/success/3c49430b43dfba77"
	inBubble(t, nil, func(h *harness) {
		h.app.Clipboard().SetContent(prefix + "?code=old") // before there is a sign-in, nobody looks
		h.send(signedOut())
		h.advance(time.Minute)
		h.wantCalls("SignInShown email")
		h.app.Clipboard().SetContent("https://bank.example/?secret=1")
		h.change(func(s *localapi.Snapshot) {
			s.Account.State = localapi.SigningIn
			s.SignIn = &localapi.SignIn{URL: "https://x.example", RedirectPrefix: prefix}
		})
		h.advance(5 * time.Second)
		h.wantCalls() // another address is none of our business
		p := paneOf[*signInPane](h, PaneSignIn)
		p.parts.final.SetText("https://bank.example/?secret=1")
		h.tap("Continue")
		h.wantCalls()
		h.want("not the address of the last page")
		h.agent.Refuse("CompleteSignIn", &localapi.Error{Code: localapi.CodeSignIn, Message: "The code has expired"})
		h.app.Clipboard().SetContent(prefix + "?code=1&state=2\n")
		h.advance(2 * time.Second)
		h.wantCalls("CompleteSignIn " + prefix + "?code=1&state=2")
		h.want("The code has expired")
		h.advance(10 * time.Second)
		h.wantCalls() // the same text is tried once
	})
}

func TestUnlockAndProtect(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		locked := with(signedOut(), func(s *localapi.Snapshot) {
			s.Storage = localapi.Storage{Protection: localapi.ProtectedByPassphrase, Locked: true}
		})
		h.send(locked)
		p := paneOf[*signInPane](h, PaneSignIn)
		h.agent.Refuse("Unlock", &localapi.Error{Code: localapi.CodeConflict, Message: "The passphrase is wrong"})
		p.parts.secret.SetText("secret")
		h.tap("Unlock")
		h.wantCalls("Unlock secret")
		h.want("The passphrase is wrong")

		h.tap("Start again without the saved data…") // who forgot it is in no dead end
		h.wantCalls()
		h.tap("Delete and start again")
		h.wantCalls("SignOut true")

		h.send(with(signedOut(), func(s *localapi.Snapshot) { s.Storage.WaitingForKeyring = true }))
		h.want("Waiting for the keyring")
		h.tap("Ask again")
		h.wantCalls("Unlock ")
		h.tap("Go on without it")
		h.want("Welcome to Tabferry")

		h.send(with(signedOut(), func(s *localapi.Snapshot) { s.Storage.Protection = localapi.Undecided }))
		h.tap("Use this passphrase")
		h.want("Please type a passphrase.")
		p.parts.secret.SetText("one")
		h.want("Too short: at least 8 characters")
		p.parts.secret.SetText("onetwothree")
		h.want("Fair")
		p.parts.secret.SetText("one")
		h.tap("Use this passphrase")
		h.want("passphrases are different")
		h.wantCalls("SignInShown email")
		h.wantNot("Make a keyring")
		h.tap("Keep nothing")
		h.wantCalls("Protect memory ")

		h.send(with(signedOut(), func(s *localapi.Snapshot) {
			s.Storage = localapi.Storage{Protection: localapi.Undecided, NoKeyringYet: true, Problem: "No keyring yet."}
		}))
		h.want("No keyring yet.", "Use this passphrase")
		h.tap("Make a keyring")
		h.wantCalls("Protect new-keyring ")

		// The keyring asks its person, and the window shows that, before the answer comes.
		answer := h.agent.Hold("Protect")
		h.agent.Refuse("Protect", &localapi.Error{Code: localapi.CodeLocked, Message: "Waiting for the keyring."})
		h.tap("Make a keyring")
		h.send(with(signedOut(), func(s *localapi.Snapshot) { s.Storage.WaitingForKeyring = true }))
		answer()
		h.settle()
		h.want("Waiting for the keyring")
	})
}

func TestPairAPhone(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PanePair)
		h.want("Ready to scan")
		h.tap("Show the code")
		h.wantCalls("ShowPairing")
		showing := pairing(localapi.PairShowing, true)
		h.change(func(s *localapi.Snapshot) { s.Pairing = &showing })
		h.wantCalls("PairingCode")
		h.want("4:07 left", "renews itself 5 more times")
		p := paneOf[*pairPane](h, PanePair)
		if p.parts.code.Code == nil {
			t.Fatal("no code is drawn")
		}
		h.advance(2 * time.Second)
		h.want("4:05 left")
		h.tap("Larger")
		h.want("Smaller")
		h.wantCalls() // the code is fetched once

		// Its link leaves only after a warning, and leaves the clipboard with the code.
		h.tap("Copy the link")
		h.want("Whoever has this link")
		h.wantCalls()
		h.w.dialog.accept()
		h.settle()
		h.wantCalls("PairingCode")
		if h.app.Clipboard().Content() != code {
			t.Errorf("copied %q", h.app.Clipboard().Content())
		}

		scanned := showing
		scanned.Scanned = true
		h.change(func(s *localapi.Snapshot) { s.Pairing = &scanned })
		h.want("A device has read the code…")
		h.wantNot("Copy the link")
		if p.code != nil {
			t.Error("the code that was read is kept")
		}

		asked := pairing(localapi.PairAsked, true)
		asked.NeedsTOTP = true
		h.change(func(s *localapi.Snapshot) { s.Pairing = &asked })
		if p.code != nil {
			t.Error("the used code is kept")
		}
		if h.app.Clipboard().Content() != "" {
			t.Error("the used code's link is kept on the clipboard")
		}
		h.want("Pixel 9", "Berlin, Germany", "203.0.113.7", "demo@example.com", "Firefox for Android")
		h.tap("Allow")
		h.want("Type the code from your authenticator app.")
		h.wantCalls()
		p.parts.totp.SetText("123 456")
		h.tap("Allow")
		h.wantCalls("ConfirmPairing 123456")
		h.tap("Decline")
		h.wantCalls("CancelPairing")
		h.want("Declined: the device was not let in.")

		plainAsked := pairing(localapi.PairAsked, true)
		h.change(func(s *localapi.Snapshot) { s.Pairing = &plainAsked })
		if b, ok := h.w.win.Canvas().Focused().(*widget.Button); !ok || b.Text != "Decline" {
			t.Error("declining is not the default")
		}
		over := pairing(localapi.PairTimedOut, true)
		h.change(func(s *localapi.Snapshot) { s.Pairing = &over })
		h.want("The code has expired")
		h.tap("Start again")
		h.wantCalls("CancelPairing", "ShowPairing")
	})
}

func TestPairingWithoutASessionLeadsToTheWeb(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(with(signedIn(), func(s *localapi.Snapshot) { s.Account.HasSession = false }))
		h.w.show(PanePair)
		h.wantNot("Show the code")
		h.tap("Use the account's pairing page")
		h.wantCalls("PageURL pair_phone")
	})
}

func TestPairThisComputer(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedOut())
		h.tap("Read a code")
		h.want("Connect this computer", "Confirm here and there.")
		h.wantNot("Read it from the screen") // there is no way to take a picture here
		p := paneOf[*pairPane](h, PanePair)
		p.parts.address.SetText("https://example.org/")
		h.tap("Continue")
		h.advance(time.Minute)
		h.want("not the address of a pairing code") // beside the field, as long as it is so
		h.wantCalls("SignInShown email")
		h.app.Clipboard().SetContent(" " + code + "\n")
		h.tap("From the clipboard")
		h.wantCalls("JoinPairing " + code)

		confirming := pairing(localapi.PairConfirming, false)
		h.change(func(s *localapi.Snapshot) { s.Pairing = &confirming })
		h.want("Sign in with this account?", "demo@example.com")
		h.tap("Yes, sign in")
		h.wantCalls("ConfirmPairing ")
		waiting := confirming // the agent compares it with the one before
		waiting.ConfirmedHere = true
		h.change(func(s *localapi.Snapshot) { s.Pairing = &waiting })
		h.want("Waiting for the other device to confirm")
		failed := pairing(localapi.PairFailed, false)
		failed.Problem = "The other device declined."
		h.change(func(s *localapi.Snapshot) { s.Pairing = &failed })
		h.want("The other device declined.")
		for _, words := range h.words() {
			if strings.Contains(words, "channel_key") {
				t.Error("the code's address is shown")
			}
		}
	})
}

func TestTheClipboardHoldsAPicture(t *testing.T) {
	var copied []byte
	var refusal error
	inBubble(t, func(p *Params) {
		p.ClipboardPicture = func(context.Context) ([]byte, error) { return copied, refusal }
	}, func(h *harness) {
		h.send(signedOut())
		h.tap("Read a code")
		h.app.Clipboard().SetContent("")
		copied = picture(t, code)
		h.tap("From the clipboard")
		h.wantCalls("SignInShown email", "JoinPairing "+code)
		p := paneOf[*pairPane](h, PanePair)
		p.parts.address.TypedShortcut(&fyne.ShortcutPaste{Clipboard: h.app.Clipboard()})
		h.settle()
		h.wantCalls("JoinPairing " + code)
		h.w.pasted("")
		h.settle()
		h.wantCalls("JoinPairing " + code)
		copied = []byte("no picture at all")
		h.tap("From the clipboard")
		h.want("no readable code in that picture")
		copied, refusal = nil, errors.New("nothing there")
		h.tap("From the clipboard")
		h.want("neither a link nor a picture")
		h.wantCalls()
	})
}

func TestTheScreenHoldsACode(t *testing.T) {
	words, refusal := code, error(nil)
	inBubble(t, func(p *Params) {
		p.GrabScreen = func(context.Context) (image.Image, error) { return image.NewGray(image.Rect(0, 0, 1, 1)), refusal }
		p.ReadCode = func(image.Image) (string, error) { return words, nil }
	}, func(h *harness) {
		h.send(signedOut())
		h.tap("Read a code")
		h.tap("Read it from the screen")
		h.wantCalls("SignInShown email", "JoinPairing "+code)
		words = "https://example.org/"
		h.tap("Read it from the screen")
		h.want("no readable code on the screen")
		refusal = errors.New("not allowed")
		h.tap("Read it from the screen")
		h.want("screen cannot be read here")
		h.wantCalls()
	})
}

func TestAnAskingPairingComesToTheFront(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PaneInbox)
		asked := pairing(localapi.PairAsked, true)
		h.change(func(s *localapi.Snapshot) { s.Pairing = &asked })
		if h.w.current != PanePair {
			t.Errorf("pane %q, want pair", h.w.current)
		}
		h.w.show(PaneInbox)
		h.change(func(s *localapi.Snapshot) { s.Inbox.Unread++ })
		if h.w.current != PaneInbox {
			t.Error("the pane comes back although the person left it")
		}
	})
}

func TestSigningInLeadsToSend(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedOut())
		h.send(signedIn())
		if h.w.current != PaneSend {
			t.Errorf("pane %q, want send", h.w.current)
		}
		h.want("Signed in")
	})
}

// TestPictureIsChosenWhereTheDesktopLetsOne: in its own chooser, and in the toolkit's where it has none.
func TestPictureIsChosenWhereTheDesktopLetsOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "code.png")
	if err := os.WriteFile(file, picture(t, code), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path  string
		err   error
		calls []string
		ours  bool
	}{
		"a file":               {path: file, calls: []string{"JoinPairing " + code}},
		"thought better of it": {},
		"no chooser":           {err: errors.New("none"), ours: true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(p *Params) {
				p.ChooseFile = func(context.Context, string, string, []string) (string, error) { return c.path, c.err }
			}, func(h *harness) {
				h.send(signedOut())
				h.w.show(PanePair)
				h.take()
				h.tap("Open a picture…")
				h.wantCalls(c.calls...)
				if shown := h.w.win.Canvas().Overlays().Top() != nil; shown != c.ours {
					t.Errorf("the toolkit's chooser is shown: %v", shown)
				}
			})
		})
	}
}

// Another device that says nothing any more is told of, on either side, until it speaks.
func TestASilentDeviceIsTold(t *testing.T) {
	inBubble(t, nil, func(h *harness) {
		h.send(signedIn())
		h.w.show(PanePair)
		for _, state := range []localapi.PairingState{localapi.PairAsked, localapi.PairWaiting} {
			waiting := pairing(state, state == localapi.PairAsked)
			waiting.ConfirmedHere = true
			silent := waiting
			silent.Silent, silent.Problem = true, "The other device has said nothing for a while."
			for _, p := range []localapi.Pairing{waiting, silent, waiting} {
				h.change(func(s *localapi.Snapshot) { s.Pairing = &p })
				if h.sees("said nothing for a while") != p.Silent {
					t.Errorf("%s, silent %v: %q", state, p.Silent, h.words())
				}
				h.want("Cancel")
			}
		}
	})
}
