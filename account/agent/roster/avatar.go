package roster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// Limits of the account's picture. The profile server makes pictures of at most some 10 KiB.
const (
	maxAvatar     = 1 << 20
	avatarTime    = 15 * time.Second
	maxAvatarHops = 3
)

var noFetch = localapi.NewPhrase("roster.picture_not_fetched", "The account's picture could not be fetched.", "try again later")

var errNoAvatar = localapi.NewPhrase("roster.no_picture", "There is no picture.", "").Refuse(localapi.CodeNotFound)

// picture is the account's picture and the address it came from.
type picture struct {
	URL     string `json:"url"`
	Picture []byte `json:"picture"`
}

var pictureCell = store.NewCell[picture]("avatar")

// Avatar returns the account's picture, PNG or JPEG, from the store when it is the one at the present
// address.
func (r *Roster) Avatar(ctx context.Context) ([]byte, error) {
	p, _, ok := r.Account.CachedProfile()
	if !ok || p.Avatar == "" || p.IsDefaultAvatar {
		return nil, errNoAvatar
	}
	var kept picture
	err := r.Store.View(func(tx *store.Tx) (err error) {
		kept, _, err = pictureCell.Of(r.Owner).Get(tx)
		return err
	})
	if err == nil && kept.URL == p.Avatar {
		return kept.Picture, nil
	}
	ctx, done := r.Calls.Begin(ctx)
	defer done()
	fetched, err := r.fetchPicture(ctx, p.Avatar)
	if err != nil {
		if board.Ended(err) && ctx.Err() != nil {
			return nil, err
		}
		r.Logger.Info("the account's picture could not be fetched", "error", err)
		return nil, noFetch.Refuse(localapi.CodeOffline)
	}
	if err := r.Store.Update(func(tx *store.Tx) error {
		return pictureCell.Of(r.Owner).Put(tx, picture{URL: p.Avatar, Picture: fetched})
	}); err != nil {
		r.Logger.Warn("the account's picture could not be kept", "error", err)
	}
	return fetched, nil
}

// Forget clears everything if all is to go.
func (r *Roster) Forget(tx *store.Tx, all bool) (then func(), err error) {
	if !all {
		return func() {}, nil
	}
	return func() {}, pictureCell.Of(r.Owner).Clear(tx)
}

// fetchPicture gets a small PNG or JPEG. The address is the profile server's word; nothing secret is
// sent there, and plain http is taken from this machine only.
func (r *Roster) fetchPicture(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || !kit.SecureURL(u, "https", "http") {
		return nil, errors.New("the address of the picture cannot be used")
	}
	ctx, cancel := context.WithTimeout(ctx, avatarTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errors.New("the address of the picture cannot be used")
	}
	request.Header.Set("User-Agent", r.UserAgent)
	client := *r.HTTP
	client.Jar = nil
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if len(via) >= maxAvatarHops || !kit.SecureURL(next.URL, "https", "http") {
			return http.ErrUseLastResponse
		}
		next.Header.Del("Referer") // the address is that of a person's picture
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
