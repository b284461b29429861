//go:build packages && linux

package linux_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const lean, window = "../../build/tabferry", "../../build/tabferry-window"

// one is the one file of dist that fits a pattern.
func one(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob("../../dist/" + pattern)
	if err != nil || len(files) != 1 {
		t.Fatalf("dist has %v for %s (run `make packages`)", files, pattern)
	}
	return files[0]
}

// TestLint: what the judges of each format say. Findings that stay are answered in debian/overrides.
func TestLint(t *testing.T) {
	t.Parallel()
	entry := "io.github.tabferry.Tabferry"
	for _, judge := range [][]string{
		{"lintian", "--allow-root", "--fail-on", "error,warning", one(t, "tabferry_*.deb"), one(t, "tabferry-window_*.deb")},
		{"desktop-file-validate", "--warn-kde", entry + ".desktop"},
		{"appstreamcli", "validate", "--no-net", "--strict", entry + ".metainfo.xml"},
		{"bash", "-n", "packages.sh", "stage.sh"},
		{"dash", "-n", "install.sh"},
	} {
		cmd := exec.Command(judge[0], judge[1:]...)
		cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir()) // lintian leaves files there
		out, err := cmd.CombinedOutput()
		left := unanswered(string(out))
		if err != nil && judge[0] != "appstreamcli" || left != "" {
			t.Errorf("%s: %v\n%s", judge[0], err, out)
		}
	}
}

// unanswered are a judge's lines without those that are as they should be.
func unanswered(out string) string {
	answered := regexp.MustCompile(strings.Join([]string{
		`(?m)^N:.*$`,                                               // lintian's notes
		`unknown-tag developer`, `Found invalid tag. Non-standard`, // newer than the judge, and asked for by software shops
		`cid-contains-uppercase-letter`,                   // the id is that of the program everywhere
		`component ID should only`, `Validation`, `^\s*$`, // the words around these
	}, "|"))
	var left []string
	for line := range strings.Lines(out) {
		if !answered.MatchString(strings.TrimSpace(line)) {
			left = append(left, line)
		}
	}
	return strings.Join(left, "")
}

// rpmAnswered is what of rpmlint's findings stays, with why.
var rpmAnswered = regexp.MustCompile(strings.Join([]string{
	`statically-linked-binary|position-independent-executable-suggested`, // as lintian's: debian/overrides
	`unable to init enchant`, // it would spell-check the description
	`no-signature`,           // SHA256SUMS is what is signed: docs/release.md
	`no-changelogname-tag`,   // it is in doc/tabferry/changelog.gz
	`not-listed-as-documentation \S+/(LICENSE|third-party-licences.txt.gz)`, // they are listed as licences, which stay without documentation
	`invalid-license MPL-2.0`,                                 // SPDX's name for it; the judge's list is older
	`manpage-not-compressed bz2`,                              // gzip is what Fedora and openSUSE use
	`only-non-binary-in-usr-lib`,                              // LibreWolf looks there
	`requires-on-release`,                                     // the two programs are of one build
	`desktopfile-without-binary`,                              // the entry starts the program of the package that this one requires
	`dangling-relative-symlink \S+/man1/tabferry-window.1.gz`, // to that package's page
	`no-manual-page-for-binary tabferry`,                      // there is one: 2.4 compares the program with the section's number
	`no-documentation`,                                        // the window's is that package's
}, "|"))

// TestRPMLint: the judge unpacks with cpio, and names in nfpm's packages begin with a slash: as root it would write
// into this system. So it is nobody here, and its cpio is told better.
func TestRPMLint(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "tabferry-rpmlint-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run(t, asRoot(context.Background(), "rm", "-rf", dir)) })
	shim := "#!/bin/sh\nexec /usr/bin/cpio --no-absolute-filenames \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "cpio"), []byte(shim), 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{
		"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "-i",
		"PATH=" + dir + ":/usr/bin:/bin", "HOME=" + dir, "LC_ALL=C.UTF-8", "rpmlint",
	}
	for _, pattern := range []string{"tabferry-0*.rpm", "tabferry-window-0*.rpm"} {
		file := one(t, pattern)
		run(t, exec.Command("cp", file, dir))
		args = append(args, filepath.Join(dir, filepath.Base(file)))
	}
	run(t, exec.Command("chmod", "-R", "go+rX", dir))
	out, _ := asRoot(t.Context(), args[0], args[1:]...).CombinedOutput() // it fails with what is answered, too
	if !strings.Contains(string(out), "2 packages and 0 specfiles checked") {
		t.Fatalf("it did not look at both:\n%s", out)
	}
	for line := range strings.Lines(string(out)) {
		if regexp.MustCompile(`: [EW]: `).MatchString(line) && !rpmAnswered.MatchString(line) {
			t.Errorf("%s", line)
		}
	}
}

