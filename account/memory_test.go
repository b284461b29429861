//go:build !race

package account

import (
	"crypto/rand"
	"encoding/json"
	"runtime"
	"testing"

	"github.com/tabferry/tabferry/account/internal/keys"
	"github.com/tabferry/tabferry/account/internal/wire"
)

// Sealing a long tab writes it three times, as JSON, as ciphertext and as base64, and takes no more memory
// than that; opening it not much more than reading it.
func TestMemoryOfATab(t *testing.T) {
	payload := benchTabs["9kB"]
	k, err := keys.NewCommandKeys(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	o := outgoing{account: &Account{}, keys: k.Public()}
	o.account.random = rand.Reader
	sealed, err := o.seal(payload, 0)
	if err != nil {
		t.Fatal(err)
	}
	ciphers := commandCiphers{known: map[string]keys.CommandKeys{commandOpenURI: k}}
	message := wire.Command{Index: 1, Command: commandOpenURI, Payload: json.RawMessage(sealed.Payload)}
	for name, f := range map[string]func() error{
		"sealing": func() error { _, err := o.seal(payload, 0); return err },
		"opening": func() error { _, err := decodeCommand(&ciphers, message, Incoming{}); return err },
	} {
		const runs = 100
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range runs {
			if err := f(); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		if per := (after.TotalAlloc - before.TotalAlloc) / runs; per > 48_000 {
			t.Errorf("%s a tab of 9 kB takes %d bytes", name, per)
		}
	}
}
