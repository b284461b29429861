package localapi

import "testing"

func TestPassphraseStrength(t *testing.T) {
	for passphrase, want := range map[string]Strength{
		"":                            TooShort,
		"a":                           TooShort,
		"1234567":                     TooShort,
		"aaaaaaaaaaaaaaaa":            TooShort, // long, and one guess
		"abababab":                    TooShort,
		"12345678":                    Weak,
		"abcdefghijklmnop":            Weak,
		"password":                    Weak,
		"Tr0ub4dor":                   Fair,
		"correct horse":               Strong,
		"correct horse battery stapl": Strong,
		"ключ от лодки":               Strong,
		"犬猫鳥魚牛馬羊":                     TooShort,
		"犬猫鳥魚牛馬羊豚":                    Fair,
		"\xff\xfe\xff\xfe":            TooShort,
	} {
		if got := PassphraseStrength(passphrase); got != want {
			t.Errorf("%q is %d, want %d", passphrase, got, want)
		}
	}
}
