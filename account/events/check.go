package events

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/events/internal/issuer"
	"github.com/tabferry/tabferry/account/internal/kit"
)

// What [Check] finds.
var (
	// ErrTaken says that a receiver took what nobody but an attacker can have sent.
	ErrTaken = errors.New("the receiver takes tokens with a foreign signature")
	// ErrNotReached says that there is no receiver at the address.
	ErrNotReached = errors.New("no receiver answers at the address")
	// ErrNoKeys says that the receiver could not check the token.
	ErrNoKeys = errors.New("the receiver cannot reach the issuer's keys")
)

// checkTime bounds a check.
const checkTime = 30 * time.Second

// CheckParams says what is to be checked.
type CheckParams struct {
	// URL is the receiver's address, Issuer and ClientID are those that it was made with.
	URL, Issuer, ClientID string
	// HTTP is one of our own if nil.
	HTTP *http.Client
}

// Check posts a token that is right in everything but its signature, which is by a key of our own under the
// name of one that the issuer publishes, and returns nil if the receiver refuses it with 401. The token
// names nobody.
func Check(ctx context.Context, p CheckParams) error {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	clock := kit.System()
	server, err := issuer.New(p.Issuer, p.HTTP, clock)
	if err != nil {
		return err
	}
	keys, err := server.Keys(ctx)
	if err != nil {
		return err
	}
	token, err := foreign(slices.Sorted(maps.Keys(keys))[0], map[string]any{
		"iss": server.Issuer(), "aud": p.ClientID, "sub": "self-test", "jti": "self-test-" + rand.Text(),
		"iat": float64(clock.Now().UnixMilli()) / 1000, "events": map[string]any{Prefix + NameProfileChange: struct{}{}},
	})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL, http.NoBody)
	if err != nil {
		return ErrNotReached
	}
	r.Header.Set("Authorization", "Bearer "+token)
	client := http.Client{}
	if p.HTTP != nil {
		client = *p.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(r)
	var sent *url.Error
	if errors.As(err, &sent) {
		return fmt.Errorf("%w: %w", ErrNotReached, sent.Err)
	}
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxBody)) // the status says all
	_ = res.Body.Close()
	switch {
	case res.StatusCode == http.StatusUnauthorized:
		return nil
	case res.StatusCode == http.StatusOK:
		return ErrTaken
	case res.StatusCode == http.StatusServiceUnavailable:
		return ErrNoKeys
	}
	return fmt.Errorf("%w: %s", ErrNotReached, strings.ToLower(res.Status))
}

// foreign signs claims with a key that nobody has ever seen, as the server does (RFC 7515, section 3.1).
func foreign(id string, claims map[string]any) (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", fmt.Errorf("a key for the self-test: %w", err)
	}
	header, err := json.Marshal(map[string]string{"alg": "RS256", "kid": id})
	if err != nil {
		return "", fmt.Errorf("writing the self-test: %w", err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("writing the self-test: %w", err)
	}
	write := base64.RawURLEncoding.EncodeToString
	text := write(header) + "." + write(payload)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("signing the self-test: %w", err)
	}
	return text + "." + write(signature), nil
}
