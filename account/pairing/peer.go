package pairing

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// Peer is what is known of the other side, for a person to judge. All texts are cleaned and short,
// and none of them is proven.
type Peer struct {
	// Application is the name of a known client, or its id. Known tells which.
	Application string
	Known       bool
	// DeviceName and Email come from an authority; for the authority itself Email is the account
	// that will be given.
	DeviceName, Email string
	// System is for example "Firefox on Android", Place "Berlin, Germany", Address the IP address
	// that the relay saw.
	System, Place, Address string
}

// knownClients are the applications that Mozilla's servers let pair.
var knownClients = map[string]string{
	"a2270f727f45f648": "Firefox for Android",
	"1b1a3e44c54fbb58": "Firefox for iOS",
	"3c49430b43dfba77": "Reference browser",
}

// sender is what the relay says about the sender of a message.
type sender struct {
	UA      string `json:"ua"`
	City    string `json:"city"`
	Region  string `json:"region"`
	Country string `json:"country"`
	Remote  string `json:"remote"`
}

func (s sender) peer() Peer {
	return Peer{
		System:  system(s.UA),
		Place:   place(s),
		Address: clean(s.Remote),
	}
}

func place(s sender) string {
	var parts []string
	for _, part := range []string{clean(s.City), clean(s.Region), clean(s.Country)} {
		if part != "" && (len(parts) == 0 || parts[len(parts)-1] != part) {
			parts = append(parts, part)
		}
	}
	if len(parts) == 3 {
		parts = []string{parts[0], parts[2]} // the region only helps where one of the others is missing
	}
	return strings.Join(parts, ", ")
}

// maxShown is how many characters of a foreign text are shown.
const maxShown = 100

// clean makes foreign text fit to be shown: one line, no control, formatting or unassigned
// characters (which could turn or hide other text), at most maxShown characters.
func clean(text string) string {
	var b strings.Builder
	shown := 0
	for _, r := range strings.ToValidUTF8(text, "") {
		if unicode.IsSpace(r) {
			r = ' '
		}
		if !unicode.IsPrint(r) {
			continue
		}
		if shown == maxShown {
			b.WriteString("…")
			break
		}
		b.WriteRune(r)
		shown++
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// browsers and systems are looked for in this order: most browsers also claim to be others.
var (
	browsers = []struct {
		name    string
		pattern func() *regexp.Regexp
	}{
		{"Tabferry", kit.Pattern(`\bTabferry/`)},
		{"Firefox", kit.Pattern(`\b(Firefox|FxiOS|Focus|Fenix)/`)},
		{"Edge", kit.Pattern(`\b(Edg|EdgA|EdgiOS)/`)},
		{"Opera", kit.Pattern(`\bOPR/`)},
		{"Chrome", kit.Pattern(`\b(Chrome|CriOS)/`)},
		{"Safari", kit.Pattern(`\bVersion/.*Safari/`)},
	}
	systems = []struct {
		name    string
		pattern func() *regexp.Regexp
	}{
		{"Android", kit.Pattern(`\bAndroid\b`)},
		{"iPad", kit.Pattern(`\biPad\b`)},
		{"iPhone", kit.Pattern(`\biPhone\b`)},
		{"iOS", kit.Pattern(`\biOS\b|Firefox-iOS`)},
		{"Windows", kit.Pattern(`\bWindows\b`)},
		{"macOS", kit.Pattern(`\b(Macintosh|Mac OS X|macOS)\b`)},
		{"ChromeOS", kit.Pattern(`\bCrOS\b`)},
		{"Linux", kit.Pattern(`\b(Linux|X11)\b`)},
	}
)

// system reads browser and system out of a User-Agent. An unknown one is shown as it is.
func system(ua string) string {
	var browser, os string
	for _, b := range browsers {
		if b.pattern().MatchString(ua) {
			browser = b.name
			break
		}
	}
	for _, s := range systems {
		if s.pattern().MatchString(ua) {
			os = s.name
			break
		}
	}
	switch {
	case browser != "" && os != "":
		return browser + " on " + os
	case browser != "":
		return browser
	case os != "":
		return os
	}
	return clean(ua)
}
