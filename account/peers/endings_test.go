//go:build peers

package peers

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// TestPeerFirefoxEndings: what ends one side's sign-in is noticed by it, and by the other.
func TestPeerFirefoxEndings(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	shared := newBrowser(t, s, nil)

	// meet signs the shared Firefox and a new Tabferry in to a new account, aware of each other.
	meet := func(t *testing.T, email string) (b *browser, f *ferry, there localapi.Device, here device) {
		t.Helper()
		b = shared.in(t)
		b.account = s.NewAccount(email, "secret words")
		f = newFerry(t, s, b.account, "Tabferry here")
		f.signIn()
		b.signIn("Firefox there")
		return b, f, f.untilDevice("Firefox there"), b.untilDevice("Tabferry here")
	}
	withoutFirefox := func(n localapi.Snapshot) bool {
		return !slices.ContainsFunc(n.Devices.Items, func(d localapi.Device) bool { return d.Name == "Firefox there" })
	}
	withoutTabferry := func(b *browser) {
		b.t.Helper()
		until(b.t, "Firefox lists no Tabferry", func() (bool, string) {
			names := deviceNames(b.devices())
			return !slices.Contains(names, "Tabferry here"), fmt.Sprintf("it lists %q", names)
		})
	}

	t.Run("revoked elsewhere", func(t *testing.T) {
		b, f, _, _ := meet(t, "revoked@example.org")
		b.account.ChangePassword()
		f.untilState("asking to sign in again", func(n localapi.Snapshot) bool { return n.Account.State == localapi.NeedsSignIn })
		until(t, "Firefox asks to sign in again", func() (bool, string) {
			return !b.hasSession(), "it still has a session"
		})
		if got := b.signedInAs(); got != b.account.Email() {
			t.Errorf("Firefox has forgotten whom to ask: %q", got)
		}
		f.signIn()
		b.signOut()
		b.signIn("Firefox again")
		there := f.untilDevice("Firefox again")
		f.send(there.ID, localapi.Link{URL: page(s, "again"), Title: "Again"})
		b.untilOpen(page(s, "again"))
		b.signOut()
	})

	t.Run("Tabferry is disconnected elsewhere", func(t *testing.T) {
		b, f, _, here := meet(t, "disconnected@example.org")
		if !b.account.DeleteDevice(here.ID) {
			t.Fatal("the service does not know the device")
		}
		f.untilState("signed out", func(n localapi.Snapshot) bool { return n.Account.State == localapi.SignedOut })
		withoutTabferry(b)
		b.signOut()
	})

	t.Run("Tabferry disconnects Firefox", func(t *testing.T) {
		b, f, there, _ := meet(t, "disconnects@example.org")
		if err := f.DisconnectDevice(t.Context(), there.ID); err != nil {
			t.Fatal(err)
		}
		until(t, "Firefox is signed out", func() (bool, string) { return b.signedInAs() == "", "it is still signed in" })
		b.untilUnsubscribed()
		f.untilState("without the device", withoutFirefox)
	})

	t.Run("Tabferry signs out", func(t *testing.T) {
		b, f, _, _ := meet(t, "leaves@example.org")
		if err := f.SignOut(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		withoutTabferry(b)
		b.signOut()
	})

	t.Run("Firefox signs out", func(t *testing.T) {
		b, f, _, _ := meet(t, "left@example.org")
		b.signOut()
		if err := f.Refresh(t.Context()); err != nil { // nobody is told of a session's own end
			t.Fatal(err)
		}
		f.untilState("without the device", withoutFirefox)
	})
}
