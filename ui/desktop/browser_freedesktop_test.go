//go:build !windows && !darwin

package desktop_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/adrg/xdg"
	"github.com/google/go-cmp/cmp"

	"github.com/tabferry/tabferry/ui/desktop"
)

func TestBrowsersAreTheEntriesThatTakeWebLinks(t *testing.T) {
	command, record := recorder(t)
	own, shared := t.TempDir(), t.TempDir()
	t.Cleanup(xdg.Reload) // after the variables are as before
	t.Setenv("XDG_DATA_HOME", own)
	t.Setenv("XDG_DATA_DIRS", shared)
	xdg.Reload()
	write := func(dir, name, keys string) {
		t.Helper()
		file := filepath.Join(dir, "applications", name+".desktop")
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("# a comment\n[Desktop Entry]\nType=Application\n"+keys+"\n[Desktop Action new]\nExec=/else\nName=New\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const web = "\nMimeType=text/html;x-scheme-handler/http;x-scheme-handler/https;"
	exec := `Exec="` + command + `" `
	write(shared, "zebra", "Name=Zebra\nName[de]=Zebra auf Deutsch\n"+exec+`--say "a \\$b 'c'" %U`+web)
	write(shared, "alpha", "Name=alpha\n"+exec+"%u"+web)
	write(shared, "again", "Name=Another name\n"+exec+"%u"+web)
	write(shared, "mail", "Name=Mail\n"+exec+"%u --mail\nMimeType=x-scheme-handler/mailto;")
	write(shared, "gone", "Name=Gone\nExec=/no/such/browser %u"+web)
	write(shared, "try", "Name=Try\nTryExec=/no/such/browser\n"+exec+"--try"+web)
	write(shared, "nodisplay", "Name=Not shown\nNoDisplay=true\n"+exec+"--not"+web)
	write(shared, "hidden", "Name=Hidden\n"+exec+"--hidden"+web)
	write(own, "hidden", "Hidden=true"+web)
	write(shared, desktop.AppID, "Name=Ourselves\n"+exec+"--ours"+web)
	write(shared, "odd", "Name=Odd\nExec=\"not closed"+web)

	list, err := desktop.Browsers("de")
	if err != nil {
		t.Fatal(err)
	}
	want := []desktop.Browser{
		{Name: "Another name", Command: `"` + command + `" %u`},
		{Name: "Zebra auf Deutsch", Command: `"` + command + `" --say "a $b 'c'" %U`},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
	var o desktop.Opener
	o.Getenv = func(string) string { return "" }
	for _, b := range list {
		if err := o.OpenWith(t.Context(), b.Command, "https://example.com/"); err != nil {
			t.Errorf("%+v: %v", b, err)
		}
		o.Wait()
	}
	if text, err := os.ReadFile(record); err != nil || string(text) != "https://example.com/\n--say\na $b 'c'\nhttps://example.com/\n" {
		t.Errorf("ran with %q, %v", text, err)
	}
}
