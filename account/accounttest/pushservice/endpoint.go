package pushservice

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var topicForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// errorReply is an error answer of an endpoint.
type errorReply struct {
	code, errno int
	message     string
}

// Refusals of autoendpoint, by its errno.
var (
	errToken        = &errorReply{404, 102, "Request did not validate invalid token"}
	errTooLarge     = &errorReply{413, 104, "This message is intended for a constrained device and is limited in size"}
	errGone         = &errorReply{410, 106, "No such subscription"}
	errVAPID        = &errorReply{401, 109, "Request did not validate missing authorization header"}
	errEncryption   = &errorReply{400, 110, "Invalid encryption headers"}
	errNoTTL        = &errorReply{400, 111, "Missing TTL header"}
	errTTL          = &errorReply{400, 112, "Invalid TTL header value"}
	errTopic        = &errorReply{400, 113, "Invalid topic"}
	errMethod       = &errorReply{405, 999, "Method not allowed"}
	errUnavailable  = &errorReply{503, 201, "Please retry later"}
	unavailableWait = "120"
)

// serveEndpoint takes a sender's message.
func (s *Service) serveEndpoint(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		http.Error(w, "unreadable body", http.StatusBadRequest)
		return
	}
	token := strings.TrimPrefix(r.URL.Path, EndpointPrefix)
	m, refusal := s.post(r.Method, token, r.Header, body)
	if refusal != nil {
		refusal.write(w)
		return
	}
	w.Header().Set("Location", s.p.Base+"/m/"+m.version)
	w.Header().Set("TTL", strconv.Itoa(int(m.ttl/time.Second)))
	w.WriteHeader(http.StatusCreated)
}

func (r *errorReply) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	if r.code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", unavailableWait)
	}
	w.WriteHeader(r.code)
	// A sender that left before the answer is no concern of ours.
	_, _ = w.Write(encode(map[string]any{
		"code": r.code, "errno": r.errno, "error": http.StatusText(r.code), "message": r.message,
		"more_info": "http://autopush.readthedocs.io/en/latest/http.html#error-codes",
	}))
}

// post checks a message and hands it on. The order of checks is the server's:
// token, authorization, headers, size, subscription.
func (s *Service) post(method, token string, h http.Header, body []byte) (*message, *errorReply) {
	if method != http.MethodPost && method != http.MethodPut {
		return nil, errMethod
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record.posts++
	if s.faults.endpointStatus != 0 {
		return nil, forcedRefusal(s.faults.endpointStatus)
	}
	address, ok := s.tokens[token]
	if !ok {
		return nil, errToken
	}
	if refusal := s.checkVAPID(address, h); refusal != nil {
		return nil, refusal
	}
	m, refusal := readMessage(h, body)
	if refusal != nil {
		return nil, refusal
	}
	agent := s.knownAgent(address.uaid)
	if agent == nil || !agent.channels[address.channel] || s.faults.gone[token] {
		return nil, errGone
	}
	m.channel = address.channel
	s.accept(agent, m)
	return m, nil
}

func forcedRefusal(status int) *errorReply {
	switch status {
	case http.StatusNotFound:
		return errToken
	case http.StatusGone:
		return errGone
	case http.StatusServiceUnavailable:
		return errUnavailable
	}
	return &errorReply{status, 999, http.StatusText(status)}
}

// readMessage reads headers and body into a message.
func readMessage(h http.Header, body []byte) (*message, *errorReply) {
	ttl := h.Get("TTL")
	if ttl == "" {
		return nil, errNoTTL
	}
	seconds, err := strconv.ParseInt(ttl, 10, 64)
	if err != nil || seconds < 0 {
		return nil, errTTL
	}
	m := &message{topic: h.Get("Topic")}
	m.ttl = min(time.Duration(min(seconds, int64(maxTTL/time.Second)))*time.Second, maxTTL)
	if m.topic != "" && (len(m.topic) > maxTopic || !topicForm.MatchString(m.topic)) {
		return nil, errTopic
	}
	if len(body) > maxBody {
		return nil, errTooLarge
	}
	if len(body) == 0 {
		return m, nil
	}
	m.data = base64.RawURLEncoding.EncodeToString(body)
	var refusal *errorReply
	m.headers, refusal = encryptionHeaders(h)
	return m, refusal
}

// encryptionHeaders checks the headers of an encrypted body and gives them in
// the form a notification carries: without quotes and base64 padding.
func encryptionHeaders(h http.Header) (map[string]string, *errorReply) {
	clean := func(name string) string {
		text := strings.ReplaceAll(h.Get(name), `"`, "")
		return base64Padding.ReplaceAllString(text, "$1")
	}
	out := map[string]string{"encoding": clean("Content-Encoding")}
	switch out["encoding"] {
	case "aes128gcm":
		return out, nil
	case "aesgcm":
		out["encryption"], out["crypto_key"] = clean("Encryption"), clean("Crypto-Key")
		if !strings.Contains(out["encryption"], "salt=") || !strings.Contains(out["crypto_key"], "dh=") {
			return nil, errEncryption
		}
		return out, nil
	}
	return nil, errEncryption
}

var base64Padding = regexp.MustCompile(`=+($|[,; ])`)

// checkVAPID verifies the sender's signature, if any. An endpoint made with a
// key takes messages of that key alone (RFC 8292).
func (s *Service) checkVAPID(address address, h http.Header) *errorReply {
	authorization := h.Get("Authorization")
	if authorization == "" {
		if address.vapidKey != "" {
			return errVAPID
		}
		return nil
	}
	token, key := readVAPID(authorization, h.Get("Crypto-Key"))
	raw, err := decodeLoose(key)
	if err != nil {
		return errVAPID
	}
	public := parseVAPIDKey(raw)
	if public == nil || !s.verifyVAPID(public, token) {
		return errVAPID
	}
	if address.vapidKey != "" && address.vapidKey != base64.RawURLEncoding.EncodeToString(raw) {
		return errVAPID
	}
	return nil
}

// readVAPID finds token and key in either form: "vapid t=…, k=…", or
// "WebPush …" with the key in Crypto-Key.
func readVAPID(authorization, cryptoKey string) (token, key string) {
	scheme, rest, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "vapid") {
		return rest, parameter(cryptoKey, "p256ecdsa")
	}
	return parameter(rest, "t"), parameter(rest, "k")
}

func parameter(text, name string) string {
	for _, pair := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' }) {
		n, v, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if ok && n == name {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}

func parseVAPIDKey(point []byte) *ecdsa.PublicKey {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil
	}
	return key
}

// verifyVAPID checks an ES256 JWT: signature, audience and a life of at most a
// day.
func (s *Service) verifyVAPID(key *ecdsa.PublicKey, token string) bool {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return false
	}
	signature, err := decodeLoose(parts[2])
	if err != nil || len(signature) != 64 {
		return false
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, t := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if !ecdsa.Verify(key, digest[:], r, t) {
		return false
	}
	payload, err := decodeLoose(parts[1])
	if err != nil {
		return false
	}
	var claims struct {
		Audience string  `json:"aud"`
		Expires  float64 `json:"exp"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return false
	}
	origin, err := url.Parse(s.p.Base)
	if err != nil {
		return false
	}
	left := time.Unix(int64(claims.Expires), 0).Sub(s.p.Now())
	return claims.Audience == origin.Scheme+"://"+origin.Host && left > 0 && left <= vapidMaxLife
}
