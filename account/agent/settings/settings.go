// Package settings is what a person has chosen for this installation, and the few things that are
// remembered beside it ([Settings.Remembered]): its name, until when notifications are silent, and whether
// the local data is to go. What is about a person's devices, whose tabs open by themselves and when
// something was last sent where, belongs to that person ([Settings.Own]).
package settings

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

// Bounds of settings and of silence.
const (
	maxSetting  = 2048 // bytes
	maxOpenFrom = 1000
	maxQuiet    = 7 * 24 * 60 // minutes

	minInboxEntries, maxInboxEntries = 100, 100_000
	maxInboxDays                     = 3650
)

// saveAgain is when a silence whose end could not be saved is looked at again.
const saveAgain = time.Minute

// Memory is what is remembered beside the settings.
type Memory struct {
	// DeviceName is the name a person gave this device.
	DeviceName string    `json:"deviceName,omitempty"`
	QuietUntil time.Time `json:"quietUntil,omitzero"`
	QuietSince time.Time `json:"quietSince,omitzero"`
	// DeleteWhenDone says that the local data goes once nothing is left to revoke.
	DeleteWhenDone bool `json:"deleteWhenDone,omitempty"`
}

// The cells of the store.
var (
	chosenCell = store.NewCell[localapi.Settings]("settings")
	memoryCell = store.NewCell[Memory]("notes")
)

// Params is what the settings may touch.
type Params struct {
	Store  *store.Vault
	Board  *board.Board
	Clock  kit.Clock
	Logger *slog.Logger
}

// Settings owns settings and memory. Make it with [Open].
type Settings struct {
	Params
	*worker.Worker // tells the faces when a silence ends, so that a tray need not watch the clock

	chosen localapi.Settings // as they were at the start

	owner string // see [Settings.Own]

	mu     sync.Mutex
	memory Memory               // as stored
	quiet  time.Duration        // when a silence ends at the latest, on the monotonic clock
	sentTo map[string]time.Time // of the owner, as stored; not edited
	// before is what sentTo said before each of the latest sends, by device, while they may be taken back.
	before map[string][]time.Time
}

// Open reads what is stored.
func Open(p Params) (*Settings, error) {
	s := &Settings{Params: p}
	s.Worker = worker.New(s.endSilence)
	err := p.Store.View(func(tx *store.Tx) (err error) {
		var known bool
		if s.chosen, known, err = chosenCell.Get(tx); err == nil && !known {
			s.chosen = localapi.DefaultSettings()
		}
		if err == nil {
			s.memory, _, err = memoryCell.Get(tx)
		}
		return err
	})
	s.quiet = p.Clock.Monotonic() + s.memory.silence(p.Clock.Now())
	return s, err
}

// silence is how much is left of a silence: never more than it was to last, wherever the clock was set since.
func (m Memory) silence(now time.Time) time.Duration {
	left := m.QuietUntil.Sub(now)
	if !m.QuietSince.IsZero() {
		left = min(left, m.QuietUntil.Sub(m.QuietSince))
	}
	return left
}

// UsageData reports whether the person allows usage data on this computer. It is the yes of whoever is
// signed in, or is about to be, and ends with the sign-in: see [Leave].
func (s *Settings) UsageData(string) (yes bool) {
	s.Board.Read(func(shown *localapi.Snapshot) { yes = shown.Settings.UsageData })
	return yes
}

// Chosen returns the settings as they were at the start.
func (s *Settings) Chosen() localapi.Settings { return s.chosen }

// Show writes what is known at the beginning.
func (s *Settings) Show(shown *localapi.Snapshot) {
	shown.Settings, shown.QuietUntil = s.chosen, s.Remembered().QuietUntil
}

// Replace stores settings that [Check] has passed.
func (s *Settings) Replace(ctx context.Context, chosen localapi.Settings) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(chosenCell.Put(tx, everybodys(chosen)), s.put(tx, chosen))
	}, func() {
		s.Board.Change(func(shown *localapi.Snapshot) { shown.Settings = chosen })
	})
}

