//go:build !windows && !darwin

package desktop

import (
	"cmp"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adrg/xdg"
)

// maxEntry bounds what is read of a desktop entry, in bytes; real ones, with all their translations, have
// less than a tenth.
const maxEntry = 1 << 20

// Browsers returns the installed browsers by their names in a language, such as "de": the desktop entries
// that take web links (Desktop Entry Specification, key MimeType). Of entries with the same file name the one
// in the person's own folder goes first, and hides the others even when it is hidden itself. In a sandbox
// those of the host are not seen.
func Browsers(language string) ([]Browser, error) {
	var list []Browser
	seen := map[string]bool{AppID + ".desktop": true} // ours would send in a circle
	for _, dir := range append([]string{xdg.DataHome}, xdg.DataDirs...) {
		files, err := filepath.Glob(filepath.Join(dir, "applications", "*.desktop"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			name := filepath.Base(file)
			if seen[name] {
				continue
			}
			seen[name] = true
			if b, ok := browserEntry(file, language); ok && !slices.ContainsFunc(list, func(o Browser) bool { return o.Command == b.Command }) {
				list = append(list, b)
			}
		}
	}
	slices.SortFunc(list, func(a, b Browser) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list, nil
}

// browserEntry reads the desktop entry of a browser, and reports whether it is one that can be used here.
func browserEntry(file, language string) (Browser, bool) {
	info, err := os.Stat(file)
	if err != nil || info.Size() > maxEntry || info.Mode().Type() != fs.FileMode(0) {
		return Browser{}, false
	}
	text, err := os.ReadFile(file) // #nosec G304 -- what is installed
	if err != nil {
		return Browser{}, false
	}
	keys := entryKeys(string(text))
	types := strings.Split(keys["MimeType"], ";")
	if keys["Type"] != "Application" || keys["Hidden"] == "true" || keys["NoDisplay"] == "true" || keys["Terminal"] == "true" ||
		!slices.Contains(types, "x-scheme-handler/https") {
		return Browser{}, false
	}
	if try := keys["TryExec"]; try != "" {
		if _, err := exec.LookPath(try); err != nil {
			return Browser{}, false
		}
	}
	b := Browser{Name: cmp.Or(keys["Name["+language+"]"], keys["Name"]), Command: entryCommand(keys["Exec"])}
	return b, b.Name != "" && b.Command != "" && CheckBrowser(b.Command) == nil
}

// entryKeys returns the keys of the group "Desktop Entry", with the escapes of strings undone.
func entryKeys(text string) map[string]string {
	keys := map[string]string{}
	within := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			within = line == "[Desktop Entry]"
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !within || !ok || strings.HasPrefix(line, "#") {
			continue
		}
		keys[strings.TrimSpace(key)] = strings.NewReplacer(`\s`, " ", `\n`, "\n", `\t`, "\t", `\r`, "\r", `\\`, `\`).Replace(strings.TrimSpace(value))
	}
	return keys
}

// entryCommand writes the key Exec as [Opener.OpenWith] wants it; empty when it cannot be written so.
func entryCommand(exec string) string {
	words, ok := execWords(exec)
	if !ok {
		return ""
	}
	for i, w := range words {
		switch double := strings.Contains(w, `"`); {
		case double && strings.Contains(w, "'"):
			return "" // there is no escape in ours
		case double:
			words[i] = "'" + w + "'"
		case w == "" || strings.ContainsAny(w, " \t'"):
			words[i] = `"` + w + `"`
		}
	}
	return strings.Join(words, " ")
}

// execWords splits the key Exec: within double quotes a backslash keeps the next character.
func execWords(exec string) (words []string, ok bool) {
	var word strings.Builder
	quoted, within := false, false
	for i := 0; i < len(exec); i++ {
		switch c := exec[i]; {
		case c == '"':
			quoted, within = !quoted, true
		case quoted && c == '\\' && i+1 < len(exec):
			i++
			word.WriteByte(exec[i])
		case !quoted && c == ' ':
			if within {
				words = append(words, word.String())
			}
			word.Reset()
			within = false
		default:
			word.WriteByte(c)
			within = true
		}
	}
	if within {
		words = append(words, word.String())
	}
	return words, !quoted
}
