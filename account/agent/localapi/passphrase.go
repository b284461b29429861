package localapi

import (
	"math"
	"unicode"
)

// Strength is how hard a passphrase is to guess for somebody who has the sealed file.
type Strength int

// A passphrase that is too short protects nothing and is refused; the others are told apart for people.
const (
	TooShort Strength = iota
	Weak
	Fair
	Strong
)

// ShortestPassphrase is how many characters a passphrase has at least.
const ShortestPassphrase = 8

// The bits from which on a passphrase is fair and strong. Every guess costs an argon2id of its own: at ten
// of them a second, a thousand cores try 2^38 in a year.
const (
	fairBits   = 45
	strongBits = 65
)

// PassphraseStrength judges a passphrase by its length and the kinds of its characters. Those that repeat
// or go on from the one before ("aaa", "abc", "321") count for nothing: it is an upper bound, no dictionary.
func PassphraseStrength(passphrase string) Strength {
	var kinds [5]bool
	length, counted := 0, 0
	distinct := map[rune]bool{}
	before, step := rune(-10), rune(0)
	for _, r := range passphrase {
		length++
		now := r - before
		if !(now == 0 || now == step && (now == 1 || now == -1)) {
			counted++
		}
		before, step = r, now
		distinct[r] = true
		kinds[kindOf(r)] = true
	}
	if length < ShortestPassphrase || len(distinct) < ShortestPassphrase/2 {
		return TooShort
	}
	symbols := 0
	for kind, size := range [...]int{26, 26, 10, 33, 100} {
		if kinds[kind] {
			symbols += size
		}
	}
	switch bits := float64(counted) * math.Log2(float64(symbols)); {
	case bits >= strongBits:
		return Strong
	case bits >= fairBits:
		return Fair
	}
	return Weak
}

func kindOf(r rune) int {
	switch {
	case r >= 'a' && r <= 'z':
		return 0
	case r >= 'A' && r <= 'Z':
		return 1
	case r >= '0' && r <= '9':
		return 2
	case r <= unicode.MaxASCII:
		return 3
	}
	return 4
}
