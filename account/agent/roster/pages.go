package roster

import (
	"context"
	"net/url"
	"strings"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

var errNoPage = localapi.NewPhrase("roster.no_page", "There is no such page.", "").Refuse(localapi.CodeUsage)

// PageURL returns the address of a page of the accounts server.
func (r *Roster) PageURL(ctx context.Context, p localapi.Page) (string, error) {
	address, err := r.page(ctx, p)
	if err != nil {
		return "", board.Refusal(err)
	}
	return address, nil
}

func (r *Roster) page(ctx context.Context, p localapi.Page) (string, error) {
	switch p {
	case localapi.PagePairPhone:
		return r.Account.PairingAuthorityURL()
	case localapi.PageConnectAnother:
		address, err := r.Account.ConnectionSuccessURL()
		address, _, _ = strings.Cut(address, "?")
		return address, err
	case localapi.PageManageAccount:
		return r.managed(ctx, r.Account.ManageAccountURL)
	case localapi.PageManageDevices:
		return r.managed(ctx, r.Account.ManageDevicesURL)
	case localapi.PageDeleteAccount:
		address, err := r.managed(ctx, r.Account.ManageAccountURL)
		return below(address, "delete_account"), err
	default:
		return "", errNoPage
	}
}

// managed asks for a page about the account, which needs to know whose account it is.
func (r *Roster) managed(ctx context.Context, ask func(context.Context, string) (string, error)) (string, error) {
	if r.Account.AuthState() == account.AuthStateDisconnected {
		return "", account.ErrNoRefreshToken
	}
	ctx, done := r.Calls.Begin(ctx)
	defer done()
	return ask(ctx, r.Entrypoint())
}

// below returns the address of a page below another, with the same query.
func below(address, name string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.JoinPath(name).String() // #nosec G125 -- names of our own pages
}
