// Package oauthscope is the arithmetic of OAuth scopes at Mozilla: which one
// implies which, and which come with a key.
package oauthscope

import (
	"slices"
	"strings"
)

// Scopes with a meaning of their own.
const (
	OldSync = "https://identity.mozilla.com/apps/oldsync"
	Session = "https://identity.mozilla.com/tokens/session"
)

// IsURL reports whether a scope is one of Mozilla's, named by an address.
func IsURL(s string) bool { return strings.HasPrefix(s, "https://") }

// Join is the text of a list of scopes.
func Join(scopes []string) string { return strings.Join(scopes, " ") }

// Split returns the distinct scopes in the order of the text.
func Split(text string) []string {
	var out []string
	for scope := range strings.FieldsSeq(text) {
		if !slices.Contains(out, scope) {
			out = append(out, scope)
		}
	}
	return out
}

// Implied reports whether one of the scopes held implies the wanted one.
func Implied(have []string, want string) bool {
	return slices.ContainsFunc(have, func(h string) bool { return Implies(h, want) })
}

// Implies reports whether holding one scope means holding the other: profile
// implies profile:email, a :write scope implies its reading form, a URL scope
// implies those below its path.
func Implies(have, want string) bool {
	if have == want {
		return true
	}
	if IsURL(have) != IsURL(want) {
		return false
	}
	if IsURL(have) {
		return !strings.Contains(have, "#") && strings.HasPrefix(want, strings.TrimSuffix(have, "/")+"/")
	}
	haveRead, haveWrite := strings.CutSuffix(have, ":write")
	wantRead, wantWrite := strings.CutSuffix(want, ":write")
	if wantWrite && !haveWrite {
		return false
	}
	return haveRead == wantRead || strings.HasPrefix(wantRead, haveRead+":")
}

// KeyBearing returns the scopes that come with a key.
func KeyBearing(scopes []string) []string {
	var out []string
	for _, scope := range scopes {
		if scope == OldSync || strings.HasPrefix(scope, OldSync+"/") {
			out = append(out, scope)
		}
	}
	return out
}