// TestNoScripts: nothing of ours runs when a package is installed or removed.
func TestNoScripts(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"tabferry-0*.rpm", "tabferry-window-0*.rpm"} {
		if out := run(t, exec.Command("rpm", "-qp", "--scripts", "--triggers", one(t, pattern))); len(out) != 0 {
			t.Errorf("%s has scripts:\n%s", pattern, out)
		}
	}
	for _, pattern := range []string{"tabferry_*.deb", "tabferry-window_*.deb"} {
		out := run(t, exec.Command("dpkg-deb", "--ctrl-tarfile", one(t, pattern)))
		names := exec.Command("tar", "-t")
		names.Stdin = bytes.NewReader(out)
		if list := string(run(t, names)); strings.Contains(list, "inst") || strings.Contains(list, "rm\n") {
			t.Errorf("%s has scripts:\n%s", pattern, list)
		}
	}
}

// libraries says which package of Debian has a library that the window names, and "" for those that it
// looks for and does without: other ways to OpenGL, and what GLFW offers and we do not use.
var libraries = map[string]string{
	"libc.so.6": "libc6", "libm.so.6": "libc6", "libGL.so.1": "libgl1", "libwayland-client.so.0": "libwayland-client0",
	"libX11.so.6": "libx11-6", "libX11-xcb.so.1": "libx11-xcb1", "libXcursor.so.1": "libxcursor1", "libXext.so.6": "libxext6",
	"libXi.so.6": "libxi6", "libXinerama.so.1": "libxinerama1", "libXrandr.so.2": "libxrandr2", "libXrender.so.1": "libxrender1",
	"libxkbcommon.so.0": "libxkbcommon0", "libEGL.so.1": "libegl1", "libwayland-cursor.so.0": "libwayland-cursor0",
	"libwayland-egl.so.1": "libwayland-egl1", "libdecor-0.so.0": "libdecor-0-0",
	"libGLESv1_CM.so.1": "", "libGLES_CM.so.1": "", "libGLESv2.so.2": "", "libGLX.so.0": "", "libOpenGL.so.0": "", "libOSMesa.so.6": "",
	"libOSMesa.so.8": "", "libvulkan.so.1": "", "libXxf86vm.so.1": "",
}

// TestDeclaredLibraries: what is linked is demanded, what is opened on demand is recommended, and nothing
// that the packages demand is for nothing.
func TestDeclaredLibraries(t *testing.T) {
	t.Parallel()
	if linked := linkedLibraries(t, lean); len(linked) != 0 {
		t.Errorf("the lean program needs %v", linked)
	}
	linked := linkedLibraries(t, window)
	program, err := os.ReadFile(window)
	if err != nil {
		t.Fatal(err)
	}
	depends := run(t, exec.Command("dpkg-deb", "-f", one(t, "tabferry-window_*.deb"), "Depends"))
	recommends := run(t, exec.Command("dpkg-deb", "-f", one(t, "tabferry-window_*.deb"), "Recommends"))
	requires := run(t, exec.Command("rpm", "-qp", "--requires", one(t, "tabferry-window-0*.rpm")))
	suggested := run(t, exec.Command("rpm", "-qp", "--recommends", one(t, "tabferry-window-0*.rpm")))
	for _, name := range regexp.MustCompile(`\x00lib[A-Za-z0-9_+-]+\.so\.[0-9]+`).FindAllString(string(program), -1) {
		library := name[1:]
		deb, known := libraries[library]
		if !known {
			t.Errorf("the window names %s, of which no package is known", library)
		}
		where, wherever := recommends, suggested
		if slices.Contains(linked, library) {
			where, wherever = depends, requires
		}
		if deb != "" && (!bytes.Contains(where, []byte(deb)) || !bytes.Contains(wherever, []byte(library))) {
			t.Errorf("%s (%s) is not declared: deb %s, rpm %s", library, deb, where, wherever)
		}
	}
	for _, dependency := range strings.Split(strings.TrimSpace(string(depends)), ", ") {
		name, _, _ := strings.Cut(dependency, " ")
		if name != "tabferry" && !slices.ContainsFunc(linked, func(l string) bool { return libraries[l] == name }) {
			t.Errorf("%s is demanded and not linked", name)
		}
	}
}

