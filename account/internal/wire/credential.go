package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// scheme is how a credential is shown.
type scheme int

const (
	schemeNone scheme = iota
	schemeBearer
	schemeSession
)

// sessionPrefix marks a session token id among typed bearer credentials.
const sessionPrefix = "fxs_"

// Credential authorises one request. The zero value is none. Printing one shows
// nothing of it.
type Credential struct {
	scheme scheme
	token  string
	macKey []byte
}

// Bearer is an access or refresh token.
func Bearer(token string) Credential { return Credential{scheme: schemeBearer, token: token} }

// Session is a session token, by the id and the request key derived from it.
func Session(id string, macKey []byte) Credential {
	return Credential{scheme: schemeSession, token: id, macKey: macKey}
}

// String hides the credential.
func (Credential) String() string { return "credential" }

// GoString hides the credential from %#v.
func (Credential) GoString() string { return "credential" }

// hawkNonceBytes gives a nonce of 8 characters, the length that the reference
// implementations use.
const hawkNonceBytes = 6

// hawkContentType is the type that goes into the payload hash; it must be the
// Content-Type header's value without parameters.
const hawkContentType = "application/json"

// authorize sets the Authorization header. Hawk is used for session credentials
// only, when asked for.
func (c *Client) authorize(r *http.Request, cred Credential, body []byte, hawk bool) error {
	switch {
	case cred.scheme == schemeNone:
	case cred.scheme == schemeBearer:
		r.Header.Set("Authorization", "Bearer "+cred.token)
	case !hawk:
		r.Header.Set("Authorization", "Bearer "+sessionPrefix+cred.token)
	default:
		nonce := make([]byte, hawkNonceBytes)
		if _, err := io.ReadFull(c.random, nonce); err != nil {
			return fmt.Errorf("make nonce: %w", err)
		}
		h := hawkRequest{
			id: cred.token, key: cred.macKey,
			at:     c.clock.Now().Add(time.Duration(c.hawkSkew.Load())),
			nonce:  base64.RawURLEncoding.EncodeToString(nonce),
			method: r.Method, url: r.URL, body: body,
		}
		r.Header.Set("Authorization", h.header())
	}
	return nil
}

// hawkRequest is what a Hawk header is computed from (the mozilla/hawk scheme,
// header version 1, SHA-256).
type hawkRequest struct {
	id     string
	key    []byte
	at     time.Time
	nonce  string
	method string
	url    *url.URL
	body   []byte
	ext    string
}

// header returns the Authorization value.
func (h hawkRequest) header() string {
	var b strings.Builder
	fmt.Fprintf(&b, `Hawk id="%s", ts="%d", nonce="%s"`, h.id, h.at.Unix(), h.nonce)
	if hash := h.payloadHash(); hash != "" {
		fmt.Fprintf(&b, `, hash="%s"`, hash)
	}
	if h.ext != "" {
		fmt.Fprintf(&b, `, ext="%s"`, h.ext)
	}
	fmt.Fprintf(&b, `, mac="%s"`, h.mac())
	return b.String()
}

// normalized is the text that the MAC covers.
func (h hawkRequest) normalized() string {
	port := h.url.Port()
	if port == "" {
		port = "443"
		if h.url.Scheme == "http" {
			port = "80"
		}
	}
	return strings.Join([]string{
		"hawk.1.header",
		strconv.FormatInt(h.at.Unix(), 10),
		h.nonce,
		h.method,
		h.url.RequestURI(),
		strings.ToLower(h.url.Hostname()),
		port,
		h.payloadHash(),
		h.ext,
	}, "\n") + "\n"
}

// payloadHash covers the body; a request without one has no hash.
func (h hawkRequest) payloadHash() string {
	if h.body == nil {
		return ""
	}
	sum := sha256.New()
	io.WriteString(sum, "hawk.1.payload\n"+hawkContentType+"\n") // #nosec G104 -- a hash takes everything
	sum.Write(h.body)
	io.WriteString(sum, "\n") // #nosec G104 -- a hash takes everything
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

func (h hawkRequest) mac() string {
	mac := hmac.New(sha256.New, h.key)
	io.WriteString(mac, h.normalized()) // #nosec G104 -- a hash takes everything
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
