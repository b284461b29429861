package desktop_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/ui/desktop"
)

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

func TestCommandsAsDesktopsWriteThem(t *testing.T) {
	command, record := recorder(t)
	home := filepath.Dir(command)
	getenv := func(name string) string { return map[string]string{"HOME": home}[name] }
	address := "https://example.com/100%u%20x?a=%s"
	for browser, want := range map[string]string{
		`"$HOME/open it" %U`:               address,
		`"${HOME}/open it" --a %F -b`:      "--a\n" + address + "\n-b",
		`"~/open it" %i --class=%c %u`:     "--class=\n" + address,
		`"~/open it" 100%% %x %`:           "100%\n%x\n%\n" + address,
		`'~/open it' --url="%s" ~/a $HOME`: "--url=" + address + "\n" + home + "/a\n" + home,
	} {
		o := desktop.Opener{Getenv: getenv}
		if err := o.OpenWith(t.Context(), browser, address); err != nil {
			t.Errorf("%s: %v", browser, err)
		}
		o.Wait()
		text, err := os.ReadFile(record)
		if err != nil || string(text) != want+"\n" {
			t.Errorf("%s ran with\n%s%v", browser, text, err)
		}
		os.Remove(record)
	}
}
