package extension

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// version is the protocol's.
const version = 1

// The codes of refusals that are the host's own; the others are the agent's.
const (
	codeBadMessage  localapi.Code = "bad_message"
	codeBadVersion  localapi.Code = "bad_version"
	codeUnknownType localapi.Code = "unknown_type"
	codeTooLarge    localapi.Code = "too_large"
	codeNotALink    localapi.Code = "not_a_link"
)

// The bounds of a request's members, in bytes but for the name's, which is in characters.
const (
	maxID   = 64
	maxName = 64
)

// request is one message from the browser.
type request struct {
	V      int    `json:"v"`
	ID     string `json:"id"`
	Type   string `json:"type"`
	Caller *relay `json:"caller"`
	Start  *bool  `json:"start"`
	body   []byte // the whole message
	kind   *kind  // what Type means
}

// relay is another extension, for which ours asks.
type relay struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// answer is what a request comes to.
type answer struct {
	V      int      `json:"v"`
	ID     string   `json:"id"`
	OK     bool     `json:"ok"`
	Result any      `json:"result,omitempty"`
	Error  *failure `json:"error,omitempty"`
}

// failure is a refusal as it is told to the browser.
type failure struct {
	Code    localapi.Code `json:"code"`
	Message string        `json:"message"`
	Hint    string        `json:"hint,omitempty"`
	Until   time.Time     `json:"until,omitzero"`
	// Item is the place of the item that is no link.
	Item *int `json:"item,omitempty"`
}

func (f *failure) Error() string { return f.Message }

// badMessage refuses a message that the protocol does not have. It is for authors of extensions, in English.
func badMessage(text string) error { return &failure{Code: codeBadMessage, Message: text} }

// parse reads a request up to what its type is. What it can of the id is there also with an error.
func parse(frame []byte) (request, error) {
	r := request{body: frame}
	if !utf8.Valid(frame) {
		return r, badMessage("the message is not UTF-8")
	}
	members, err := object(frame)
	if err != nil {
		return r, badMessage("the message is not one JSON object")
	}
	if json.Unmarshal(members["id"], &r.ID) != nil || r.ID == "" || len(r.ID) > maxID {
		r.ID = ""
		return r, badMessage("id is a text of 1 to " + strconv.Itoa(maxID) + " bytes")
	}
	if name := localapi.Twice(frame); name != "" {
		return r, badMessage(name + " stands twice")
	}
	if json.Unmarshal(members["v"], &r.V) != nil || r.V != version {
		return r, &failure{Code: codeBadVersion, Message: "this host speaks version " + strconv.Itoa(version) + " of the protocol"}
	}
	if json.Unmarshal(members["type"], &r.Type) != nil {
		return r, badMessage("type is a text")
	}
	k, ok := kinds()[r.Type]
	if !ok {
		return r, &failure{Code: codeUnknownType, Message: "there is no such type of request"}
	}
	r.kind = &k
	if err := known(members, append([]string{"v", "id", "type", "caller", "start"}, k.fields...)); err != nil {
		return r, err
	}
	if err := r.read(&r); err != nil {
		return r, err
	}
	return r, r.checkCaller(members["caller"])
}

// checkCaller looks at the extension for which ours asks.
func (r *request) checkCaller(raw json.RawMessage) error {
	if r.Caller == nil {
		return nil
	}
	members, err := object(raw)
	if err != nil {
		return badMessage("caller is an object")
	}
	if err := known(members, []string{"id", "name"}); err != nil {
		return err
	}
	if !extensionID(r.Caller.ID) {
		return badMessage("caller.id is no extension's id")
	}
	if name := []rune(r.Caller.Name); len(name) > maxName {
		r.Caller.Name = string(name[:maxName])
	}
	if !r.kind.relayed {
		return &failure{Code: localapi.CodeNotAllowed, Message: "this is not for other extensions"}
	}
	return nil
}

// read takes the members of the request into a struct.
func (r *request) read(into any) error {
	err := json.Unmarshal(r.body, into)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return badMessage(localapi.WrongKind(wrong))
	}
	if err != nil {
		return badMessage("the message cannot be read")
	}
	return nil
}

// object splits one JSON object into its members.
func object(text []byte) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	if members == nil {
		return nil, errors.New("null")
	}
	return members, nil
}

// known refuses members that the protocol does not name. Case matters, which it does not to encoding/json.
func known(members map[string]json.RawMessage, names []string) error {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(names, name) {
			return badMessage("the field " + strconv.QuoteToASCII(shorten(name, maxID)) + " is unknown here")
		}
	}
	return nil
}

// shorten cuts a text to so many bytes, and no character in two.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}
