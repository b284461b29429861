//go:build !windows && !darwin

package clipboard

import (
	"slices"
	"testing"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// FuzzX11Targets: of what an owner says to offer, the first form of text that stands whole on the list is
// asked for, and none where a password's mark stands there.
func FuzzX11Targets(f *testing.F) {
	const secret = 400
	c := &x11Clipboard{atoms: map[string]xproto.Atom{xSecret: secret}}
	var forms []uint32
	for i, form := range textForms() {
		forms = append(forms, uint32(300+i))
		c.atoms[form] = xproto.Atom(300 + i)
	}
	list := func(atoms ...uint32) []byte {
		b := make([]byte, 4*len(atoms))
		for i, atom := range atoms {
			xgb.Put32(b[4*i:], atom)
		}
		return b
	}
	f.Add([]byte{})
	f.Add(list(1, forms[0], 2))
	f.Add(list(forms...))
	f.Add(list(forms[len(forms)-1], secret))
	f.Add(list(secret, forms[0]))
	f.Add(list(forms[0])[:3])
	f.Add(append(list(forms[0]), list(secret)[:2]...))
	f.Fuzz(func(t *testing.T, value []byte) {
		var atoms []uint32
		for i := range len(value) / 4 {
			atoms = append(atoms, xgb.Get32(value[4*i:]))
		}
		want := ""
		for i, form := range textForms() {
			if want == "" && slices.Contains(atoms, forms[i]) && !slices.Contains(atoms, secret) {
				want = form
			}
		}
		if got := c.offered(value); got != want {
			t.Errorf("%v: %q, want %q", atoms, got, want)
		}
	})
}
