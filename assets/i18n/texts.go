package i18n

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"
)

//go:embed locales/*.toml
var locales embed.FS

// texts are those of one file by key; the plural form of a text has its category behind formMark, but for
// "other", which is the text itself.
type texts map[string]string

const formMark = "#"

// load reads a face's file of one language when its first text is asked for. The files are part of the
// program and tested: one that cannot be read is a fault of the build, so it panics. A face that has none
// has no texts.
func load(face string, tag language.Tag) texts {
	from, letters := tag, lettersOf(tag.String())
	if letters != nil {
		from = language.English
	}
	name := face + "." + from.String() + ".toml"
	file, err := locales.ReadFile("locales/" + name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return nil
	}
	var read texts
	if err == nil {
		read, err = parse(string(file))
	}
	if err != nil {
		panic(fmt.Sprintf("i18n: %s: %v", name, err))
	}
	if letters != nil {
		for key, text := range read {
			read[key] = pseudo(letters, text)
		}
	}
	return read
}

// parse reads the part of TOML that the files are written in, each thing on a line of its own: a text
// ("key" = "text"), or the head of a text in several forms (["key"]) and its forms (one = "text"). It
// refuses everything else, so that it never takes for one thing what TOML says is another. A library that
// reads all of TOML, and templates, took 2.5 ms and held half a megabyte for each language; this takes a
// fifth of a millisecond for the largest face, on a busy machine, and holds 60 kB.
func parse(file string) (texts, error) {
	r := reader{read: make(texts, strings.Count(file, "\n"))} // at once as large as it will be
	for line := range strings.Lines(file) {
		if ended, ok := strings.CutSuffix(line, "\n"); ok {
			line = strings.TrimSuffix(ended, "\r")
		}
		if !isPlain(line) || !r.line(line) {
			return nil, fmt.Errorf("%q is not as it must be", line)
		}
	}
	if !r.complete() {
		return nil, fmt.Errorf("%s has no form \"other\"", r.head)
	}
	return r.read, nil
}

// reader reads a file line by line.
type reader struct {
	read texts
	head string // the key of the text in several forms that lines are about; empty before the first
}

func (r *reader) line(line string) bool {
	switch {
	case line == "" || line[0] == '#':
		return true
	case line[0] == '[':
		return r.begin(line)
	}
	name, quoted, _ := strings.Cut(line, " = ")
	key, ok := r.key(name)
	text, isText := unquote(quoted)
	if !ok || !isText || strings.TrimSpace(text) == "" || r.has(key) {
		return false
	}
	r.read[key] = text
	return true
}

// begin begins a text in several forms.
func (r *reader) begin(line string) bool {
	key, ok := unquote(strings.TrimSuffix(line[1:], "]"))
	if !ok || !strings.HasSuffix(line, "]") || !isKey(key) || !r.complete() || r.has(key) {
		return false
	}
	r.head = key
	return true
}

// key returns where a text belongs that has this name in the file: a key, or a form of the head.
func (r *reader) key(name string) (string, bool) {
	switch {
	case r.head == "":
		key, ok := unquote(name)
		return key, ok && isKey(key)
	case name == "other":
		return r.head, true
	default:
		return r.head + formMark + name, name == "one"
	}
}

func (r *reader) has(key string) bool {
	_, ok := r.read[key]
	return ok
}

// complete reports whether the text that head began has the form that every text has.
func (r *reader) complete() bool { return r.head == "" || r.has(r.head) }

// isPlain reports whether a line is text as TOML allows it, without control characters.
func isPlain(line string) bool {
	for i := range len(line) {
		if line[i] < ' ' || line[i] == 0x7f {
			return false
		}
	}
	return utf8.ValidString(line)
}

// isKey reports whether a key looks like "face.what.it_is".
func isKey(key string) bool {
	for i := range len(key) {
		if c := key[i]; c != '.' && c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return key != ""
}

// unquote reads a basic string of TOML in which nothing is escaped but quotation marks and backslashes.
func unquote(quoted string) (string, bool) {
	if len(quoted) < 2 || quoted[0] != '"' || quoted[len(quoted)-1] != '"' {
		return "", false
	}
	inner := quoted[1 : len(quoted)-1]
	if strings.IndexByte(inner, '\\') < 0 {
		return inner, strings.IndexByte(inner, '"') < 0
	}
	var plain strings.Builder
	for i := 0; i < len(inner); i++ {
		switch inner[i] {
		case '"':
			return "", false
		case '\\':
			i++
			if i == len(inner) || inner[i] != '"' && inner[i] != '\\' {
				return "", false
			}
		}
		plain.WriteByte(inner[i])
	}
	return plain.String(), true
}
