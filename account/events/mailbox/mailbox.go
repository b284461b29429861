package mailbox

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/tabferry/tabferry/account/events"
	"github.com/tabferry/tabferry/account/events/internal/bounded"
	"github.com/tabferry/tabferry/account/events/internal/issuer"
	"github.com/tabferry/tabferry/account/internal/kit"
)

const (
	// lockTime is how long another process may hold the file.
	lockTime = time.Second
	// pruneEvery is how often what is too old is looked for.
	pruneEvery = time.Hour
)

// The file's buckets. "events": person and index to a [Record]. "order": index to the person and when it
// was stored, to find what is too old.
var eventsBucket, orderBucket = []byte("events"), []byte("order")

// ErrInUse says that another process holds the file.
var ErrInUse = errors.New("the mailbox is used by another process")

// ErrParams says that [Open] was called without something it needs.
var ErrParams = errors.New("the mailbox's parameters are incomplete")

// Params is what a mailbox needs: Path, Issuer and ClientID.
type Params struct {
	// Path is the file; its folder must exist.
	Path string
	// Issuer is the origin of the accounts server, ClientID the OAuth client, both as for the receiver.
	Issuer, ClientID string
	// HTTP asks the accounts server; one of our own if nil.
	HTTP *http.Client
	// Address is what requests are counted by; see [events.Params].
	Address func(*http.Request) string
	// Clock is the system's if nil, Logger silent.
	Clock  events.Clock
	Logger *slog.Logger
}

// Mailbox is an [events.Sink] and the [http.Handler] that installations ask. Make it with [Open].
type Mailbox struct {
	Params
	db     *bolt.DB
	issuer *issuer.Server
	// bad counts refused requests by address, asked those to the accounts server.
	bad, asked *bounded.Limit
	grants     bounded.Map[tokenHash, grant]
}

var _ events.Sink = (*Mailbox)(nil)

// Open opens the file, or makes it. ErrInUse if another process has it.
func Open(p Params) (*Mailbox, error) {
	if p.Path == "" || p.ClientID == "" {
		return nil, ErrParams
	}
	if p.Clock == nil {
		p.Clock = kit.System()
	}
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	if p.Address == nil {
		p.Address = events.RemoteAddress
	}
	server, err := issuer.New(p.Issuer, p.HTTP, p.Clock)
	if err != nil {
		return nil, err
	}
	db, err := bolt.Open(p.Path, 0o600, &bolt.Options{Timeout: lockTime})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, ErrInUse
	}
	if err != nil {
		return nil, fmt.Errorf("the mailbox's file cannot be opened: %w", err)
	}
	m := &Mailbox{
		Params: p, db: db, issuer: server, bad: bounded.NewLimit(p.Clock, refusals, refusalsEvery),
		asked: bounded.NewLimit(p.Clock, questions, questionsEvery), grants: bounded.Map[tokenHash, grant]{Most: mostGrants},
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{eventsBucket, orderBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the mailbox's file cannot be written: %w", err), db.Close())
	}
	return m, nil
}

// Close closes the file, after the transactions under way.
func (m *Mailbox) Close() error { return m.db.Close() }

// Run removes what is too old, now and then every hour, until ctx ends.
func (m *Mailbox) Run(ctx context.Context) {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		if err := m.db.Update(m.prune); err != nil {
			m.Logger.Error("old events could not be removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Store keeps the notices of one token, all or none.
func (m *Mailbox) Store(_ context.Context, notices []events.Notice) error {
	return m.db.Batch(func(tx *bolt.Tx) error {
		for _, n := range notices {
			who := personOf(m.ClientID, n.Subject)
			for _, r := range records(n) {
				if err := m.add(tx, who, r); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (m *Mailbox) add(tx *bolt.Tx, who person, r Record) error {
	gone, add := settle(m.read(tx, who, 0), r)
	if !add {
		return nil
	}
	for _, index := range gone {
		if err := remove(tx, who, index); err != nil {
			return err
		}
	}
	index, err := tx.Bucket(orderBucket).NextSequence()
	if err != nil {
		return err
	}
	r.Index = index
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := tx.Bucket(eventsBucket).Put(eventKey(who, index), text); err != nil {
		return err
	}
	stored := uint64(m.Clock.Now().Unix()) // #nosec G115 -- a time of ours
	return tx.Bucket(orderBucket).Put(orderKey(index), binary.BigEndian.AppendUint64(who[:], stored))
}

// read returns the records of a person behind an index, oldest first. One that cannot be read is as good as none.
func (m *Mailbox) read(tx *bolt.Tx, who person, after uint64) []Record {
	list := []Record{}
	if after == ^uint64(0) {
		return list
	}
	c := tx.Bucket(eventsBucket).Cursor()
	for k, v := c.Seek(eventKey(who, after+1)); len(k) == len(who)+8 && person(k[:len(who)]) == who; k, v = c.Next() {
		var r Record
		if err := json.Unmarshal(v, &r); err != nil {
			m.Logger.Error("a record of the mailbox is damaged", "error", err)
			continue
		}
		list = append(list, r)
	}
	return list
}

// prune removes what is too old. Records are stored in the order of their indexes.
func (m *Mailbox) prune(tx *bolt.Tx) error {
	type old struct {
		who   person
		index uint64
	}
	var gone []old
	end := m.Clock.Now().Add(-keepFor).Unix()
	c := tx.Bucket(orderBucket).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if len(k) != 8 || len(v) != len(person{})+8 {
			continue
		}
		if stored := int64(binary.BigEndian.Uint64(v[len(person{}):])); stored > end { // #nosec G115 -- a time of ours
			break
		}
		gone = append(gone, old{person(v[:len(person{})]), binary.BigEndian.Uint64(k)})
	}
	for _, o := range gone {
		if err := remove(tx, o.who, o.index); err != nil {
			return err
		}
	}
	return nil
}

func remove(tx *bolt.Tx, who person, index uint64) error {
	if err := tx.Bucket(eventsBucket).Delete(eventKey(who, index)); err != nil {
		return err
	}
	return tx.Bucket(orderBucket).Delete(orderKey(index))
}

func eventKey(who person, index uint64) []byte { return binary.BigEndian.AppendUint64(who[:], index) }

func orderKey(index uint64) []byte { return binary.BigEndian.AppendUint64(nil, index) }
