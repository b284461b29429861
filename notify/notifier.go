package notify

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/assets/i18n"
)

const (
	// burstTime is how long tabs count as one burst where the desktop does not tell when a
	// notification is closed: about as long as desktops show one.
	burstTime = 10 * time.Second
	// apartAtMost is how many single notifications one update may make when grouping is off;
	// beyond it even somebody who wants them apart is better served by one.
	apartAtMost = 5
)

// Params is what a notifier is made of. Agent, Backend, Open, Copy and Show must be given.
type Params struct {
	Agent   *localapi.Client
	Backend Backend
	// Open opens a link in the browser: browser is the command from the settings, empty for the
	// system's default.
	Open func(ctx context.Context, browser, link string) error
	// Copy puts a text on the clipboard.
	Copy func(ctx context.Context, text string) error
	// Show opens the window with a pane.
	Show func(ctx context.Context, pane string) error
	// Moved returns a channel that is closed when the desktop may be another one; nil for one that stays.
	Moved func() <-chan struct{}
	// Words returns the catalogue for a language, empty for the system's; i18n.New when nil.
	Words func(language string) *i18n.Catalogue
	// Now is the wall clock; time.Now when nil.
	Now func() time.Time
	// Logger gets what could not be shown or done; nothing is logged when nil.
	Logger *slog.Logger
}

// Notifier shows what happens. Use Run once.
type Notifier struct {
	p        Params
	words    *i18n.Catalogue
	language string
	settings localapi.Settings
	quiet    time.Time
	account  localapi.AccountState
	asking   bool // an extension waits for an answer
	serial   uint64
	// unseen are the tabs of the shown notification, seenAt when it was shown last.
	unseen burst
	seenAt time.Time
	// open are the shown notifications that may still be answered, by serial.
	open map[uint64]shown
	// What waits for the end of the silence, however long that is: the tabs, and the newest event of
	// each other kind, which would replace those before it.
	heldTabs burst
	held     []localapi.Event
	// telling are the sends whose fate is told, by id, as they were shown last.
	telling map[string]localapi.OutboxEntry
	doing   sync.WaitGroup
	failed  chan problem // of clicks, from their goroutines
	// owed is what could not be shown, by slot: it is shown when somebody can.
	owed    map[string]owed
	quieted *time.Timer
}

// shown is what the answer to a notification is about.
type shown struct {
	kind    Kind
	slot    string
	entries []localapi.InboxEntry
	pane    string
	send    string // the id of the entry that can be taken back
}

// owed is a notification that could not be shown.
type owed struct {
	compose func(composer) Notification
	about   shown
}

// windowProblem is the key of a window that could not be opened.
const windowProblem = "notify.problem.window"

// problem is what a click asked for and did not get.
type problem struct{ key, reason string }

