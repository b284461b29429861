package agent

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
	"go.etcd.io/bbolt"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// oneSecret is a keyring that holds one secret.
type oneSecret struct{ secret string }

func (o *oneSecret) Set(_, _, secret string) error   { o.secret = secret; return nil }
func (o *oneSecret) Get(_, _ string) (string, error) { return o.secret, nil }
func (o *oneSecret) Delete(_, _ string) error        { return keyring.ErrNotFound }

// arrive stores tabs as a poll does.
func (s station) arrive(n int) {
	s.t.Helper()
	for i := range n {
		err := s.work.SaveParts(s.t.Context(), []byte("{}"), nil, []account.IncomingCommand{&account.TabReceived{
			Incoming: account.Incoming{Index: int64(i + 1)},
			Payload:  account.SendTabPayload{Entries: []account.TabEntry{{URL: fmt.Sprintf("https://example.com/%d", i)}}},
		}})
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// One flipped bit in one value costs that value: everything else is shown, and receiving, reading,
// marking, deleting, sending and changing settings go on.
func TestFlippedBits(t *testing.T) {
	const tabs, flips = 12, 300
	svc := accounttest.New(t)
	key := store.NewKeyring(&oneSecret{}, "test")
	path := filepath.Join(t.TempDir(), "store.db")
	file, err := store.Create(t.Context(), path, key)
	if err != nil {
		t.Fatal(err)
	}
	s := stationOn(t, file, svc)
	s.arrive(tabs)
	s.signIn(svc, svc.NewAccount("someone@example.com", "a password"))
	at := time.Now().UTC()
	err = errors.Join(
		s.work.settings.Replace(t.Context(), localapi.Settings{Open: localapi.OpenNever, Grouped: true}),
		s.work.settings.Quiet(t.Context(), 60),
		file.Update(func(tx *store.Tx) error {
			outbox := store.NewTable[localapi.OutboxEntry]("outbox").Of(s.work.people.Owner())
			for i := range 5 {
				id := fmt.Sprintf("%02d", i)
				if err := outbox.Put(tx, id, localapi.OutboxEntry{ID: id, ToID: "d", State: localapi.SendWaiting, At: at, NextTry: at.Add(time.Hour)}); err != nil {
					return err
				}
			}
			return errors.Join(tx.Put("push", "state", []byte("{}")), tx.Put(s.work.people.Owner()+"/avatar", "state", []byte("{}")), tx.Put("leaving", "01", []byte("{}")))
		}),
		file.Close())
	if err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for i := range flips {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			if err := os.WriteFile(path, good, 0o600); err != nil {
				t.Fatal(err)
			}
			place := flip(t, path, random)
			file, err := store.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if err := file.Unlock(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			stationOn(t, file, svc).work.inbox.Check(t.Context()) // as every start does
			workOnDamaged(t, stationOn(t, file, svc), place, tabs)
		})
	}
}

// flip flips one bit of one value, and tells which bucket it is in.
func flip(t *testing.T, path string, random *rand.Rand) (bucket string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		var places [][2]string
		err := tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(key, _ []byte) error {
				if string(name) != "header" {
					places = append(places, [2]string{string(name), string(key)})
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		place := places[random.IntN(len(places))]
		bucket = place[0][strings.Index(place[0], "/")+1:] // whoever owns it
		b := tx.Bucket([]byte(place[0]))
		value := slices.Clone(b.Get([]byte(place[1])))
		value[random.IntN(len(value))] ^= 1 << random.IntN(8)
		return b.Put([]byte(place[1]), value)
	})
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return bucket
}

func workOnDamaged(t *testing.T, s station, bucket string, tabs int) {
	t.Helper()
	page := func() (ids []string) {
		entries, err := s.work.inbox.Page(localapi.InboxQuery{Limit: localapi.MaxInboxPage})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			ids = append(ids, e.ID)
		}
		return ids
	}
	switch bucket {
	case "inbox":
		tabs--
	case "account":
		tabs = 0 // nobody is signed in any more: whose they are sees them again after a sign-in
	}
	snap := s.agent.board.Now()
	ids := page()
	if len(ids) != tabs || snap.Inbox.Total != tabs || snap.Inbox.Unread != tabs {
		t.Errorf("%s: %d tabs in pages, shown %+v", bucket, len(ids), snap.Inbox)
	}
	if read := bucket != "avatar" && bucket != "leaving" && bucket != "push"; read && snap.Storage.Damaged != 1 {
		t.Errorf("%s: %d values damaged", bucket, snap.Storage.Damaged)
	}
	s.arrive(3)
	if got := page(); len(got) != tabs+3 {
		t.Errorf("%s: after three more: %d", bucket, len(got))
	}
	ids = page()
	err := errors.Join(
		s.work.inbox.MarkRead(t.Context(), ids...), s.work.inbox.Delete(t.Context(), ids...),
		s.work.outbox.Delete(t.Context(), "00", "01", "02", "03", "04"),
		s.work.settings.Replace(t.Context(), localapi.Settings{}), s.work.settings.Quiet(t.Context(), 0),
	)
	if err != nil {
		t.Errorf("%s: %v", bucket, err)
	}
	if got := s.inbox(); len(page()) != 0 || got.Total != 0 || got.Unread != 0 {
		t.Errorf("%s: in the end the inbox shows %+v", bucket, got)
	}
}
