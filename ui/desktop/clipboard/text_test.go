//go:build !windows && !darwin

package clipboard

import "testing"

func TestFormsOfText(t *testing.T) {
	for _, c := range []struct{ form, content, want string }{
		{xUTF8, "https://example.org/ä", "https://example.org/ä"},
		{formLatin, "https://example.org/\xe4", "https://example.org/ä"},
		{formLatin, "https://example.org/ä", "https://example.org/ä"},
		{"text/plain", "\xe4", "ä"},
		{formURLs, "# a comment\r\nhttps://example.org/1\r\nhttps://example.org/2\r\n", "https://example.org/1\nhttps://example.org/2"},
		{formMoz, "h\x00t\x00t\x00p\x00:\x00/\x00/\x00a\x00.\x00b\x00/\x00\n\x00T\x00i\x00t\x00l\x00e\x00", "http://a.b/"},
		{formMoz, "https://example.org/\nA title", "https://example.org/"},
		{formMoz, "h\x00t\x00t\x00p\x00:\x00/\x00/\x00a\x00.\x00b\x00/\x00\n\x00\x000\xe5e", "http://a.b/"}, // a title in Japanese, with its blank
		{"image/png", "\x89PNG", "\x89PNG"},
	} {
		if got := decodeText(c.form, c.content); got != c.want {
			t.Errorf("%s: got %q, want %q", c.form, got, c.want)
		}
	}
}
