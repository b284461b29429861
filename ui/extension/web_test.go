package extension_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const web = "web"

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sources returns the extension's own text files by their names below web.
func sources(t *testing.T, endings ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(web, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && slices.Contains(endings, filepath.Ext(name)) && !strings.Contains(name, "_locales") {
			found[name] = read(t, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func messages(t *testing.T, language string) map[string]string {
	t.Helper()
	var file map[string]struct{ Message string }
	if err := json.Unmarshal([]byte(read(t, filepath.Join(web, "_locales", language, "messages.json"))), &file); err != nil {
		t.Fatalf("%s: %v", language, err)
	}
	texts := map[string]string{}
	for key, value := range file {
		texts[key] = value.Message
	}
	return texts
}

// asks finds where a text is asked for: t("key"), data-text="key", data-label="key", __MSG_key__.
var asks = regexp.MustCompile(`\bt\("([A-Za-z]+)"|data-(?:text|label)="([A-Za-z]+)"|__MSG_([A-Za-z]+)__`)

// other asks for one by a key that reading cannot find; known are the two that the pages are made with.
var (
	other = regexp.MustCompile(`\bt\([^"]`)
	known = regexp.MustCompile(`function t\(key|\bt\(element\.dataset\.`)
)

// shared are the words that a language has in common with English.
var shared = map[string][]string{"de": {"Tabferry", "Demo", "Computer", "Tablet"}, "fr": {"Tabferry"}}

func TestEveryTextIsThereAndUsed(t *testing.T) {
	used := map[string]bool{}
	for name, source := range sources(t, ".js", ".html", ".json") {
		for _, match := range asks.FindAllStringSubmatch(source, -1) {
			used[match[1]+match[2]+match[3]] = true
		}
		if other.MatchString(known.ReplaceAllString(source, "")) {
			t.Errorf("%s asks for a text whose key cannot be found by reading", name)
		}
	}
	parts := regexp.MustCompile(`\$[1-9]`)
	english := messages(t, "en")
	for _, language := range []string{"en", "de", "fr"} {
		texts := messages(t, language)
		for key := range used {
			if texts[key] == "" {
				t.Errorf("%s: %q is asked for and missing", language, key)
			}
		}
		for key, text := range texts {
			if !used[key] {
				t.Errorf("%s: %q is never asked for", language, key)
			}
			want, got := parts.FindAllString(english[key], -1), parts.FindAllString(text, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%s: %q has the parts %v, the English %v", language, key, got, want)
			}
			if language != "en" && text == english[key] && !slices.Contains(shared[language], text) {
				t.Errorf("%s: %q is not translated", language, key)
			}
		}
		if texts["language"] != language {
			t.Errorf("%s: it calls itself %q", language, texts["language"])
		}
	}
}

// What the manifest asks for is a promise to the person who installs it.
func TestManifestAsksForLittle(t *testing.T) {
	var m struct {
		Permissions   []string          `json:"permissions"`
		Hosts         []string          `json:"host_permissions"`
		Content       []json.RawMessage `json:"content_scripts"`
		Connectable   json.RawMessage   `json:"externally_connectable"`
		Accessible    json.RawMessage   `json:"web_accessible_resources"`
		Policy        map[string]string `json:"content_security_policy"`
		Key           string            `json:"key"`
		Background    map[string]any    `json:"background"`
		DefaultLocale string            `json:"default_locale"`
	}
	if err := json.Unmarshal([]byte(read(t, web+"/manifest.json")), &m); err != nil {
		t.Fatal(err)
	}
	if want := []string{"nativeMessaging", "contextMenus", "activeTab", "storage"}; !slices.Equal(m.Permissions, want) {
		t.Errorf("it demands %v, not %v", m.Permissions, want)
	}
	if m.Hosts != nil || m.Content != nil || m.Connectable != nil || m.Accessible != nil {
		t.Error("it reads pages by itself, or lets pages in")
	}
	policy := m.Policy["extension_pages"]
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("its policy lacks %s", part)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
		t.Errorf("its policy is loose: %s", policy)
	}
	if doc := read(t, "../../docs/native-messaging.md"); !strings.Contains(doc, m.Key) || m.Key == "" {
		t.Error("its key is not the one of docs/native-messaging.md")
	}
}

// Texts of pages are a stranger's: nothing may read them as markup or code, or load any from elsewhere.
func TestNothingReadsTextAsCode(t *testing.T) {
	forbidden := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setTimeout\("|import\(|\bfetch\(|XMLHttpRequest|WebSocket|style="|\son[a-z]+="`)
	for name, source := range sources(t, ".js", ".html") {
		if found := forbidden.FindString(source); found != "" {
			t.Errorf("%s: %s", name, found)
		}
		for _, address := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(source, -1) {
			if strings.Contains(address[1], ":") {
				t.Errorf("%s loads %s", name, address[1])
			}
			if _, err := os.Stat(filepath.Join(web, address[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestIconsAreTheApplications(t *testing.T) {
	for _, size := range []string{"16", "32", "48", "128"} {
		ours, theirs := read(t, web+"/icons/app-"+size+".png"), read(t, "../../assets/icons/app-"+size+".png")
		if !bytes.Equal([]byte(ours), []byte(theirs)) {
			t.Errorf("app-%s.png differs from assets/icons", size)
		}
	}
	drawn := map[string]bool{}
	for _, match := range regexp.MustCompile(`<symbol id="([a-z]+)"[^>]*>(<path [^>]*>)`).FindAllStringSubmatch(read(t, web+"/icons/symbols.svg"), -1) {
		drawn[match[1]] = true
		theirs, err := os.ReadFile("../widget/icons/" + match[1] + ".svg")
		if err == nil && !strings.Contains(string(theirs), match[2]) {
			t.Errorf("the symbol %q is not the window's", match[1])
		}
	}
	for name, source := range sources(t, ".js") {
		if strings.Contains(name, "modules") {
			continue // what draws is in the pages
		}
		for _, match := range regexp.MustCompile(`\bicon\("([a-z]+)"|picture: "([a-z]+)"|: \["([a-z]+)",`).FindAllStringSubmatch(source, -1) {
			if symbol := match[1] + match[2] + match[3]; !drawn[symbol] {
				t.Errorf("%s wants the symbol %q, which is not drawn", name, symbol)
			}
		}
	}
}

// colour is a pair of light-dark().
var colour = regexp.MustCompile(`--([a-z-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\);`)

func TestTextsCanBeReadInBothAppearances(t *testing.T) {
	palettes := [2]map[string]string{{"on-primary": "ffffff"}, {"on-primary": "ffffff"}}
	for _, match := range colour.FindAllStringSubmatch(read(t, web+"/style.css"), -1) {
		palettes[0][match[1]], palettes[1][match[1]] = match[2], match[3]
	}
	pairs := map[string][]string{
		"ink":        {"ground", "card", "button", "tint", "warn-box", "bad-box", "info-box"},
		"muted":      {"ground", "card", "tint", "button"},
		"accent":     {"ground", "card", "tint"},
		"fine":       {"card", "info-box"},
		"bad":        {"card", "bad-box"},
		"warn":       {"warn-box"},
		"on-primary": {"primary"},
	}
	for i, colours := range palettes {
		for ink, grounds := range pairs {
			for _, ground := range grounds {
				if got := contrast(t, colours[ink], colours[ground]); got < 4.5 {
					t.Errorf("appearance %d: %s on %s has a contrast of %.2f, want 4.5", i, ink, ground, got)
				}
			}
		}
		if got := contrast(t, colours["ring"], colours["card"]); got < 3 {
			t.Errorf("appearance %d: the focus ring has a contrast of %.2f, want 3", i, got)
		}
	}
}

// contrast follows WCAG 2.2, "contrast ratio".
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(hex string) float64 {
		v, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			t.Fatalf("a colour is missing: %v", err)
		}
		sum := 0.0
		for shift, weight := range map[uint]float64{16: 0.2126, 8: 0.7152, 0: 0.0722} {
			s := float64(v>>shift&0xff) / 255
			if s <= 0.04045 {
				s /= 12.92
			} else {
				s = math.Pow((s+0.055)/1.055, 2.4)
			}
			sum += weight * s
		}
		return sum
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}
