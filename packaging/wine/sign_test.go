//go:build wine && linux

package wine_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"debug/pe"
	"encoding/binary"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// throwaway makes a certificate for signing programs, good for this run.
func throwaway(certificate, key string) error {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "Tabferry throwaway"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	for file, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// setup is the installer.
func setup(t *testing.T) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(programs, "tabferry-setup-*.exe"))
	if err != nil || len(all) != 1 {
		t.Fatalf("the installers are %q, %v", all, err)
	}
	return all[0]
}

func TestSignatures(t *testing.T) {
	for _, file := range []string{filepath.Join(programs, "tabferry.exe"), filepath.Join(programs, "tabferry-window.exe"), setup(t)} {
		out, err := exec.Command("osslsigncode", "verify", "-CAfile", certificate, "-in", file).CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("Signature verification: ok")) {
			t.Errorf("%s: %v\n%s", filepath.Base(file), err, out)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text[len(text)/3] ^= 1 // a bit of the program
		changed := filepath.Join(t.TempDir(), "changed.exe")
		if err := os.WriteFile(changed, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("osslsigncode", "verify", "-CAfile", certificate, "-in", changed).CombinedOutput(); err == nil {
			t.Errorf("%s with another bit counts as signed\n%s", filepath.Base(file), out)
		}
	}
}

// What is in the programs: the console's or the windows' subsystem, version, icon, and a manifest that asks
// for what we count on.
func TestResources(t *testing.T) {
	const gui, console = 2, 3
	for name, subsystem := range map[string]uint16{"tabferry.exe": console, "tabferry-window.exe": gui} {
		file, err := pe.Open(filepath.Join(programs, name))
		if err != nil {
			t.Fatal(err)
		}
		header, ok := file.OptionalHeader.(*pe.OptionalHeader64)
		if !ok || header.Subsystem != subsystem {
			t.Errorf("%s: subsystem %+v, want %d", name, header.Subsystem, subsystem)
		}
		section := file.Section(".rsrc")
		if section == nil {
			t.Errorf("%s has no resources", name)
			continue
		}
		resources, err := section.Data()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			wide("OriginalFilename"), wide(name), wide("ProductVersion"), wide("Tabferry"),
			"PerMonitorV2", "longPathAware", "UTF-8</activeCodePage>", `level="asInvoker"`, "\x89PNG\r\n\x1a\n",
		} {
			if !bytes.Contains(resources, []byte(want)) {
				t.Errorf("%s: its resources lack %q", name, strings.ReplaceAll(want, "\x00", ""))
			}
		}
		if bytes.Contains(resources, []byte("@")) && bytes.Contains(resources, []byte("@VERSION@")) {
			t.Errorf("%s: a placeholder is left", name)
		}
		if libraries, err := file.ImportedLibraries(); err != nil || strings.Contains(strings.ToLower(strings.Join(libraries, " ")), "libgcc") {
			t.Errorf("%s needs %q, %v", name, libraries, err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
	left, err := filepath.Glob("../../*.syso")
	if err != nil || len(left) != 0 {
		t.Errorf("the build leaves %q behind: the next one links it", left)
	}
}

// wide is a text as Windows has it.
func wide(s string) string {
	var b []byte
	for _, c := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	return string(b)
}

// The sources in another folder give the same bytes, installer included.
func TestReproducible(t *testing.T) {
	var built [2]string
	for i := range built {
		tree := filepath.Join(t.TempDir(), "somewhere", strings.Repeat("else", i), "tabferry")
		copySources(t, tree)
		built[i] = filepath.Join(tree, "out")
		cmd := exec.Command(filepath.Join(tree, "packaging/windows/build.sh"), built[i])
		cmd.Env = append(os.Environ(), "COMMIT=0123456789ab", "SOURCE_DATE_EPOCH=1700000000", "COMPRESSOR=zlib")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	files, err := os.ReadDir(built[0])
	if err != nil || len(files) != 5 { // two programs, the lists of what they are made of, the installer
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		a, errA := os.ReadFile(filepath.Join(built[0], file.Name()))
		b, errB := os.ReadFile(filepath.Join(built[1], file.Name()))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs: %d and %d bytes, %v, %v", file.Name(), len(a), len(b), errA, errB)
		}
	}
}

// copySources copies what git knows, as it is now.
func copySources(t *testing.T, to string) {
	t.Helper()
	list, err := exec.Command("git", "-C", "../..", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Split(strings.TrimRight(string(list), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if os.IsNotExist(err) {
			continue // removed, and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, text, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
}
