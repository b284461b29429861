package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// Limits of the account's picture. The profile server makes pictures of at most some 10 KiB.
const (
	maxAvatar     = 1 << 20
	avatarTime    = 15 * time.Second
	maxAvatarHops = 3
)

var errNoAvatar = &localapi.Error{Code: localapi.CodeNotFound, Message: "There is no picture."}

// Avatar gives the account's picture, PNG or JPEG, from the store when it is the one at the present
// address.
func (a *Agent) Avatar(ctx context.Context) ([]byte, error) {
	e, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	p, _, ok := e.acct.CachedProfile()
	if !ok || p.Avatar == "" || p.IsDefaultAvatar {
		return nil, errNoAvatar
	}
	var kept avatar
	err = e.vault.view(func(tx *store.Tx) (err error) {
		kept, _, err = avatarTable.Get(tx, onlyKey)
		return err
	})
	if err == nil && kept.URL == p.Avatar {
		return kept.Picture, nil
	}
	ctx, done := e.calling(ctx)
	defer done()
	picture, err := e.fetchPicture(ctx, p.Avatar)
	if err != nil {
		if ctxEnded(err) && ctx.Err() != nil {
			return nil, err
		}
		e.a.params.Logger.Info("the account's picture could not be fetched", "error", err)
		return nil, &localapi.Error{Code: localapi.CodeOffline, Message: "The account's picture could not be fetched.", Hint: "try again later"}
	}
	if err := e.vault.update(func(tx *store.Tx) error {
		return avatarTable.Put(tx, onlyKey, avatar{URL: p.Avatar, Picture: picture})
	}); err != nil {
		e.a.params.Logger.Warn("the account's picture could not be kept", "error", err)
	}
	return picture, nil
}

// fetchPicture gets a small PNG or JPEG. The address is the profile server's word; nothing secret is
// sent there, and plain http is taken from this machine only.
func (e *engine) fetchPicture(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || !securePage(u) {
		return nil, errors.New("the address of the picture cannot be used")
	}
	ctx, cancel := context.WithTimeout(ctx, avatarTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errors.New("the address of the picture cannot be used")
	}
	request.Header.Set("User-Agent", e.a.params.UserAgent)
	client := *e.http
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if len(via) >= maxAvatarHops || !securePage(next.URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the picture's server answered with status %d", response.StatusCode)
	}
	picture, err := io.ReadAll(io.LimitReader(response.Body, maxAvatar+1))
	if err != nil {
		return nil, err
	}
	if len(picture) > maxAvatar {
		return nil, errors.New("the picture is too large")
	}
	switch kind := http.DetectContentType(picture); kind {
	case "image/png", "image/jpeg":
		return picture, nil
	default:
		return nil, errors.New("the picture is of a kind that is not shown: " + kind)
	}
}

// securePage tells whether an address is https, or http on this machine.
func securePage(u *url.URL) bool {
	return u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && loopbackHost(u.Hostname()))
}
