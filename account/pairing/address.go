package pairing

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/tabferry/tabferry/account/internal/kit"
)

// Sizes of the parts of a pairing address.
const (
	keySize    = 32 // bytes of the channel key
	minIDSize  = 16 // bytes of a channel id
	maxPart    = 128
	maxAddress = 2048 // characters of a whole address; real ones have 123 or 127 (docs/protocol/pairing.md §2)
)

const secretText = "pairing.Code(secret)" // #nosec G101 -- what is shown in place of one

// Code is what a QR code carries: the way into one channel. It prints as a fixed text, because
// whoever has it can ask to be signed in and read a recorded session.
type Code struct {
	origin    string
	channelID string
	key       []byte
	// Version is 2 when the code says so, else 1.
	Version int
}

// Address is the secret text to draw: https://SERVER/pair#channel_id=…&channel_key=…&v=2.
func (c Code) Address() string {
	address := c.origin + "/pair#channel_id=" + c.channelID +
		"&channel_key=" + base64.RawURLEncoding.EncodeToString(c.key)
	if c.Version >= 2 {
		address += "&v=2"
	}
	return address
}

// Origin is the accounts server the code belongs to.
func (c Code) Origin() string { return c.origin }

// String hides the secret.
func (Code) String() string { return secretText }

// GoString hides the secret.
func (Code) GoString() string { return secretText }

// Format hides the secret from every verb.
func (Code) Format(f fmt.State, _ rune) {
	if _, err := f.Write([]byte(secretText)); err != nil {
		return // a formatter has nobody to tell
	}
}

// LogValue hides the secret.
func (Code) LogValue() slog.Value { return slog.StringValue(secretText) }

// wipe destroys the key, as far as Go allows.
func (c Code) wipe() { clear(c.key) }

// ParseAddress reads a pairing address, as scanned or pasted. It must belong to the accounts server
// whose content origin is server, else the error is an *OtherServerError; all other faults are
// ErrBadAddress. No error repeats any part of the text but its origin.
// (docs/protocol/pairing.md §2)
func ParseAddress(text, server string) (Code, error) {
	here, err := origin(server)
	if err != nil {
		return Code{}, fmt.Errorf("pairing: server address: %w", err)
	}
	text = strings.TrimSpace(text)
	if len(text) > maxAddress {
		return Code{}, fmt.Errorf("%w: too long", ErrBadAddress)
	}
	page, fragment, ok := strings.Cut(text, "#")
	if !ok {
		return Code{}, fmt.Errorf("%w: no channel in it", ErrBadAddress)
	}
	u, err := url.Parse(page)
	if err != nil || u.User != nil || (u.Path != "/pair" && u.Path != "/pair/") {
		return Code{}, fmt.Errorf("%w: not the address of a pairing page", ErrBadAddress)
	}
	there, err := origin(page)
	if err != nil {
		return Code{}, fmt.Errorf("%w: %w", ErrBadAddress, err)
	}
	code, err := parseFragment(fragment)
	if err != nil {
		return Code{}, err
	}
	if there != here {
		return Code{}, &OtherServerError{Here: here, There: there}
	}
	code.origin = here
	return code, nil
}

func parseFragment(fragment string) (Code, error) {
	values, err := url.ParseQuery(fragment)
	if err != nil {
		// The parse error would repeat the text.
		return Code{}, fmt.Errorf("%w: the channel cannot be read", ErrBadAddress)
	}
	id, okID := onlyPart(values, "channel_id")
	keyText, okKey := onlyPart(values, "channel_key")
	if !okID || !okKey {
		return Code{}, fmt.Errorf("%w: channel or key missing", ErrBadAddress)
	}
	rawID, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(rawID) < minIDSize {
		return Code{}, fmt.Errorf("%w: the channel is cut off", ErrBadAddress)
	}
	key, err := base64.RawURLEncoding.DecodeString(keyText)
	if err != nil || len(key) != keySize {
		return Code{}, fmt.Errorf("%w: the key is cut off", ErrBadAddress)
	}
	code := Code{channelID: id, key: key, Version: 1}
	if values.Get("v") == "2" {
		code.Version = 2
	}
	return code, nil
}

// onlyPart returns a value that occurs once and has the characters and the length of one.
func onlyPart(values url.Values, name string) (string, bool) {
	all := values[name]
	if len(all) != 1 || all[0] == "" || len(all[0]) > maxPart || !isBase64URL(all[0]) {
		return "", false
	}
	return all[0], true
}

func isBase64URL(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// origin returns scheme, host and port of a web address, in one form for one origin. Plain http is
// for loopback only.
func origin(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("not a web address")
	}
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	switch scheme {
	case "https":
		if port == "443" {
			port = ""
		}
	case "http":
		if !kit.Loopback(host) {
			return "", fmt.Errorf("plain http is for this computer only")
		}
		if port == "80" {
			port = ""
		}
	default:
		return "", fmt.Errorf("not a web address")
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	return scheme + "://" + host, nil
}
