// Command extension packs the browser extension for Firefox and for Chromium, always to the same bytes.
//
//	go run ./packaging/extension -from ui/extension/web -out dist
//
// The folder itself works in both browsers. A package says to its browser only what that one knows:
// Firefox ignores a background worker and its lint warns of it; Chromium wants no scripts beside it.
package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	from := flag.String("from", "ui/extension/web", "the extension's folder")
	out := flag.String("out", "dist", "where the packages go")
	flag.Parse()
	if err := run(*from, *out); err != nil {
		fmt.Fprintln(os.Stderr, "packing the extension:", err)
		os.Exit(1)
	}
}

func run(from, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil { // #nosec G301 -- what lies in it is given away
		return err
	}
	for _, browser := range []string{"firefox", "chromium"} {
		packed, err := pack(os.DirFS(from), browser)
		if err != nil {
			return err
		}
		name := filepath.Join(out, "tabferry-extension-"+browser+".zip")
		if err := os.WriteFile(name, packed, 0o644); err != nil { // #nosec G306 -- as the other packages
			return err
		}
		fmt.Println(name)
	}
	return nil
}

// epoch is the time of every file in a package: the first that the format can hold.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// pack packs every file in the order of their names.
func pack(folder fs.FS, browser string) ([]byte, error) {
	var names []string
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for _, name := range names {
		text, err := fs.ReadFile(folder, name)
		if err == nil && name == "manifest.json" {
			text, err = manifestFor(browser, text)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		file, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: epoch})
		if err != nil {
			return nil, err
		}
		if _, err := file.Write(text); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// manifestFor leaves out what is for the other browser.
func manifestFor(browser string, text []byte) ([]byte, error) {
	var manifest map[string]any
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, err
	}
	background, ok := manifest["background"].(map[string]any)
	if !ok {
		return nil, errors.New("it has no background")
	}
	switch browser {
	case "firefox":
		delete(background, "service_worker")
		delete(manifest, "key")
		delete(manifest, "minimum_chrome_version")
	case "chromium":
		delete(background, "scripts")
		delete(manifest, "browser_specific_settings")
	}
	return json.MarshalIndent(manifest, "", "  ")
}