// New makes a notifier. It takes over the backend: Run closes it.
func New(p Params) (*Notifier, error) {
	if p.Agent == nil || p.Backend == nil || p.Open == nil || p.Copy == nil || p.Show == nil {
		return nil, errors.New("notify: Agent, Backend, Open, Copy and Show are needed")
	}
	if p.Moved == nil {
		p.Moved = func() <-chan struct{} { return nil }
	}
	if p.Words == nil {
		p.Words = i18n.New
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	return &Notifier{p: p, words: p.Words(""), open: map[uint64]shown{}, failed: make(chan problem), owed: map[string]owed{}, telling: map[string]localapi.OutboxEntry{}}, nil
}

// Run shows notifications until ctx ends, the agent quits (both nil) or cannot be watched any more.
func (n *Notifier) Run(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	updates := make(chan localapi.Update)
	watched := make(chan error, 1)
	go func() { watched <- n.watch(ctx, updates) }()
	n.quieted = time.NewTimer(time.Hour)
	n.quieted.Stop()
	ended := false
	defer func() {
		cancel()
		if !ended {
			<-watched
		}
		n.doing.Wait()
		err = errors.Join(err, n.p.Backend.Close())
	}()
	responses, moved := n.p.Backend.Responses(), n.p.Moved()
	for {
		select {
		case u := <-updates:
			if n.update(ctx, u) {
				return nil
			}
		case r, ok := <-responses:
			if !ok {
				responses = nil
				continue
			}
			n.respond(ctx, r)
		case p := <-n.failed:
			n.show(ctx, func(c composer) Notification { return c.problem(p) }, shown{kind: KindProblem})
		case <-n.p.Backend.Ready():
			n.showOwed(ctx)
		case <-moved:
			moved = n.p.Moved()
			n.showOwed(ctx)
		case <-n.quieted.C:
			n.release(ctx)
		case err := <-watched:
			ended = true
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// watch hands the agent's updates to the loop.
func (n *Notifier) watch(ctx context.Context, updates chan<- localapi.Update) error {
	for u, err := range n.p.Agent.Watch(ctx, localapi.FaceNotify) {
		if err != nil {
			return err
		}
		select {
		case updates <- u:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// update takes over the settings and shows the events; true when the agent quits.
func (n *Notifier) update(ctx context.Context, u localapi.Update) (quit bool) {
	n.settings, n.quiet = u.Snapshot.Settings, u.Snapshot.QuietUntil
	if n.settings.Language != n.language {
		n.language = n.settings.Language
		n.words = n.p.Words(n.language)
	}
	if u.Snapshot.Account.State == localapi.SignedOut {
		n.forgetPerson(ctx)
	}
	n.forgetRead(ctx, u.Snapshot.Inbox)
	n.forgetSettled(ctx, u.Snapshot)
	silent := n.quiet.After(n.p.Now())
	if silent {
		n.quieted.Reset(n.quiet.Sub(n.p.Now()))
	} else {
		n.release(ctx)
	}
	for _, e := range u.Events {
		switch {
		case e.Kind == localapi.Quitting:
			return true
		case !n.settings.Notifications:
		case silent && e.Kind == localapi.SendQueued: // later nobody wants to know any more
		case silent:
			n.hold(e)
		default:
			n.event(ctx, e)
		}
	}
	n.tellSends(ctx, u.Snapshot.Outbox.Recent)
	return false
}

// tellSends shows what has become of the sends that are told, each in place of the one before.
func (n *Notifier) tellSends(ctx context.Context, recent []localapi.OutboxEntry) {
	for _, e := range recent {
		before, told := n.telling[e.ID]
		if !told || e.State == before.State && e.Reason == before.Reason {
			continue
		}
		n.telling[e.ID] = e
		if e.State != localapi.SendWaiting {
			delete(n.telling, e.ID)
		}
		if e.State != localapi.SendFailed { // an event of its own says so
			n.showSend(ctx, e)
		}
	}
}

func (n *Notifier) showSend(ctx context.Context, e localapi.OutboxEntry) {
	n.show(ctx, func(c composer) Notification { return c.sent(e, n.p.Now()) }, shown{kind: KindSend, pane: "send", send: e.ID})
}

// forgetPerson takes back what was shown of somebody who is not signed in any more, and what waits to be
// shown: the next person sees nothing of it, and of a deleted account nothing stays.
func (n *Notifier) forgetPerson(ctx context.Context) {
	n.unseen, n.heldTabs, n.owed = burst{}, burst{}, map[string]owed{}
	clear(n.telling)
	n.held = slices.DeleteFunc(n.held, func(e localapi.Event) bool { return !outlives(e.Kind) })
	for serial, about := range n.open {
		if about.kind == KindSignedOut || about.kind == KindCaller || about.kind == KindProblem {
			continue
		}
		delete(n.open, serial)
		n.withdraw(ctx, about.slot)
	}
}

// outlives reports whether an event is told after the end of the sign-in too.
func outlives(kind localapi.EventKind) bool {
	return kind == localapi.SignedOutElsewhere || kind == localapi.AccountDeleted || kind == localapi.CallerAsks
}

// forgetSettled takes back what asks for something that was done elsewhere meanwhile, and does not ask for it later.
func (n *Notifier) forgetSettled(ctx context.Context, s localapi.Snapshot) {
	before, asked := n.account, n.asking
	n.account = s.Account.State
	n.asking = slices.ContainsFunc(s.Callers, func(c localapi.Caller) bool { return c.Decision == localapi.CallerAsked })
	if n.account == localapi.SignedIn && before != n.account {
		n.settle(ctx, KindSignIn)
		n.settle(ctx, KindSignedOut)
	}
	if asked && !n.asking {
		n.settle(ctx, KindCaller)
	}
}

// settle forgets what was said of a kind, or is still to be said.
func (n *Notifier) settle(ctx context.Context, kind Kind) {
	n.held = slices.DeleteFunc(n.held, func(e localapi.Event) bool {
		note, _ := (composer{words: n.words}).event(e)
		return note.Kind == kind
	})
	delete(n.owed, string(kind))
	for _, about := range n.open {
		if about.kind == kind {
			n.withdraw(ctx, about.slot)
			return
		}
	}
}

// apart reports whether it is a tab with a notification of its own.
func (about shown) apart() bool { return about.kind == KindTabs && about.slot != string(KindTabs) }

// forgetRead takes tabs that were read elsewhere, in the window or by a rule, out of the count; a
// notification that speaks of nothing unread any more leaves.
func (n *Notifier) forgetRead(ctx context.Context, inbox localapi.Inbox) {
	before, alone := n.unseen.count(), false
	for _, about := range n.open {
		alone = alone || about.apart()
	}
	if before+n.heldTabs.count()+len(n.owed) == 0 && !alone {
		return
	}
	read := map[string]bool{}
	for _, e := range inbox.Recent {
		if e.Read {
			read[e.ID] = true
		}
	}
	n.unseen.forget(read)
	n.heldTabs.forget(read)
	if before > 0 && n.unseen.count() == 0 {
		n.withdraw(ctx, string(KindTabs))
	}
	done := func(about shown) bool {
		return about.apart() && !slices.ContainsFunc(about.entries, func(e localapi.InboxEntry) bool { return !read[e.ID] })
	}
	for _, about := range n.open {
		if done(about) {
			n.withdraw(ctx, about.slot)
		}
	}
	maps.DeleteFunc(n.owed, func(_ string, o owed) bool { return done(o.about) })
}

// withdraw takes away what is shown in a slot.
func (n *Notifier) withdraw(ctx context.Context, slot string) {
	for serial, about := range n.open {
		if about.slot == slot {
			delete(n.open, serial)
		}
	}
	if err := n.p.Backend.Withdraw(ctx, slot); err != nil && ctx.Err() == nil {
		n.p.Logger.Warn("a notification could not be taken back", "slot", slot, "error", err)
	}
}

// hold keeps an event for later.
func (n *Notifier) hold(e localapi.Event) {
	if e.Kind == localapi.TabsReceived {
		n.heldTabs.add(news(e.Entries))
		return
	}
	n.held = append(slices.DeleteFunc(n.held, func(o localapi.Event) bool { return o.Kind == e.Kind }), e)
}

// release shows what was held back while it was quiet: the tabs as one burst.
func (n *Notifier) release(ctx context.Context) {
	if n.quiet.After(n.p.Now()) {
		n.quieted.Reset(n.quiet.Sub(n.p.Now()))
		return
	}
	held, tabs := n.held, n.heldTabs
	n.held, n.heldTabs = nil, burst{}
	if !n.settings.Notifications {
		return
	}
	for _, e := range held {
		n.event(ctx, e)
	}
	n.tabs(ctx, tabs)
}

// event shows one event.
func (n *Notifier) event(ctx context.Context, e localapi.Event) {
	if e.Kind == localapi.TabsReceived {
		n.tabs(ctx, newBurst(news(e.Entries)...))
		return
	}
	if e.Kind == localapi.SendQueued && e.Send != nil {
		if len(n.telling) < mostOwed {
			n.telling[e.Send.ID] = *e.Send
		}
		n.showSend(ctx, *e.Send)
		return
	}
	if note, ok := (composer{words: n.words}).event(e); ok {
		n.show(ctx, func(c composer) Notification { note, _ := c.event(e); return note }, shown{kind: note.Kind, pane: paneFor(e.Kind)})
	}
}

// paneFor returns the window's pane that answers an event.
func paneFor(kind localapi.EventKind) string {
	switch kind {
	case localapi.DeviceConnected:
		return "devices"
	case localapi.CallerAsks:
		return "settings"
	case localapi.CloseRequested:
		return "inbox"
	case localapi.SendGivenUp:
		return "send"
	default:
		return "" // the window knows: it shows the sign-in when that is due
	}
}

// news are the entries that a notification is for.
func news(entries []localapi.InboxEntry) []localapi.InboxEntry {
	return slices.DeleteFunc(slices.Clone(entries), func(e localapi.InboxEntry) bool {
		return e.Read || e.Kind == localapi.KindClose // a rule has opened it; closing has an event of its own
	})
}

// tabs shows received tabs, together with those that nobody has looked at yet.
func (n *Notifier) tabs(ctx context.Context, came burst) {
	if came.count() == 0 {
		return
	}
	if !n.settings.Grouped && came.count() <= apartAtMost {
		for _, e := range came.recent {
			slot := string(KindTabs) + "/" + strconv.FormatUint(n.serial, 10)
			n.show(ctx, func(c composer) Notification {
				note := c.tabs(newBurst(e))
				note.Slot = slot
				return note
			}, shown{kind: KindTabs, entries: []localapi.InboxEntry{e}, pane: "inbox"})
		}
		return
	}
	if n.p.Backend.Responses() == nil && n.p.Now().Sub(n.seenAt) > burstTime {
		n.unseen = burst{}
	}
	n.unseen.join(came)
	n.seenAt = n.p.Now()
	n.showUnseen(ctx)
}

// showUnseen shows the tabs that nobody has looked at yet.
func (n *Notifier) showUnseen(ctx context.Context) {
	n.show(ctx, func(c composer) Notification { return c.tabs(n.unseen) }, shown{kind: KindTabs, entries: slices.Clone(n.unseen.all()), pane: "inbox"})
}

// show hands a notification to the backend and remembers what an answer would be about.
func (n *Notifier) show(ctx context.Context, compose func(composer) Notification, about shown) {
	note := compose(composer{words: n.words, clicks: n.p.Backend.Clicks(ctx)})
	note.Stays = about.kind == KindTabs && n.settings.Open == localapi.OpenAsk
	n.serial++
	note.Serial, about.slot = n.serial, note.Slot
	if err := n.p.Backend.Show(ctx, note); err != nil {
		if ctx.Err() == nil {
			n.p.Logger.Warn("a notification could not be shown", "kind", note.Kind, "error", err)
			n.owe(note.Slot, owed{compose, about})
		}
		return
	}
	delete(n.owed, note.Slot)
	if n.p.Backend.Responses() == nil {
		return // nothing will ever be answered
	}
	for serial, o := range n.open {
		if o.slot == note.Slot {
			delete(n.open, serial) // replaced
		}
	}
	n.open[note.Serial] = about
	n.limitTabs(ctx)
}

// mostTabs is how many tabs may stand there one by one.
const mostTabs = 50

// limitTabs has the oldest tab make room: a server may keep what it shows for ever, and so would we what an
// answer to it is about.
func (n *Notifier) limitTabs(ctx context.Context) {
	oldest, count := shown{}, 0
	for _, serial := range slices.Sorted(maps.Keys(n.open)) {
		if about := n.open[serial]; about.kind == KindTabs {
			if count++; count == 1 {
				oldest = about
			}
		}
	}
	if count > mostTabs {
		n.withdraw(ctx, oldest.slot)
	}
}

// mostOwed bounds what is kept for a server that never comes: every kind, and some tabs apart.
const mostOwed = 20

func (n *Notifier) owe(slot string, o owed) {
	if _, known := n.owed[slot]; known || len(n.owed) < mostOwed {
		n.owed[slot] = o
	}
}

// showOwed shows what could not be shown before, unless it was seen elsewhere meanwhile.
func (n *Notifier) showOwed(ctx context.Context) {
	if n.quiet.After(n.p.Now()) || !n.settings.Notifications {
		return
	}
	due := n.owed
	n.owed = map[string]owed{}
	for _, slot := range slices.Sorted(maps.Keys(due)) {
		o := due[slot]
		switch {
		case slot != string(KindTabs):
			n.show(ctx, o.compose, o.about)
		case n.unseen.count() > 0:
			n.showUnseen(ctx)
		}
	}
}

// WindowFailed tells that a window that was asked for elsewhere could not be opened, and why. Run must be
// under way.
func (n *Notifier) WindowFailed(ctx context.Context, err error) {
	select {
	case n.failed <- problem{windowProblem, i18n.OneLine(err.Error(), maxText)}:
	case <-ctx.Done():
	}
}