// linkedLibraries are those that the program cannot start without.
func linkedLibraries(t *testing.T, program string) []string {
	t.Helper()
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	names, err := file.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestNotice: every module in a program is in the notice that comes with it, and in its list of materials,
// which has no other and guesses no licences.
func TestNotice(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"tabferry", "tabferry-window"} {
		packed := exec.Command("tar", "-xOJf", one(t, "tabferry-*-linux-*.tar.xz"), "--wildcards", "*/share/doc/"+program+"/third-party-licences.txt.gz")
		text, err := packed.Output()
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		notice, err := io.ReadAll(unpacked)
		if err != nil {
			t.Fatal(err)
		}
		info, err := buildinfo.ReadFile("../../build/" + program)
		if err != nil {
			t.Fatal(err)
		}
		var linked, listed []string
		for _, dep := range info.Deps {
			if !strings.Contains(string(notice), "\n"+dep.Path+" "+dep.Version+": ") {
				t.Errorf("the notice of %s has no licence of %s %s", program, dep.Path, dep.Version)
			}
			linked = append(linked, dep.Path+" "+dep.Version)
		}
		var materials struct {
			Components []struct {
				Name, Version string
				Licenses      any
				Evidence      any
			}
		}
		text, err = os.ReadFile(one(t, program+"-[0-9]*.cdx.json"))
		if err = errors.Join(err, json.Unmarshal(text, &materials)); err != nil {
			t.Fatal(err)
		}
		for _, c := range materials.Components {
			listed = append(listed, c.Name+" "+c.Version)
			if c.Licenses != nil || c.Evidence != nil {
				t.Errorf("the list of materials of %s guesses the licence of %s", program, c.Name)
			}
		}
		slices.Sort(linked)
		slices.Sort(listed)
		if diff := cmp.Diff(linked, listed); diff != "" {
			t.Errorf("what %s is made of and its list of materials:\n%s", program, diff)
		}
	}
}

// TestReproducible: the sources in another folder make the same bytes.
func TestReproducible(t *testing.T) {
	t.Parallel()
	dist := t.TempDir()
	makeLean(t, copyTree(t), dist, version(t), "deb")
	again, err := filepath.Glob(dist + "/*.deb")
	if err != nil || len(again) != 1 {
		t.Fatalf("made %v, %v", again, err)
	}
	if out, err := exec.Command("cmp", again[0], one(t, "tabferry_*.deb")).CombinedOutput(); err != nil {
		t.Errorf("another folder makes another package: %s", out)
	}
}

// TestFlatpak: the builder takes the manifest and knows every word in it, and the list of modules has all
// that the programs are made of. Building needs a runtime that is not here.
func TestFlatpak(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run(t, exec.Command("cp", "../flatpak/io.github.tabferry.Tabferry.yaml", dir))
	list, err := exec.Command("../flatpak/sources.sh").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sources.json"), list, 0o600); err != nil {
		t.Fatal(err)
	}
	show := exec.Command("flatpak-builder", "--show-manifest", "io.github.tabferry.Tabferry.yaml")
	show.Dir = dir
	if out := run(t, show); bytes.Contains(out, []byte("Unknown property")) {
		t.Errorf("the builder does not know all of the manifest:\n%.2000s", out)
	}
	info, err := buildinfo.ReadFile(window)
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range info.Deps {
		if !bytes.Contains(bytes.ToLower(list), []byte(strings.ToLower("/@v/"+dep.Version+".zip"))) {
			t.Errorf("the list of modules has no %s %s", dep.Path, dep.Version)
		}
	}
}
