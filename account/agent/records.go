package agent

import (
	"errors"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// The buckets of the store. Keys are ids or fixed words, never names of people or devices.
const (
	accountBucket = "account"
	leavingBucket = "leaving" // states of accounts that still have something to revoke elsewhere
	pushBucket    = "push"
	onlyKey       = "state" // where a bucket holds one value
)

// The tables of the store.
var (
	inboxTable    = store.NewTable[localapi.InboxEntry]("inbox")
	outboxTable   = store.NewTable[sent]("outbox")
	settingsTable = store.NewTable[localapi.Settings]("settings")
	notesTable    = store.NewTable[notes]("notes")
	avatarTable   = store.NewTable[avatar]("avatar")
)

// Bounds of what is kept; the oldest goes first. Waiting sends are never dropped.
const (
	maxInbox  = 5000
	maxOutbox = 500
)

// sent is an outbox entry with what only the agent needs to know.
type sent struct {
	localapi.OutboxEntry
	Private bool `json:"private,omitempty"`
	// InFlight says that a request was begun whose answer is not known: found at a start, it means
	// that the tab may have arrived already.
	InFlight bool `json:"inFlight,omitempty"`
	// Failures counts the attempts in a row that came to nothing.
	Failures int `json:"failures,omitempty"`
}

// settled tells whether nothing more will happen to an entry by itself.
func (s sent) settled() bool { return s.State != localapi.SendWaiting }

// notes is what the agent remembers beside the settings.
type notes struct {
	// SentTo is when something was last sent to a device, by its id.
	SentTo map[string]time.Time `json:"sentTo,omitempty"`
	// DeviceName is the name a person gave this device.
	DeviceName string    `json:"deviceName,omitempty"`
	QuietUntil time.Time `json:"quietUntil,omitzero"`
	// DeleteWhenDone says that the local data goes once nothing is left to revoke.
	DeleteWhenDone bool `json:"deleteWhenDone,omitempty"`
}

// avatar is the account's picture and the address it came from.
type avatar struct {
	URL     string `json:"url"`
	Picture []byte `json:"picture"`
}

// defaultSettings apply until a person chooses others.
func defaultSettings() localapi.Settings {
	return localapi.Settings{Open: localapi.OpenNever, Notifications: true, Grouped: true}
}

// loaded is everything a start reads from the store.
type loaded struct {
	account  []byte
	settings localapi.Settings
	notes    notes
	inbox    localapi.Inbox
	outbox   []sent // newest first
	newestID string
}

// load reads the store.
func load(v *vault) (l loaded, err error) {
	err = v.view(func(tx *store.Tx) error {
		if l.account, err = tx.Get(accountBucket, onlyKey); err != nil {
			return err
		}
		var known bool
		if l.settings, known, err = settingsTable.Get(tx, onlyKey); err != nil {
			return err
		}
		if !known {
			l.settings = defaultSettings()
		}
		if l.notes, _, err = notesTable.Get(tx, onlyKey); err != nil {
			return err
		}
		if err := l.loadInbox(tx); err != nil {
			return err
		}
		return l.loadOutbox(tx)
	})
	return l, err
}

// loadInbox counts the received entries. One that cannot be read any more does not keep the rest
// from being shown.
func (l *loaded) loadInbox(tx *store.Tx) error {
	for row, err := range inboxTable.Newest(tx, "") {
		if err != nil && !errors.Is(err, store.ErrCorrupt) {
			return err
		}
		if err != nil {
			continue
		}
		l.newestID = max(l.newestID, row.Key)
		l.inbox.Total++
		if !row.Value.Read {
			l.inbox.Unread++
		}
		if len(l.inbox.Recent) < localapi.RecentEntries {
			l.inbox.Recent = append(l.inbox.Recent, row.Value)
		}
	}
	return nil
}

func (l *loaded) loadOutbox(tx *store.Tx) error {
	for row, err := range outboxTable.Newest(tx, "") {
		if err != nil && !errors.Is(err, store.ErrCorrupt) {
			return err
		}
		if err != nil {
			continue
		}
		l.newestID = max(l.newestID, row.Key)
		l.outbox = append(l.outbox, row.Value)
	}
	return nil
}

// repair marks the sends that were in flight when the agent last ended: their answers are lost.
func (l *loaded) repair(v *vault) error {
	var lost []sent
	for i, s := range l.outbox {
		if !s.InFlight {
			continue
		}
		s.InFlight, s.MayBeTwice, s.NextTry = false, true, time.Time{}
		l.outbox[i] = s
		lost = append(lost, s)
	}
	if len(lost) == 0 {
		return nil
	}
	return v.update(func(tx *store.Tx) error {
		for _, s := range lost {
			if err := outboxTable.Put(tx, s.ID, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// surplus gives the ids of settled entries beyond the bound, oldest first gone.
func surplus(outbox []sent) []string {
	var ids []string
	for i, s := range slices.Backward(outbox) {
		if len(outbox)-len(ids) <= maxOutbox || i < maxOutbox/2 {
			break
		}
		if s.settled() {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// deviceTypeName is the local API's word for a kind of device.
func deviceTypeName(t account.DeviceType) string {
	if t == account.DeviceUnknown {
		return ""
	}
	return string(t)
}
