// Package callers knows the browser extensions that send through the agent: which the person allowed, what
// each may do, how often it calls and how much it sent. Our own are allowed until they are revoked; another
// one is asked about once, and gets nothing before the person's answer.
//
// A caller's id is a word that any program of the person's can say. What is here keeps extensions apart; it
// is no wall around the socket.
package callers

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/worker"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/link"
	"github.com/tabferry/tabferry/account/store"
)

const (
	// maxKnown bounds the callers that are kept, maxAsked those that wait for an answer: whoever makes up
	// ids fills neither the store nor the person's list.
	maxKnown = 100
	maxAsked = 20
	// maxID and maxName are in bytes and in characters.
	maxID   = 192
	maxName = 64
	// saveDelay is how long a count may wait for the next, so that a send costs one write and not two.
	saveDelay = 5 * time.Second
	// partTime is how long the last counts may take to be saved at the end.
	partTime = time.Second
	window   = time.Minute
)

// cell holds what the person decided, and what was sent. Questions are not kept: they are asked again.
var cell = store.NewCell[[]localapi.Caller]("callers")

// What is said of callers.
var (
	asks        = localapi.NewPhrase("callers.ask", "{caller} has to be allowed first.", "answer it in the extension's options, in Tabferry's settings, or with `tabferry extension allow`")
	notAllowed  = localapi.NewPhrase("callers.not_allowed", "{caller} may not do this.", "see `tabferry extension list`")
	notOptedIn  = localapi.NewPhrase("callers.not_opted_in", "This was not chosen for the extension.", "choose it in the extension's options")
	tooOften    = localapi.NewPhrase("callers.too_often", "{caller} calls more than {limit} times a minute.", "wait a minute")
	tooMany     = localapi.NewPhrase("callers.too_many", "{count} links are too many at once: at most {limit} can be sent in one go.", "send them in several goes")
	badCaller   = localapi.NewPhrase("callers.bad_caller", "This is not the id of an extension.", "it looks like firefox:NAME@HOST or chromium:LETTERS; see `tabferry extension list`")
	badDecision = localapi.NewPhrase("callers.bad_decision", "A caller can be allowed, denied or forgotten.", "")
	full        = localapi.NewPhrase("callers.full", "{count} extensions are kept, and no more can be.", "remove some in Tabferry's settings")
)

// Params is what the callers may touch.
type Params struct {
	Store  *store.Vault
	Board  *board.Board
	Clock  kit.Clock
	Logger *slog.Logger
	// Own are the ids of the extensions that belong to this program.
	Own []string
}

// Callers owns the list. Make it with [Open].
type Callers struct {
	Params
	*worker.Worker // saves the counts

	mu      sync.Mutex
	known   []localapi.Caller // by First; replaced, never edited
	calls   map[string][]time.Duration
	unsaved time.Duration // since when counts are not saved; zero: they are
}

// Open reads what is stored.
func Open(p Params) (*Callers, error) {
	c := &Callers{Params: p, calls: map[string][]time.Duration{}}
	c.Worker = worker.New(c.save)
	err := p.Store.View(func(tx *store.Tx) (err error) {
		c.known, _, err = cell.Get(tx)
		return err
	})
	for i := range c.known {
		c.known[i].Own = c.own(c.known[i].ID)
	}
	return c, err
}

// Show writes what is known at the beginning.
func (c *Callers) Show(s *localapi.Snapshot) { s.Callers = c.list() }

func (c *Callers) own(id string) bool { return slices.Contains(c.Own, id) }

func (c *Callers) list() []localapi.Caller {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known
}

// Valid reports whether a text can be a caller's id.
func Valid(id string) bool {
	family, name, ok := strings.Cut(id, ":")
	if !ok || family != "firefox" && family != "chromium" || name == "" || len(id) > maxID {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".-_@{}", r)
	})
}

// Admit reports who a caller is if it may do what it asks for, and counts the call.
func (c *Callers) Admit(_ context.Context, r localapi.AdmitRequest) (localapi.Caller, error) {
	if !Valid(r.ID) || r.Via != "" && !Valid(r.Via) {
		return localapi.Caller{}, badCaller.Refuse(localapi.CodeUsage)
	}
	if r.Via != "" && !c.speaksForOthers(r.Via) {
		return localapi.Caller{}, notAllowed.Refuse(localapi.CodeNotAllowed, "caller", r.Via)
	}
	caller, asked := c.meet(r)
	if asked {
		c.publish(localapi.Event{Kind: localapi.CallerAsks, Caller: &caller})
	}
	if err := c.often(caller); err != nil {
		return caller, err
	}
	return caller, c.judge(caller, r)
}

