package settings

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// The cells of a person: the devices whose tabs open by themselves, the yes to usage data, and when
// something was last sent to a device, by its id.
var (
	rulesCell   = store.NewCell[[]string]("rules")
	usageCell   = store.NewCell[bool]("usage")
	targetsCell = store.NewCell[map[string]time.Time]("targets")
)

// Own adds what belongs to the person whom the work is for. It belongs right behind [Open].
func (s *Settings) Own(owner string) error {
	s.owner = owner
	return s.readOwned()
}

func (s *Settings) readOwned() error {
	return s.Store.View(func(tx *store.Tx) (err error) {
		if s.chosen.OpenFrom, _, err = rulesCell.Of(s.owner).Get(tx); err != nil {
			return err
		}
		if s.chosen.UsageData, _, err = usageCell.Of(s.owner).Get(tx); err != nil {
			return err
		}
		sentTo, _, err := targetsCell.Of(s.owner).Get(tx)
		s.setSentTo(sentTo)
		return err
	})
}

// Returned takes over what the owner had here before.
func (s *Settings) Returned(ctx context.Context) error {
	var rules []string
	var sentTo map[string]time.Time
	return s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if rules, _, err = rulesCell.Of(s.owner).Get(tx); err == nil {
			sentTo, _, err = targetsCell.Of(s.owner).Get(tx)
		}
		return err
	}, func() {
		s.setSentTo(sentTo)
		s.Board.Change(func(shown *localapi.Snapshot) { shown.Settings.OpenFrom = rules })
	})
}

// everybodys is what of the settings is nobody's in particular.
func everybodys(chosen localapi.Settings) localapi.Settings {
	chosen.OpenFrom, chosen.UsageData = nil, false
	return chosen
}

// put stores what of the settings is the owner's.
func (s *Settings) put(tx *store.Tx, chosen localapi.Settings) error {
	usage := usageCell.Of(s.owner).Clear(tx)
	if chosen.UsageData {
		usage = usageCell.Of(s.owner).Put(tx, true)
	}
	if len(chosen.OpenFrom) == 0 {
		return errors.Join(usage, rulesCell.Of(s.owner).Clear(tx))
	}
	return errors.Join(usage, rulesCell.Of(s.owner).Put(tx, chosen.OpenFrom))
}

// Leave takes back the yes to usage data of somebody whose sign-in has ended.
func Leave(tx *store.Tx, owner string) error { return usageCell.Of(owner).Clear(tx) }

// Untouched reports whether nobody has chosen anything for this installation, as it was at the start.
func (s *Settings) Untouched() bool {
	return reflect.DeepEqual(everybodys(s.chosen), localapi.DefaultSettings()) && s.DeviceName() == ""
}

func (s *Settings) setSentTo(sentTo map[string]time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sentTo = sentTo
}

// SentTo returns when a person last sent something to each device, by its id. It is not edited later.
func (s *Settings) SentTo() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sentTo
}

// mostBefore is how many sends to one device can be taken back; they are held for some seconds only.
const mostBefore = 16

// NoteSent remembers, in a transaction that stores what it is, that a person has just sent something to devices.
// It counts from then on, once that is stored.
func (s *Settings) NoteSent(tx *store.Tx, ids []string) (then func(), err error) {
	now := s.Clock.Now().UTC()
	return s.noteTargets(tx, func(sentTo map[string]time.Time, before map[string][]time.Time) {
		for _, id := range ids {
			before[id] = append(before[id], sentTo[id])
			before[id] = before[id][max(0, len(before[id])-mostBefore):]
			sentTo[id] = now
		}
	})
}

// NoteUndone takes the latest NoteSent of each device back.
func (s *Settings) NoteUndone(ctx context.Context, ids []string) error {
	var noted func()
	return s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		noted, err = s.noteTargets(tx, func(sentTo map[string]time.Time, before map[string][]time.Time) {
			for _, id := range ids {
				known := before[id]
				if len(known) == 0 {
					continue
				}
				was := known[len(known)-1]
				before[id] = known[:len(known)-1]
				if sentTo[id] = was; was.IsZero() {
					delete(sentTo, id)
				}
			}
		})
		return err
	}, func() { noted() })
}

// noteTargets changes what is known of when something was sent where: in the store, and then in memory.
func (s *Settings) noteTargets(tx *store.Tx, change func(sentTo map[string]time.Time, before map[string][]time.Time)) (then func(), err error) {
	sentTo, before := maps.Clone(s.SentTo()), map[string][]time.Time{}
	if sentTo == nil {
		sentTo = map[string]time.Time{}
	}
	s.mu.Lock()
	for id, times := range s.before {
		before[id] = slices.Clone(times)
	}
	s.mu.Unlock()
	change(sentTo, before)
	return func() {
		s.setSentTo(sentTo)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.before = before
	}, targetsCell.Of(s.owner).Put(tx, sentTo)
}
