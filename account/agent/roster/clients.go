package roster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
)

func (r *Roster) fetchClients(ctx context.Context) error {
	clients, err := r.Account.AttachedClients(ctx, account.Fresh())
	if board.Ended(err) {
		return err
	}
	list := localapi.ClientList{ListState: localapi.ListState{Known: true}}
	if err == nil {
		list.At = r.now()
		list.Items = r.attach(clients)
	}
	r.Board.Change(func(s *localapi.Snapshot) {
		switch {
		case errors.Is(err, account.ErrNoSessionToken):
			list.Problem, list.ProblemSaid = board.Sentence(err).Parts()
			s.Clients = list
		case err != nil:
			s.Clients.Problem, s.Clients.ProblemSaid = board.Sentence(err).Parts()
		default:
			s.Clients = list
		}
	})
	return err
}

// attach keeps the clients that are no devices under ids for faces, and returns them as these see them.
func (r *Roster) attach(clients []account.AttachedClient) []localapi.AttachedClient {
	attached := make(map[string]account.AttachedClient)
	items := make([]localapi.AttachedClient, 0, len(clients))
	for _, c := range clients {
		if c.DeviceID != "" {
			continue // in the list of devices
		}
		id := clientKey(c)
		attached[id] = c
		items = append(items, localapi.AttachedClient{
			ID: id, Name: link.Clean(c.Name), This: c.IsCurrentSession, LastAccess: c.LastAccess, Created: c.Created,
		})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attached = attached
	return items
}

// clientKey names an attached client to faces without showing the server's ids, which are derived
// from tokens.
func clientKey(c account.AttachedClient) string {
	sum := sha256.Sum256([]byte(c.ClientID + "\x00" + c.SessionTokenID + "\x00" + c.RefreshTokenID))
	return hex.EncodeToString(sum[:8])
}

var errOwnClient = localapi.NewPhrase("roster.own_client", "This is the sign-in you are using.", "use sign out instead").Refuse(localapi.CodeUsage)

// DisconnectClient ends the access of another attached client.
func (r *Roster) DisconnectClient(ctx context.Context, id string) error {
	if err := r.signedIn(); err != nil {
		return err
	}
	r.mu.Lock()
	client, ok := r.attached[id]
	r.mu.Unlock()
	if !ok {
		return board.ErrNoEntry
	}
	if client.IsCurrentSession {
		return errOwnClient
	}
	ctx, done := r.Calls.Begin(ctx)
	defer done()
	err := r.Account.DisconnectClient(ctx, client)
	if err == nil {
		r.Board.Change(func(s *localapi.Snapshot) {
			s.Clients.Items = slices.DeleteFunc(slices.Clone(s.Clients.Items), func(c localapi.AttachedClient) bool { return c.ID == id })
		})
	}
	r.Mark(Devices | Clients)
	return board.Refusal(err)
}
