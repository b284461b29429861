package push

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/tabferry/tabferry/account/internal/ece"
)

const (
	// maxBody is the largest encrypted body that is opened, in octets. The service
	// takes up to 5630 (docs/protocol/push.md §8).
	maxBody = 8192
	// maxUAID bounds the identity a server may give (Firefox: 128 characters).
	maxUAID = 128
)

// Codes of acknowledgements. The service only counts them.
const (
	ackDelivered   = 100
	ackUnreadable  = 101
	ackUndelivered = 102
)

// unregisterUser: the user or the application ended the subscription.
const unregisterUser = 200

type helloFrame struct {
	Type       string            `json:"messageType"`
	UseWebPush bool              `json:"use_webpush"` // for servers older than autopush-rs
	Broadcasts map[string]string `json:"broadcasts"`
	UAID       string            `json:"uaid,omitempty"`
}

type registerFrame struct {
	Type      string `json:"messageType"`
	ChannelID string `json:"channelID"`
}

type unregisterFrame struct {
	Type      string `json:"messageType"`
	ChannelID string `json:"channelID"`
	Code      int    `json:"code"`
}

type ackFrame struct {
	Type    string      `json:"messageType"`
	Updates []ackUpdate `json:"updates"`
}

type ackUpdate struct {
	ChannelID string `json:"channelID"`
	Version   string `json:"version"`
	Code      int    `json:"code"`
}

// pingFrame is the empty message that the service answers in kind.
const pingFrame = "{}"

// heard is any message of the service, members of all types in one.
type heard struct {
	Type      string          `json:"messageType"`
	Status    int             `json:"status"`
	UAID      string          `json:"uaid"`
	ChannelID string          `json:"channelID"`
	Endpoint  string          `json:"pushEndpoint"`
	Version   string          `json:"version"`
	Data      *string         `json:"data"`
	Headers   json.RawMessage `json:"headers"`
}

// parseFrame reads a message. Members that have another type than the protocol
// says make the whole message unreadable.
func parseFrame(text []byte) (heard, error) {
	var m heard
	if t := bytes.TrimSpace(text); len(t) == 0 || t[0] != '{' {
		return heard{}, errNotMessage
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return heard{}, errNotMessage
	}
	return m, nil
}

var errNotMessage = errors.New("push: not a message of the protocol")

// validUAID reports whether text can serve as an identity.
func validUAID(text string) bool {
	return text != "" && len(text) <= maxUAID &&
		strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// validEndpoint reports whether text is an absolute web address. One without TLS
// is taken only from a server without TLS, that is in tests.
func validEndpoint(text, serverURL string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && strings.HasPrefix(serverURL, "ws:")
}

// encryptionHeaders are the members of a notification's headers.
type encryptionHeaders struct {
	Encoding   string `json:"encoding"`
	Encryption string `json:"encryption"`
	CryptoKey  string `json:"crypto_key"`
}

// open decrypts a notification's body; nil for one without. Its error is the
// sender's or the transport's fault, never a passing one.
func (m heard) open(r *record) ([]byte, error) {
	if m.Data == nil {
		return nil, nil
	}
	text := strings.TrimRight(*m.Data, "=")
	if base64.RawURLEncoding.DecodedLen(len(text)) > maxBody {
		return nil, errors.New("push: body is too large")
	}
	body, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("push: body is not base64url")
	}
	var h encryptionHeaders
	if len(m.Headers) > 0 {
		if err := json.Unmarshal(m.Headers, &h); err != nil {
			return nil, errors.New("push: encryption headers are not readable")
		}
	}
	return ece.DecryptMessage(r.key, r.Auth, body, ece.Headers(h))
}
