package events

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/events/internal/issuer"
)

const (
	// maxToken bounds a token, in bytes.
	maxToken = 16 << 10
	// maxAge and maxAhead bound the time a token was made at: retries have new tokens, and
	// clocks differ.
	maxAge   = 15 * time.Minute
	maxAhead = 5 * time.Minute
	// maxName bounds subject and id, in bytes.
	maxName = 255
	// mostEvents bounds the events of a token; there is usually one.
	mostEvents = 64
)

// Why a token is refused. The reasons name no part of it.
var (
	errAuthorization = errors.New("there is not one bearer token")
	errForm          = errors.New("the token is not three parts of base64url")
	errHeader        = errors.New("the token's header is not that of an event token")
	errSignature     = errors.New("the token's signature is wrong")
	errClaims        = errors.New("the token's claims are not an object")
	errIssuer        = errors.New("the token has another issuer")
	errAudience      = errors.New("the token is for another client")
	errNames         = errors.New("the token has no subject or id")
	errAge           = errors.New("the token is too old or from the future")
	errNoEvents      = errors.New("the token has no events")
)

// bearer reads the one token of a request (RFC 6750, section 2.1).
func bearer(h http.Header) (string, error) {
	fields := h.Values("Authorization")
	if len(fields) != 1 || len(fields[0]) > maxToken+len("Bearer ") {
		return "", errAuthorization
	}
	scheme, token, _ := strings.Cut(fields[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", errAuthorization
	}
	return strings.Trim(token, " "), nil
}

// token is a token in parts (RFC 7515, section 3.1). Nothing in it is true before its signature was checked.
type token struct {
	key       string // id of the key
	signed    string // header and payload, as they came
	payload   []byte
	signature []byte
}

// parse takes a token apart and checks its header.
func parse(text string) (token, error) {
	parts := strings.Split(text, ".")
	if len(text) > maxToken || len(parts) != 3 {
		return token{}, errForm
	}
	var raw [3][]byte
	for i, part := range parts {
		b, err := base64.RawURLEncoding.Strict().DecodeString(part)
		if err != nil || len(b) == 0 || strings.ContainsAny(part, "\r\n") { // which the decoder passes over
			return token{}, errForm
		}
		raw[i] = b
	}
	var header members
	if json.Unmarshal(raw[0], &header) != nil {
		return token{}, errHeader
	}
	t := token{key: header.text("kid"), signed: text[:len(parts[0])+1+len(parts[1])], payload: raw[1], signature: raw[2]}
	_, critical := header["crit"] // extensions that must be understood, and there is none that we do
	if header.text("alg") != "RS256" || t.key == "" || critical || !isEventType(header) {
		return token{}, errHeader
	}
	return t, nil
}

// isEventType reports whether a header leaves room for an event token: those of Mozilla name no type,
// RFC 8417 has secevent+jwt, and some libraries write JWT into everything. An access token says at+JWT,
// a logout token logout+jwt, and both may carry the same signature.
func isEventType(header members) bool {
	if _, typed := header["typ"]; !typed {
		return true
	}
	name := strings.TrimPrefix(strings.ToLower(header.text("typ")), "application/")
	return slices.Contains([]string{"jwt", "secevent+jwt"}, name)
}

// verify checks the signature: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3).
func (t token) verify(key *rsa.PublicKey) error {
	sum := sha256.Sum256([]byte(t.signed))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], t.signature) != nil {
		return errSignature
	}
	return nil
}

// claims are what a signed token says.
type claims struct {
	subject, id string
	issued      time.Time
	events      map[string]json.RawMessage
}

// read checks the claims of a token for a client.
func (t token) read(origin, clientID string, now time.Time) (claims, error) {
	var m members
	if json.Unmarshal(t.payload, &m) != nil || m == nil {
		return claims{}, errClaims
	}
	c := claims{subject: m.text("sub"), id: m.text("jti")}
	if !equal(issuer.Trim(m.text("iss")), origin) {
		return claims{}, errIssuer
	}
	if !m.audience(clientID) {
		return claims{}, errAudience
	}
	if c.subject == "" || c.id == "" || len(c.subject) > maxName || len(c.id) > maxName {
		return claims{}, errNames
	}
	issued, ok := m.timely(now)
	if !ok {
		return claims{}, errAge
	}
	c.issued = issued
	if json.Unmarshal(m["events"], &c.events) != nil || len(c.events) == 0 || len(c.events) > mostEvents {
		return claims{}, errNoEvents
	}
	return c, nil
}

// audience reports whether a token is for a client: aud is a string, or a list that has it.
func (m members) audience(clientID string) bool {
	list := []string{m.text("aud")}
	if list[0] == "" && json.Unmarshal(m["aud"], &list) != nil {
		return false
	}
	return slices.ContainsFunc(list, func(a string) bool { return equal(a, clientID) })
}

// timely reads when a token was made, and reports whether it may be used now. iat has a fraction.
func (m members) timely(now time.Time) (issued time.Time, ok bool) {
	iat, ok := m.number("iat")
	if !ok || iat < 0 || iat > latest/1000 {
		return time.Time{}, false
	}
	issued = time.UnixMicro(int64(math.Round(iat * 1e6))).UTC()
	if now.Sub(issued) > maxAge || issued.Sub(now) > maxAhead {
		return time.Time{}, false
	}
	seconds := float64(now.UnixNano()) / 1e9
	if _, said := m["exp"]; said {
		if exp, ok := m.number("exp"); !ok || seconds >= exp {
			return time.Time{}, false
		}
	}
	if _, said := m["nbf"]; said {
		if nbf, ok := m.number("nbf"); !ok || seconds+maxAhead.Seconds() < nbf {
			return time.Time{}, false
		}
	}
	return issued, true
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
