package agent

import (
	"context"
	"errors"
	"slices"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/push"
)

// signedInEngine gives the engine of a usable sign-in.
func (a *Agent) signedInEngine(ctx context.Context) (*engine, error) {
	e, err := a.initialised(ctx)
	if err != nil {
		return nil, err
	}
	if !e.signedIn() {
		return nil, &localapi.Error{Code: localapi.CodeNotSignedIn, Message: "Nobody is signed in.", Hint: "sign in first: `tabferry signin`, or in the window"}
	}
	return e, nil
}

// called notes how a call on behalf of a face ended and turns its failure into a refusal.
func (e *engine) called(err error) error {
	e.heard(err)
	e.sync()
	return explain(err)
}

// Refresh asks the servers for everything anew. It returns once that is under way.
func (a *Agent) Refresh(ctx context.Context) error {
	e, err := a.signedInEngine(ctx)
	if err != nil {
		return err
	}
	e.poller.mark()
	e.lists.mark(true, true, true)
	e.wakeAll()
	e.push.Wake(push.UserAsked)
	return nil
}

// RenameDevice gives this device another name.
func (a *Agent) RenameDevice(ctx context.Context, name string) error {
	e, err := a.signedInEngine(ctx)
	if err != nil {
		return err
	}
	ctx, done := e.calling(ctx)
	defer done()
	// What the person wants is noted first: a list that is fetched meanwhile is compared with it.
	var old string
	err = e.writeNotes(ctx, func(n *notes) { old, n.DeviceName = n.DeviceName, name })
	if err != nil {
		return explain(err)
	}
	if _, err := e.acct.SetDeviceName(ctx, name); err != nil {
		undo := e.writeNotes(context.WithoutCancel(ctx), func(n *notes) { n.DeviceName = old })
		return e.called(errors.Join(err, undo))
	}
	e.change(func(m *model) {
		items := slices.Clone(m.devices.Items)
		for i := range items {
			if items[i].This {
				items[i].Name = name
			}
		}
		m.devices.Items = items
	})
	e.lists.mark(true, false, false)
	return e.called(err)
}

// DisconnectDevice signs another device out of the account.
func (a *Agent) DisconnectDevice(ctx context.Context, id string) error {
	e, err := a.signedInEngine(ctx)
	if err != nil {
		return err
	}
	if own, err := e.acct.CurrentDeviceID(); err == nil && own == id {
		return &localapi.Error{Code: localapi.CodeUsage, Message: "This is the device you are using.", Hint: "use sign out instead"}
	}
	ctx, done := e.calling(ctx)
	defer done()
	err = e.acct.DisconnectDevice(ctx, id)
	if err == nil {
		e.change(func(m *model) {
			m.devices.Items = slices.DeleteFunc(slices.Clone(m.devices.Items), func(d localapi.Device) bool { return d.ID == id })
		})
	}
	e.lists.mark(true, true, false)
	return e.called(err)
}

// DisconnectClient ends the access of another attached client.
func (a *Agent) DisconnectClient(ctx context.Context, id string) error {
	e, err := a.signedInEngine(ctx)
	if err != nil {
		return err
	}
	client, ok := e.lists.client(id)
	if !ok {
		return errNoEntry
	}
	if client.IsCurrentSession {
		return &localapi.Error{Code: localapi.CodeUsage, Message: "This is the sign-in you are using.", Hint: "use sign out instead"}
	}
	ctx, done := e.calling(ctx)
	defer done()
	err = e.acct.DisconnectClient(ctx, client)
	if err == nil {
		e.change(func(m *model) {
			m.clients.Items = slices.DeleteFunc(slices.Clone(m.clients.Items), func(c localapi.AttachedClient) bool { return c.ID == id })
		})
	}
	e.lists.mark(true, true, false)
	return e.called(err)
}

// PageURL gives the address of a page of the accounts server.
func (a *Agent) PageURL(ctx context.Context, p localapi.Page) (string, error) {
	e, err := a.current(ctx)
	if err != nil {
		return "", err
	}
	var address string
	switch p {
	case localapi.PagePairPhone:
		address, err = e.acct.PairingAuthorityURL()
	case localapi.PageConnectAnother:
		address, err = e.acct.ConnectionSuccessURL()
		address = trimQuery(address)
	case localapi.PageManageAccount:
		address, err = e.managed(ctx, e.acct.ManageAccountURL)
	case localapi.PageManageDevices:
		address, err = e.managed(ctx, e.acct.ManageDevicesURL)
	case localapi.PageDeleteAccount:
		address, err = e.managed(ctx, e.acct.ManageAccountURL)
		address = below(address, "delete_account")
	default:
		return "", &localapi.Error{Code: localapi.CodeUsage, Message: "There is no such page."}
	}
	if err != nil {
		return "", e.called(err)
	}
	return address, nil
}

// managed asks for a page about the account, which needs to know whose account it is.
func (e *engine) managed(ctx context.Context, ask func(context.Context, string) (string, error)) (string, error) {
	if e.acct.AuthState() == account.AuthStateDisconnected {
		return "", account.ErrNoRefreshToken
	}
	ctx, done := e.calling(ctx)
	defer done()
	return ask(ctx, entrypoint)
}
