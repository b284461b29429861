package linux_test

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/assets/i18n"
	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop"
)

// read returns a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// keys are the values of a key in a desktop file, in order.
func keys(file, key string) []string {
	var found []string
	for _, m := range regexp.MustCompile(`(?m)^`+key+`=(.*)$`).FindAllStringSubmatch(file, -1) {
		found = append(found, m[1])
	}
	return found
}

// TestMenuEntryIsNoBrowser: the desktop would ask us to open what we receive, and we would ask it.
func TestMenuEntryIsNoBrowser(t *testing.T) {
	entry := read(t, "packaging/linux/"+desktop.AppID+".desktop")
	types := strings.Split(strings.Trim(keys(entry, "MimeType")[0], ";"), ";")
	for _, kind := range types {
		if strings.HasPrefix(kind, "x-scheme-handler/") || strings.Contains(kind, "html") {
			t.Errorf("the menu entry claims %s", kind)
		}
	}
	if !slices.Contains(types, "text/uri-list") {
		t.Errorf("the menu entry takes no list of links: %v", types)
	}
}

// TestMenuEntryCommands: every Exec is a command that there is, with %U as none, one and several.
func TestMenuEntryCommands(t *testing.T) {
	entry := read(t, "packaging/linux/"+desktop.AppID+".desktop")
	commands := keys(entry, "Exec")
	if len(commands) != 4 {
		t.Fatalf("%d commands, want the program and three actions: %v", len(commands), commands)
	}
	for _, command := range commands {
		for _, links := range []string{"", "https://example.org/a", "https://example.org/a https://example.org/b file:///etc/hostname"} {
			args := strings.Fields(strings.ReplaceAll(command, "%U", links))
			if args[0] != "tabferry" {
				t.Errorf("%q starts another program", command)
			}
			cmd, rest, err := cli.Tree(cli.Params{Words: i18n.New("en")}).Find(args[1:])
			if err != nil {
				t.Fatalf("%q: %v", args, err)
			}
			if err := cmd.ParseFlags(rest); err != nil {
				t.Errorf("%q: %v", args, err)
			}
			if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
				t.Errorf("%q: %v", args, err)
			}
		}
	}
}

// TestMenuEntryAndShopWindowAreTranslated: whatever a person reads before Tabferry runs is there in every
// language.
func TestMenuEntryAndShopWindowAreTranslated(t *testing.T) {
	languages := i18n.Languages()[1:]
	entry := read(t, "packaging/linux/"+desktop.AppID+".desktop")
	for _, key := range []string{"GenericName", "Comment", "Keywords", "Name"} {
		want := len(keys(entry, key))
		if key == "Name" {
			want-- // that of the program stays
		}
		for _, language := range languages {
			got := keys(entry, key+`\[`+language+`\]`)
			if want == 0 || len(got) != want || slices.ContainsFunc(got, func(text string) bool { return slices.Contains(keys(entry, key), text) }) {
				t.Errorf("%s in %s: %q", key, language, got)
			}
		}
	}
	shop := xml.NewDecoder(strings.NewReader(read(t, "packaging/linux/"+desktop.AppID+".metainfo.xml")))
	count := map[string]int{}
	for {
		token, err := shop.Token()
		if err != nil {
			break
		}
		element, ok := token.(xml.StartElement)
		if !ok || !slices.Contains([]string{"summary", "p", "li", "caption"}, element.Name.Local) {
			continue
		}
		language := "en"
		for _, a := range element.Attr {
			if a.Name.Local == "lang" {
				language = a.Value
			}
		}
		count[language]++
	}
	for _, language := range languages {
		if count["en"] < 10 || count[language] != count["en"] {
			t.Errorf("the description has %d parts in English, %d in %s", count["en"], count[language], language)
		}
	}
}

// TestOneVersion: what cannot be told the version when it is made says the one of the program.
func TestOneVersion(t *testing.T) {
	version := regexp.MustCompile(`(?m)^const version = "(.*)"$`).FindStringSubmatch(read(t, "ui/role/version.go"))
	if version == nil {
		t.Fatal("the program has no version where the Makefile looks for it")
	}
	var info struct {
		ID       string `xml:"id"`
		Releases []struct {
			Version string `xml:"version,attr"`
		} `xml:"releases>release"`
	}
	if err := xml.Unmarshal([]byte(read(t, "packaging/linux/"+desktop.AppID+".metainfo.xml")), &info); err != nil {
		t.Fatal(err)
	}
	if info.ID != desktop.AppID || len(info.Releases) == 0 || info.Releases[0].Version != version[1] {
		t.Errorf("the metainfo is about %s %v, the program is %s", info.ID, info.Releases, version[1])
	}
	if app := keys(strings.ReplaceAll(read(t, "FyneApp.toml"), " = ", "="), "Version"); len(app) != 1 || app[0] != `"`+version[1]+`"` {
		t.Errorf("FyneApp.toml says %v, the program is %s", app, version[1])
	}
	var extension struct{ Version string }
	if err := json.Unmarshal([]byte(read(t, "ui/extension/web/manifest.json")), &extension); err != nil {
		t.Fatal(err)
	}
	if extension.Version != version[1] {
		t.Errorf("the extension says %s, the program is %s", extension.Version, version[1])
	}
	for _, config := range []string{"tabferry", "tabferry-window"} {
		if text := read(t, "packaging/linux/"+config+".yaml"); !strings.Contains(text, "\nversion: ${VERSION}\n") {
			t.Errorf("%s.yaml has a version of its own", config)
		}
	}
}

// TestHostedCIHasThePackages: the system packages that `make test` installs by their names are those of one
// Debian, whose roots the packages are tried in. Ubuntu has neither firefox-esr nor chromium as packages.
func TestHostedCIHasThePackages(t *testing.T) {
	release := regexp.MustCompile(`(?m)^const release = "(.*)"$`).FindStringSubmatch(read(t, "packaging/linux/roots_test.go"))
	if release == nil {
		t.Fatal("roots_test.go names no release where this looks for it")
	}
	workflow := read(t, ".github/workflows/ci.yml")
	jobs := strings.Count(workflow, "runs-on:")
	if got := strings.Count(workflow, "image: debian:"+release[1]+","); jobs == 0 || got != jobs {
		t.Errorf("%d of %d jobs run on Debian %s", got, jobs, release[1])
	}
}
