//go:build packages && linux

package linux_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// rootAge is how long a made root is used again: security updates change it.
const rootAge = 7 * 24 * time.Hour

// release is the Debian of the roots.
const release = "bookworm"

// roundTime is how long the way through one root may take; most of it apt fetches packages.
const roundTime = 8 * time.Minute

// TestRoots goes the way of a package in a clean root: installed, tried, upgraded under a running agent,
// removed, and nothing left but what is the person's.
func TestRoots(t *testing.T) {
	t.Parallel()
	old := filepath.Join(t.TempDir(), "old")
	buildOld(t, old)
	packed := packedRoot(t)
	for _, kind := range []string{"deb", "rpm", "archive"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			root := unpackRoot(t, packed)
			for from, to := range map[string]string{
				"roots/lib.sh": "lib.sh", "roots/" + kind + ".sh": "try.sh", "../../build/tabferry-demo": "tabferry-demo",
				"../../dist/*.deb": "new/", "../../dist/*.rpm": "new/", "../../dist/*.tar.xz": ".", old + "/*": "old/",
			} {
				copyInto(t, from, filepath.Join(root, "try", to))
			}
			ctx, cancel := context.WithTimeout(t.Context(), roundTime)
			defer cancel()
			cmd := asRoot(ctx, "unshare", "-m", "-p", "-f", "--kill-child", "--mount-proc="+root+"/proc",
				"chroot", root, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin:/try", "VERSION="+version(t), "bash", "/try/try.sh")
			out, err := cmd.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// asRoot prepares a command that root runs.
func asRoot(ctx context.Context, name string, args ...string) *exec.Cmd {
	if os.Geteuid() != 0 {
		name, args = "sudo", append([]string{"-n", name}, args...)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// run runs a command and shows what it said if it fails.
func run(t *testing.T, cmd *exec.Cmd) []byte {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return out
}

// version is the program's.
func version(t *testing.T) string {
	t.Helper()
	out := run(t, exec.Command("../../build/tabferry", "--version"))
	return strings.Fields(string(out))[1]
}

// copyInto copies what fits a pattern; a place that ends in a slash is a folder.
func copyInto(t *testing.T, pattern, place string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing fits %s (run `make packages`): %v", pattern, err)
	}
	folder := place
	if strings.HasSuffix(pattern, "sh") || strings.HasSuffix(pattern, "demo") {
		folder = filepath.Dir(place)
	}
	run(t, asRoot(t.Context(), "mkdir", "-p", folder))
	run(t, asRoot(t.Context(), "cp", append(append([]string{"-p"}, files...), place)...))
}

// packedRoot is a minimal system as a file, which is kept for a week.
func packedRoot(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(cache, "tabferry", "root-"+release+".tar")
	if info, err := os.Stat(packed); err != nil || time.Since(info.ModTime()) > rootAge {
		if err := os.MkdirAll(filepath.Dir(packed), 0o700); err != nil {
			t.Fatal(err)
		}
		fresh := packed + ".new.tar"
		run(t, asRoot(t.Context(), "mmdebstrap", "--variant=minbase", "--include=rpm,ca-certificates", release, fresh))
		run(t, asRoot(t.Context(), "mv", fresh, packed))
	}
	return packed
}

// unpackRoot makes a fresh minimal system.
func unpackRoot(t *testing.T, packed string) string {
	t.Helper()
	root, err := os.MkdirTemp("", "tabferry-root")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run(t, asRoot(context.Background(), "rm", "-rf", "--one-file-system", root)) })
	run(t, asRoot(t.Context(), "tar", "-C", root, "-xf", packed))
	run(t, asRoot(t.Context(), "chmod", "755", root))
	run(t, asRoot(t.Context(), "cp", "-r", "/etc/resolv.conf", root+"/etc/"))
	for _, dir := range aptFolders(t) {
		run(t, asRoot(t.Context(), "cp", "-rT", "/etc/apt/"+dir, root+"/etc/apt/"+dir))
	}
	run(t, asRoot(t.Context(), "chroot", root, "apt-get", "-qq", "update"))
	return root
}

// aptFolders are how this machine reaches its archive, if that is the archive of the root: a proxy, a mirror.
// On other machines the root keeps what it was made with.
func aptFolders(t *testing.T) []string {
	t.Helper()
	system, err := os.ReadFile("/etc/os-release")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(system, []byte("VERSION_CODENAME="+release+"\n")) {
		return nil
	}
	var there []string
	for _, dir := range []string{"apt.conf.d", "sources.list.d", "preferences.d", "keyrings", "trusted.gpg.d"} {
		if _, err := os.Stat("/etc/apt/" + dir); err == nil {
			there = append(there, dir)
		}
	}
	return there
}

// buildOld makes the packages of the version before: of these sources, which say another version.
func buildOld(t *testing.T, dist string) {
	t.Helper()
	tree := copyTree(t)
	file := filepath.Join(tree, "ui/role/version.go")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(`version = "`+version(t)+`"`), []byte(`version = "0.0.9"`), 1)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	// Nobody downloads it: quick is better than small.
	run(t, exec.Command("sed", "-i", "s/compression: xz/compression: gzip/", filepath.Join(tree, "packaging/linux/tabferry.yaml")))
	makeLean(t, tree, dist, "0.0.9", "deb rpm")
}

// copyTree copies the sources to another folder.
func copyTree(t *testing.T) string {
	t.Helper()
	tree := t.TempDir()
	cmd := exec.Command("bash", "-c", `set -o pipefail; git ls-files -z --cached --others --exclude-standard | tar --null -T - -c | tar -x -C "$1"`, "bash", tree)
	cmd.Dir = "../.."
	run(t, cmd)
	return tree
}

// makeLean builds the lean program of a tree and packs it. The window of the packages is ours.
func makeLean(t *testing.T, tree, dist, version, formats string) {
	t.Helper()
	commit := run(t, exec.Command("sh", "-c", `cd ../.. && git describe --always --dirty --abbrev=12 --match ''`))
	epoch := run(t, exec.Command("sh", "-c", `cd ../.. && echo "${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"`))
	lean := exec.Command("packaging/lean.sh", "build/tabferry")
	lean.Dir, lean.Env = tree, append(os.Environ(), "COMMIT="+strings.TrimSpace(string(commit)))
	run(t, lean)
	run(t, exec.Command("cp", "-p", "../../build/tabferry-window", filepath.Join(tree, "build")))
	pack := exec.Command("packaging/linux/packages.sh", "build", dist)
	pack.Dir = tree
	pack.Env = append(os.Environ(), "VERSION="+version, "SOURCE_DATE_EPOCH="+strings.TrimSpace(string(epoch)), "PACKAGES=tabferry", "FORMATS="+formats)
	run(t, pack)
}
