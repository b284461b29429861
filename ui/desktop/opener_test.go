package desktop_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/ui/desktop"
)

func TestCheckLink(t *testing.T) {
	cases := []struct{ name, link, want string }{
		{"plain", "https://example.com/a?b=c#d", "https://example.com/a?b=c#d"},
		{"http", "http://localhost:8080", "http://localhost:8080"},
		{"kept as written", "https://example.com/%7Ea?q=%20+x", "https://example.com/%7Ea?q=%20+x"},
		{"umlaut", "https://example.com/ä?q=ö", "https://example.com/%C3%A4?q=%C3%B6"},
		{"blank", "https://example.com/a b?c d", "https://example.com/a%20b?c%20d"},
		{"quotes", `https://example.com/?q="x"`, "https://example.com/?q=%22x%22"},
		{"javascript", "javascript:alert(1)", ""},
		{"file", "file:///etc/passwd", ""},
		{"scheme in capitals is still a link", "HTTPS://example.com", "HTTPS://example.com"},
		{"no host", "https:///path", ""},
		{"port without host", "https://:80/", ""},
		{"option", "--help", ""},
		{"newline", "https://example.com/\n--help", ""},
		{"relative", "example.com", ""},
		{"empty", "", ""},
		{"smb", "smb://host/share", ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := desktop.CheckLink(tc.link)
			if (err != nil) != (tc.want == "") || got != tc.want {
				t.Errorf("CheckLink(%q) = %q, %v; want %q", tc.link, got, err, tc.want)
			}
			if err != nil && !errors.Is(err, desktop.ErrNotALink) {
				t.Errorf("error %v is not ErrNotALink", err)
			}
		})
	}
}

// recorder writes a program that appends its arguments, one a line, to a file.
func recorder(t *testing.T) (command, record string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a Unix shell")
	}
	dir := t.TempDir()
	command, record = filepath.Join(dir, "open it"), filepath.Join(dir, "record")
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\" >> '" + record + "'\n"
	if err := os.WriteFile(command, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return command, record
}

func TestOpenWithRunsTheCommandWithoutAShell(t *testing.T) {
	command, record := recorder(t)
	var o desktop.Opener
	o.Getenv = func(string) string { return "" }
	link := "https://example.com/?a=$(id)&b=`x`;c"
	if err := o.OpenWith(t.Context(), `"`+command+`" --new-tab 'two words'`, link); err != nil {
		t.Fatal(err)
	}
	if err := o.OpenWith(t.Context(), `"`+command+`" --url=%u -x`, "https://example.com/2"); err != nil {
		t.Fatal(err)
	}
	o.Wait()
	text, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	want := "--new-tab\ntwo words\nhttps://example.com/?a=$(id)&b=%60x%60;c\n--url=https://example.com/2\n-x\n"
	if string(text) != want {
		t.Errorf("ran with\n%swant\n%s", text, want)
	}
}

func TestOpenerVariableGoesFirst(t *testing.T) {
	command, record := recorder(t)
	t.Setenv(desktop.OpenerVariable, `"`+command+`"`)
	var o desktop.Opener
	if err := o.OpenWith(t.Context(), "/no/such/browser", "https://example.com/"); err != nil {
		t.Fatal(err)
	}
	o.Wait()
	if text, err := os.ReadFile(record); err != nil || string(text) != "https://example.com/\n" {
		t.Errorf("recorded %q, %v", text, err)
	}
}

func TestOpenReportsFailureWithoutTheLink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a Unix command")
	}
	var o desktop.Opener
	o.Getenv = func(string) string { return "" }
	for _, browser := range []string{"false", "/no/such/browser", `"`, "   \t", `""`} {
		err := o.OpenWith(t.Context(), browser, "https://example.com/?secret")
		if browser == "   \t" || browser == `""` || browser == `"` {
			if err == nil {
				t.Errorf("browser %q accepted", browser)
			}
			continue
		}
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("browser %q: %v", browser, err)
		}
	}
	o.Wait()
}