// meet returns the caller, and takes down one that is new; asked says that the person is to hear of it.
func (c *Callers) meet(r localapi.AdmitRequest) (caller localapi.Caller, asked bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := shortened(link.Clean(r.Name))
	if i := c.find(r.ID); i >= 0 {
		if known := c.known[i]; !known.Own && known.Via == "" && r.Via != "" { // decided before it called
			known.Name, known.Via = name, r.Via
			c.known = slices.Clone(c.known)
			c.known[i] = known
		}
		return c.known[i], false
	}
	caller = c.stranger(r.ID)
	caller.Name, caller.Via = name, r.Via
	if caller.Own || r.Purpose == localapi.PurposeLook || !judgeable(r.Purpose) {
		return caller, false // our own is taken down when it sends, or the person decides something
	}
	caller.Decision, caller.First = localapi.CallerAsked, c.Clock.Now().UTC()
	if !c.add(caller) {
		caller.Decision = localapi.CallerDenied
		return caller, false
	}
	return caller, true
}

// speaksForOthers reports whether others may ask through a caller: ours, unless it is revoked.
func (c *Callers) speaksForOthers(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.find(id)
	return c.own(id) && (i < 0 || c.known[i].Decision == localapi.CallerAllowed)
}

// judgeable reports whether a caller that is not ours may ever do this.
func judgeable(p localapi.Purpose) bool {
	return p == localapi.PurposeLook || p == localapi.PurposeDevices || p == localapi.PurposeSend
}

// stranger is a caller of whom nothing is known.
func (c *Callers) stranger(id string) localapi.Caller {
	if c.own(id) {
		return localapi.Caller{ID: id, Own: true, Decision: localapi.CallerAllowed}
	}
	return localapi.Caller{ID: id, Decision: localapi.CallerNew}
}

func shortened(name string) string {
	if r := []rune(name); len(r) > maxName {
		return string(r[:maxName])
	}
	return name
}

func (c *Callers) find(id string) int {
	return slices.IndexFunc(c.known, func(k localapi.Caller) bool { return k.ID == id })
}

// add takes down a caller that asks, and reports whether there was room. The caller holds mu.
func (c *Callers) add(caller localapi.Caller) bool {
	known, ok := withRoom(slices.Clone(c.known))
	if ok {
		c.known = append(known, caller)
		maps.DeleteFunc(c.calls, func(id string, _ []time.Duration) bool { return !c.own(id) && c.find(id) < 0 })
	}
	return ok
}

// withRoom makes room for one more, in the place of the oldest question where there are too many.
func withRoom(known []localapi.Caller) (_ []localapi.Caller, ok bool) {
	asked := func(k localapi.Caller) bool { return k.Decision == localapi.CallerAsked }
	n := 0
	for _, k := range known {
		if asked(k) {
			n++
		}
	}
	if n > 0 && (n >= maxAsked || len(known) >= maxKnown) {
		oldest := slices.IndexFunc(known, asked)
		known = slices.Delete(known, oldest, oldest+1)
	}
	return known, len(known) < maxKnown
}

// often counts a call and refuses it if there were too many within a minute.
func (c *Callers) often(caller localapi.Caller) error {
	limit := localapi.CallsPerMinute
	if caller.Own {
		limit = localapi.CallsPerMinuteOwn
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !caller.Own && c.find(caller.ID) < 0 {
		return nil // not taken down: it gets nothing, and leaves nothing
	}
	now := c.Clock.Monotonic()
	calls := slices.DeleteFunc(c.calls[caller.ID], func(at time.Duration) bool { return now-at >= window })
	if len(calls) >= limit {
		c.calls[caller.ID] = calls
		e := tooOften.Refuse(localapi.CodeRateLimited, "caller", caller.ID, "limit", strconv.Itoa(limit))
		e.Until = c.Clock.Now().UTC().Add(calls[0] + window - now)
		return e
	}
	c.calls[caller.ID] = append(calls, now)
	return nil
}

// judge says whether a caller may do what it asks for.
func (c *Callers) judge(caller localapi.Caller, r localapi.AdmitRequest) error {
	refuse := func(p localapi.Phrase, code localapi.Code) error { return p.Refuse(code, "caller", caller.ID) }
	switch {
	case r.Purpose == localapi.PurposeLook:
		return nil
	case !caller.Own && !judgeable(r.Purpose), caller.Decision == localapi.CallerDenied:
		return refuse(notAllowed, localapi.CodeNotAllowed)
	case caller.Decision != localapi.CallerAllowed:
		return refuse(asks, localapi.CodeAsk)
	case r.Purpose == localapi.PurposeInbox && !caller.Inbox, r.Purpose == localapi.PurposeSignIn && !caller.SignIn:
		return refuse(notOptedIn, localapi.CodeNotOptedIn)
	}
	limit := localapi.MaxLinks
	if caller.Own {
		limit = localapi.MaxLinksOwn
	}
	if r.Links > limit {
		return tooMany.Refuse(localapi.CodeTooMany, "count", strconv.Itoa(r.Links), "limit", strconv.Itoa(limit))
	}
	return nil
}
