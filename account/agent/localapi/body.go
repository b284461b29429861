package localapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxCall bounds the body of a call: some thousand long links, or settings.
	maxCall = 4 << 20
	// maxWaste is how much more of a body that is too large is read, and thrown away: most programs read no answer
	// before they have sent all of a call.
	maxWaste = 64 << 20
)

// readJSON takes a JSON body: one object of at most maxCall bytes. The content type is demanded because
// a page in a browser cannot send it unasked.
func readJSON(w http.ResponseWriter, r *http.Request, in any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return usage("the call's Content-Type must be application/json")
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxCall+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return usage(fmt.Sprintf("the call's body did not come within %v", bodyTime))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return usage(fmt.Sprintf("the call's body breaks off after %d bytes", len(text)))
	case err != nil:
		return usage("the call's body is framed wrongly")
	case len(text) > maxCall:
		_, _ = io.CopyN(io.Discard, r.Body, maxWaste) // whether it ends there or not, the call is refused
		return usage(fmt.Sprintf("the call's body is larger than %d bytes", maxCall))
	}
	reading(w, 0) // for a call that takes longer than its body
	if err := fromJSON(text, in); err != nil {
		return usage(err.Error())
	}
	return nil
}

// fromJSON reads one object, and says what is wrong with a text that is none, or not of the kind wanted.
func fromJSON(text []byte, in any) error {
	if len(text) == 0 {
		return errors.New("the call has no body, and needs one of JSON")
	}
	if !utf8.Valid(text) {
		return errors.New("the call's body is not UTF-8")
	}
	err := json.Unmarshal(text, in)
	if wrong := (*json.SyntaxError)(nil); errors.As(err, &wrong) {
		return fmt.Errorf("the call's body is not one JSON value: it cannot be read on from byte %d", wrong.Offset)
	}
	if text = bytes.TrimLeft(text, " \t\r\n"); text[0] != '{' {
		return errors.New("the call's body must be a JSON object")
	}
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return errors.New(WrongKind(wrong))
	}
	if err != nil {
		return errors.New("the call's body cannot be read")
	}
	if name := Twice(text); name != "" {
		return fmt.Errorf("%s stands twice in the call's body", name)
	}
	return nil
}

// WrongKind says which member of a JSON text has what, and what is wanted there.
func WrongKind(wrong *json.UnmarshalTypeError) string {
	return fmt.Sprintf("%s has %s where %s is wanted", wrong.Field, isKind(wrong.Value), wantedKind(wrong.Type))
}

// isKind is what encoding/json found, in words; it says a number itself where it is not a whole one.
func isKind(found string) string {
	switch kind, _, _ := strings.Cut(found, " "); kind {
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	default:
		return "a number"
	}
}

// wantedKind is the JSON of a type, in words.
func wantedKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct:
		return "an object"
	default:
		return "a whole number"
	}
}

// Twice returns a name that one object of a JSON text has twice, which encoding/json takes for a second value to
// be laid over the first: a link would get the title of another one. Like encoding/json it does not look at case.
func Twice(text []byte) string {
	type member struct {
		object int // its number
		name   string
	}
	seen := map[member]bool{}
	var around []int // the numbers of the objects and lists around the place
	numbers := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			numbers++
			around = append(around, numbers)
		case '}', ']':
			around = around[:len(around)-1]
		case '"':
			begin := i
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			if rest := bytes.TrimLeft(text[i+1:], " \t\r\n"); len(rest) == 0 || rest[0] != ':' {
				continue // a value
			}
			name := unquoted(text[begin : i+1])
			m := member{around[len(around)-1], strings.ToLower(name)}
			if seen[m] {
				return strconv.QuoteToASCII(name[:min(len(name), 64)])
			}
			seen[m] = true
		}
	}
	return ""
}

// unquoted is the text of a JSON string.
func unquoted(quoted []byte) (text string) {
	if !bytes.Contains(quoted, []byte(`\`)) {
		return string(quoted[1 : len(quoted)-1])
	}
	_ = json.Unmarshal(quoted, &text) // it stands in a text that could be read
	return text
}
