//go:build macos

package macos_test

import (
	"archive/zip"
	"bytes"
	"debug/buildinfo"
	"debug/macho"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// bundle builds the archive in a folder of its own and opens it.
func bundle(t *testing.T) (path string, files map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("./bundle.sh", dir)
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000", "COMMIT=0123456789ab")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	all, err := filepath.Glob(filepath.Join(dir, "Tabferry-*-macos.zip"))
	if err != nil || len(all) != 1 {
		t.Fatalf("the archives are %q, %v", all, err)
	}
	archive, err := zip.OpenReader(all[0])
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	files = map[string][]byte{}
	for _, f := range archive.File {
		if f.FileInfo().IsDir() {
			continue
		}
		if executable := f.Mode().Perm()&0o111 != 0; executable != strings.HasPrefix(f.Name, "Tabferry.app/Contents/MacOS/") {
			t.Errorf("%s has the mode %v", f.Name, f.Mode())
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return all[0], files
}

func TestBundle(t *testing.T) {
	path, files := bundle(t)
	const contents = "Tabferry.app/Contents/"
	var names []string
	for name := range files {
		names = append(names, strings.TrimPrefix(name, contents))
	}
	slices.Sort(names)
	want := []string{"Info.plist", "MacOS/tabferry", "PkgInfo", "Resources/LICENSE.txt", "Resources/Tabferry.icns", "Resources/third-party-licences.txt"}
	if !slices.Equal(names, want) {
		t.Errorf("the bundle holds %q, want %q", names, want)
	}
	info, err := readPlist(files[contents+"Info.plist"])
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../ui/role/version.go")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`const version = "([0-9.]+)`).FindSubmatch(source)
	if version == nil {
		t.Fatal("version.go does not say the version as it did")
	}
	for key, want := range map[string]string{
		"CFBundleIdentifier": "io.github.tabferry.Tabferry", "CFBundleExecutable": "tabferry", "CFBundleIconFile": "Tabferry",
		"CFBundlePackageType": "APPL", "CFBundleShortVersionString": string(version[1]), "CFBundleVersion": string(version[1]),
		"LSUIElement": "true", "NSHighResolutionCapable": "true",
	} {
		if info[key] != want {
			t.Errorf("%s is %q, want %q", key, info[key], want)
		}
	}
	// Links and files reach a program here as Apple events, which ours takes none of: it must not offer.
	for _, key := range []string{"CFBundleURLTypes", "CFBundleDocumentTypes"} {
		if _, there := info[key]; there {
			t.Errorf("the bundle claims %s", key)
		}
	}
	universal(t, files[contents+"MacOS/tabferry"])
	licensed(t, filepath.Dir(path), files[contents+"MacOS/tabferry"], string(files[contents+"Resources/third-party-licences.txt"]))
	pictures(t, files[contents+"Resources/Tabferry.icns"])

	other, _ := bundle(t)
	a, errA := os.ReadFile(path)
	b, errB := os.ReadFile(other)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("two builds differ: %v, %v", errA, errB)
	}
}

// TestPlutil has another reader look at the property list.
func TestPlutil(t *testing.T) {
	_, files := bundle(t)
	file := filepath.Join(t.TempDir(), "Info.plist")
	if err := os.WriteFile(file, files["Tabferry.app/Contents/Info.plist"], 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("plistutil", "-i", file, "-o", os.DevNull).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// universal wants the program for both kinds of processors, each as a Mac program of its own.
func universal(t *testing.T, program []byte) {
	t.Helper()
	fat, err := macho.NewFatFile(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	defer fat.Close()
	var machines []string
	for _, arch := range fat.Arches {
		machines = append(machines, arch.Cpu.String())
		if arch.Type != macho.TypeExec {
			t.Errorf("%v is a %v", arch.Cpu, arch.Type)
		}
		if arch.Cpu == macho.CpuArm64 && !signed(arch.File) {
			t.Error("Apple processors refuse a program without any signature") // Go's linker writes one of no identity
		}
	}
	slices.Sort(machines)
	if !slices.Equal(machines, []string{"CpuAmd64", "CpuArm64"}) {
		t.Errorf("the program is for %q", machines)
	}
}

// licensed wants the licence of every module in the program, and the module in the list of materials.
func licensed(t *testing.T, dir string, program []byte, notice string) {
	t.Helper()
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	lists, err := filepath.Glob(filepath.Join(dir, "tabferry-*-macos.cdx.json"))
	if err != nil || len(lists) != 1 {
		t.Fatalf("the lists of materials are %q, %v", lists, err)
	}
	materials, err := os.ReadFile(lists[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range info.Deps {
		if !strings.Contains(notice, "\n"+dep.Path+" "+dep.Version+": ") {
			t.Errorf("there is no licence of %s %s", dep.Path, dep.Version)
		}
		if !strings.Contains(string(materials), dep.Path+"@"+dep.Version) {
			t.Errorf("the list of materials has no %s %s", dep.Path, dep.Version)
		}
	}
	if len(info.Deps) < 10 {
		t.Errorf("the program names %d modules", len(info.Deps))
	}
}

// signed reports whether there is a code signature (LC_CODE_SIGNATURE).
func signed(f *macho.File) bool {
	return slices.ContainsFunc(f.Loads, func(load macho.Load) bool {
		raw := load.Raw()
		return len(raw) >= 4 && f.ByteOrder.Uint32(raw) == 0x1d
	})
}

// pictures wants an icon whose pictures can be read, the largest among them.
func pictures(t *testing.T, file []byte) {
	t.Helper()
	if len(file) < 8 || string(file[:4]) != "icns" || int(binary.BigEndian.Uint32(file[4:])) != len(file) {
		t.Fatal("this is no icon")
	}
	largest := 0
	for rest := file[8:]; len(rest) >= 8; {
		size := int(binary.BigEndian.Uint32(rest[4:]))
		if size < 8 || size > len(rest) {
			t.Fatal("the icon is cut off")
		}
		if picture, err := png.DecodeConfig(bytes.NewReader(rest[8:size])); err == nil {
			largest = max(largest, picture.Width)
		}
		rest = rest[size:]
	}
	if largest < 512 {
		t.Errorf("the largest picture is %d pixels wide", largest)
	}
}

// readPlist reads the texts and truths of a property list's dictionary.
func readPlist(text []byte) (map[string]string, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	values, key := map[string]string{}, ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "plist", "dict":
			continue
		case "true", "false":
			values[key] = start.Name.Local
			continue
		case "array":
			values[key] = "a list"
			if err := d.Skip(); err != nil {
				return nil, err
			}
			continue
		}
		var said string
		if err := d.DecodeElement(&said, &start); err != nil {
			return nil, err
		}
		if start.Name.Local == "key" {
			if _, twice := values[said]; twice {
				return nil, fmt.Errorf("%s is there twice", said)
			}
			key = said
			continue
		}
		values[key] = said
	}
}
