package link

import (
	"encoding/base64"
	"strings"

	"golang.org/x/text/encoding/unicode"
)

// group returns the keys and values of one group of a file in the manner of INI; names of groups and
// keys count in any case, and what stands in brackets behind a key is part of it.
func group(content, name string) map[string]string {
	values := map[string]string{}
	inside := false
	for line := range strings.SplitSeq(strings.ReplaceAll(content, "\r", "\n"), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			inside = strings.EqualFold(line, "["+name+"]")
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok && inside {
			values[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
		}
	}
	return values
}

// fromShortcut reads a shortcut of Windows. Of an address outside the system's old encoding the group
// InternetShortcut.W holds the whole one, in UTF-7 (RFC 2152).
func fromShortcut(content, title string) []Titled {
	return titled(title, fromUTF7(group(content, "InternetShortcut.W")["url"]), group(content, "InternetShortcut")["url"])
}

// fromDesktopEntry reads a link of the freedesktop desktops. KDE writes URL[$e], where a dollar sign is
// doubled because one would name a variable.
func fromDesktopEntry(content string) []Titled {
	values := group(content, "Desktop Entry")
	address := values["url"]
	for _, key := range []string{"url[$e]", "url[$ei]", "url[$ie]"} {
		if value, ok := values[key]; ok {
			address = strings.ReplaceAll(value, "$$", "$")
		}
	}
	unescaped := strings.NewReplacer(`\\`, `\`, `\s`, " ")
	return titled(unescaped.Replace(values["name"]), unescaped.Replace(address))
}

// titled returns the first of some texts that is a link.
func titled(title string, texts ...string) []Titled {
	for _, text := range texts {
		if address, reason := One(text); reason == Fine {
			return []Titled{{URL: address, Title: title}}
		}
	}
	return nil
}

// shifted is a run of UTF-7: "+", UTF-16 in base 64, and "-" if a sign of base 64 follows.
var shifted = lazily(`\+([A-Za-z0-9+/]*)-?`)

func fromUTF7(text string) string {
	return shifted().ReplaceAllStringFunc(text, func(run string) string {
		run = strings.TrimSuffix(run[1:], "-")
		wide, err := base64.RawStdEncoding.DecodeString(run)
		if run == "" || err != nil {
			return "+" + run
		}
		plain, err := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Bytes(wide[:len(wide)&^1])
		if err != nil {
			return "+" + run
		}
		return string(plain)
	})
}
