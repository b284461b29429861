package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"
)

const web = "../../ui/extension/web"

// What is packed does not depend on when or where: a second build proves that the first was not tampered with.
func TestPackagesAreTheSameAnywhere(t *testing.T) {
	elsewhere := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(elsewhere, os.DirFS(web)); err != nil {
		t.Fatal(err)
	}
	long := time.Date(2001, 2, 3, 4, 5, 6, 0, time.Local)
	if err := os.Chtimes(filepath.Join(elsewhere, "popup.js"), long, long); err != nil {
		t.Fatal(err)
	}
	first, second := t.TempDir(), t.TempDir()
	if err := run(web, first); err != nil {
		t.Fatal(err)
	}
	if err := run(elsewhere, second); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tabferry-extension-firefox.zip", "tabferry-extension-chromium.zip"} {
		a, err := os.ReadFile(filepath.Join(first, name))
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(first, name)); err != nil || info.Mode().Perm()&0o444 != 0o444 {
			t.Errorf("%s is for whoever built it alone: %v, %v", name, info.Mode(), err)
		}
		b, err := os.ReadFile(filepath.Join(second, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs between two builds", name)
		}
		archive, err := zip.NewReader(bytes.NewReader(a), int64(len(a)))
		if err != nil {
			t.Fatal(err)
		}
		if err := fstest.TestFS(archive, "manifest.json", "popup.html", "_locales/fr/messages.json"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEachPackageIsForItsBrowser(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(web, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	for browser, has := range map[string]map[string]bool{
		"firefox":  {"scripts": true, "service_worker": false, "browser_specific_settings": true, "key": false},
		"chromium": {"scripts": false, "service_worker": true, "browser_specific_settings": false, "key": true},
	} {
		made, err := manifestFor(browser, text)
		if err != nil {
			t.Fatal(err)
		}
		var manifest map[string]any
		if err := json.Unmarshal(made, &manifest); err != nil {
			t.Fatal(err)
		}
		background, _ := manifest["background"].(map[string]any)
		for name, want := range has {
			_, atTop := manifest[name]
			_, inBackground := background[name]
			if (atTop || inBackground) != want {
				t.Errorf("%s: %s is there: %v", browser, name, !want)
			}
		}
	}
	if _, err := manifestFor("firefox", []byte(`{}`)); err == nil {
		t.Error("a manifest without a background is packed")
	}
}