// Check refuses what cannot be meant.
func Check(s localapi.Settings) error {
	if !slices.Contains(localapi.OpenPolicies(), s.Open) {
		return badOpen.Refuse(localapi.CodeUsage)
	}
	if !slices.Contains(localapi.Appearances(), s.Appearance) {
		return badAppearance.Refuse(localapi.CodeUsage)
	}
	if len(s.OpenFrom) > maxOpenFrom {
		return badOpenFrom.Refuse(localapi.CodeUsage)
	}
	for _, text := range append([]string{s.Browser, s.Language, s.Server, s.ClientID, s.RedirectURI, s.PushServer, s.PairingServer, s.EventsServer, s.MetricsOrigin}, s.OpenFrom...) {
		if len(text) > maxSetting || strings.ContainsAny(text, "\x00\r\n") {
			return badText.Refuse(localapi.CodeUsage)
		}
	}
	if entries, days := s.InboxBounds(); entries < minInboxEntries || entries > maxInboxEntries || days < 1 || days > maxInboxDays {
		return badInbox.Refuse(localapi.CodeUsage)
	}
	if (account.MetricsFlowParams{Entrypoint: cmp.Or(s.Entrypoint, "none"), Form: "button", Source: s.UTMSource, Campaign: s.UTMCampaign}).Check() != nil {
		return badStatistics.Refuse(localapi.CodeUsage)
	}
	return checkServers(s)
}

func checkServers(s localapi.Settings) error {
	for _, server := range []struct {
		bad                    localapi.Phrase
		address, secure, plain string
	}{
		{badServer, s.Server, "https", "http"},
		{badPushServer, s.PushServer, "wss", "ws"},
		{badPairingServer, s.PairingServer, "wss", "ws"},
		{badEventsServer, s.EventsServer, "https", "http"},
		{badOrigin, s.MetricsOrigin, "https", "http"},
	} {
		u, err := url.Parse(server.address)
		if server.address != "" && (err != nil || !kit.SecureURL(u, server.secure, server.plain)) {
			return server.bad.Refuse(localapi.CodeUsage)
		}
	}
	if u, err := url.Parse(s.MetricsOrigin); err != nil || u.Path+u.RawQuery+u.Fragment != "" || u.User != nil {
		return badOrigin.Refuse(localapi.CodeUsage)
	}
	return nil
}

// What is said of settings that cannot be meant.
var (
	badOpen          = localapi.NewPhrase("settings.open", "The setting for received tabs cannot be used.", "open is never, ask or from")
	badAppearance    = localapi.NewPhrase("settings.appearance", "The setting for the appearance cannot be used.", "it is empty, light, dark, contrast-light or contrast-dark")
	badOpenFrom      = localapi.NewPhrase("settings.open_from", "The setting for the devices whose tabs open by themselves cannot be used.", "choose at most 1,000")
	badText          = localapi.NewPhrase("settings.text", "The setting for one of the texts cannot be used.", "it is one line of at most 2,048 bytes")
	badInbox         = localapi.NewPhrase("settings.inbox", "The inbox keeps 100 to 100,000 entries, and what was read for 1 to 3,650 days.", "")
	badServer        = localapi.NewPhrase("settings.server", "The setting for the server cannot be used.", webAddress)
	badPushServer    = localapi.NewPhrase("settings.push_server", "The setting for the push server cannot be used.", socketAddress)
	badPairingServer = localapi.NewPhrase("settings.pairing_server", "The setting for the pairing server cannot be used.", socketAddress)
	badEventsServer  = localapi.NewPhrase("settings.events_server", "The setting for the events server cannot be used.", webAddress)
	badOrigin        = localapi.NewPhrase("settings.metrics_origin", "The origin cannot be used.", "it is https:// and a host, without anything behind")
	badStatistics    = localapi.NewPhrase("settings.statistics", "The entrypoint, the utm source or the utm campaign cannot be used.", "at most 128 letters, digits and signs of _.-")
	badQuiet         = localapi.NewPhrase("settings.quiet", "Silence lasts from 0 minutes to a week.", "")
)

