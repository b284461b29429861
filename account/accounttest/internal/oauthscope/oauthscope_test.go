package oauthscope

import (
	"slices"
	"testing"
)

func TestScopeImplication(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		have, want string
		implied    bool
	}{
		{"profile", "profile", true},
		{"profile", "profile:email", true},
		{"profile:email", "profile", false},
		{"profile:write", "profile:email", true},
		{"profile", "profile:email:write", false},
		{"profile:write", "profile:email:write", true},
		{"profilex", "profile", false},
		{"profile", "profilex", false},
		{"profile", "email", false},
		{"https://a.example/x", "https://a.example/x/y", true},
		{"https://a.example/x", "https://a.example/xy", false},
		{"https://a.example/x", "https://b.example/x", false},
		{"https://a.example/x", "profile", false},
		{"profile", "https://a.example/x", false},
	} {
		if got := Implies(c.have, c.want); got != c.implied {
			t.Errorf("Implies(%q, %q) = %v", c.have, c.want, got)
		}
	}
}

// FuzzScopes: implication is reflexive and transitive, and splitting is stable.
func FuzzScopes(f *testing.F) {
	f.Add("profile profile:email", "profile", "profile:email", "profile:email:x")
	f.Add("profile "+OldSync+" "+Session, OldSync, OldSync+"/a", OldSync+"/a/b")
	f.Add("a:write b", "a:write", "a:b:write", "a:b")
	f.Fuzz(func(t *testing.T, list, a, b, c string) {
		if !Implies(a, a) {
			t.Errorf("%q does not imply itself", a)
		}
		if Implies(a, b) && Implies(b, c) && !Implies(a, c) {
			t.Errorf("%q Implies %q Implies %q, but not the first the last", a, b, c)
		}
		split := Split(list)
		if again := Split(Join(split)); !slices.Equal(again, split) {
			t.Errorf("%q splits into %q and then into %q", list, split, again)
		}
	})
}