// What addresses of servers look like.
const (
	webAddress    = "it is a whole address that begins with https://, or with http:// on this computer"
	socketAddress = "it is a whole address that begins with wss://, or with ws:// on this computer"
)

// Quiet silences notifications for some minutes; zero ends the silence.
func (s *Settings) Quiet(ctx context.Context, minutes int) error {
	if minutes < 0 || minutes > maxQuiet {
		return badQuiet.Refuse(localapi.CodeUsage)
	}
	var since, end time.Time
	if minutes > 0 {
		since = s.Clock.Now().UTC()
		end = since.Add(time.Duration(minutes) * time.Minute)
	}
	if _, err := s.remember(ctx, func(m *Memory) { m.QuietSince, m.QuietUntil = since, end }); err != nil {
		return board.Refusal(err)
	}
	s.Poke()
	return nil
}

func (s *Settings) endSilence(ctx context.Context) time.Duration {
	s.mu.Lock()
	end, latest := s.memory.QuietUntil, s.quiet
	s.mu.Unlock()
	if end.IsZero() {
		return 0
	}
	if wait := min(end.Sub(s.Clock.Now()), latest-s.Clock.Monotonic()); wait > 0 {
		return wait
	}
	_, err := s.remember(ctx, func(m *Memory) { m.QuietSince, m.QuietUntil = time.Time{}, time.Time{} })
	if err != nil && ctx.Err() == nil {
		s.Logger.Warn("the end of a silence could not be saved", "error", err)
		return saveAgain
	}
	return 0
}

// Remembered returns what is remembered. Its map is not edited later.
func (s *Settings) Remembered() Memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.memory
}

// remember changes what is remembered, and returns what was.
func (s *Settings) remember(ctx context.Context, edit func(m *Memory)) (was Memory, err error) {
	var now Memory
	err = s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if was, _, err = memoryCell.Get(tx); err != nil {
			return err
		}
		now = was
		edit(&now)
		return memoryCell.Put(tx, now)
	}, func() { s.show(now) })
	return was, err
}

func (s *Settings) show(m Memory) {
	s.mu.Lock()
	if !m.QuietUntil.Equal(s.memory.QuietUntil) {
		s.quiet = s.Clock.Monotonic() + m.silence(s.Clock.Now())
	}
	s.memory = m
	s.mu.Unlock()
	s.Board.Change(func(shown *localapi.Snapshot) { shown.QuietUntil = m.QuietUntil })
}

// DeviceName returns the name a person gave this device, empty for none.
func (s *Settings) DeviceName() string { return s.Remembered().DeviceName }

// NameDevice remembers another name, and returns the one before.
func (s *Settings) NameDevice(ctx context.Context, name string) (was string, err error) {
	before, err := s.remember(ctx, func(m *Memory) { m.DeviceName = name })
	return before.DeviceName, err
}

// DeleteWhenDone reports whether the local data goes once nothing is left to revoke.
func (s *Settings) DeleteWhenDone() bool { return s.Remembered().DeleteWhenDone }

// SetDeleteWhenDone remembers whether it does.
func (s *Settings) SetDeleteWhenDone(ctx context.Context, yes bool) error {
	_, err := s.remember(ctx, func(m *Memory) { m.DeleteWhenDone = yes })
	return err
}

// Forget clears everything but that it is to go, if all is to go.
func (s *Settings) Forget(tx *store.Tx, all bool) (then func(), err error) {
	if !all {
		return func() {}, nil
	}
	m := Memory{DeleteWhenDone: true}
	if err := errors.Join(chosenCell.Clear(tx), s.put(tx, localapi.DefaultSettings()), targetsCell.Of(s.owner).Clear(tx), memoryCell.Put(tx, m)); err != nil {
		return nil, err
	}
	return func() {
		s.show(m)
		s.setSentTo(nil)
		s.Board.Change(func(shown *localapi.Snapshot) { shown.Settings = localapi.DefaultSettings() })
	}, nil
}
