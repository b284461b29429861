package account

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"time"
)

// tx is one change being made: a private copy of the state, to be edited, and what
// goes along with it.
//
// Nothing of it counts as happened until it is committed, which [Account.change]
// does at the end. A change that consists of several steps on the server commits
// after each of them.
type tx struct {
	a *Account
	// state may be edited freely.
	state *persisted
	// received goes to the saver with the next commit.
	received []IncomingCommand
	done     []func(*memory)
	salvage  []func(*persisted)
	// moved says that the state machine followed the change.
	moved bool
}

// onCommit runs f with the memory locked once the state is saved: the place to
// change caches, flows and everything else that must stay as it was when saving
// fails. f must not block.
func (t *tx) onCommit(f func(m *memory)) { t.done = append(t.done, f) }

// moveTo has the state machine follow the change once it is saved.
func (t *tx) moveTo(kind StateKind) {
	t.onCommit(func(*memory) { t.moved = t.a.machine.moveTo(kind) })
}

// irrevocable edits the state by f, for something that the server has done and
// cannot undo, like revoking a token that it replaced. If saving fails the call
// fails and the state stays as it was, but the edit is made again with the next
// change, which would otherwise start from a token that is dead.
func (t *tx) irrevocable(f func(s *persisted)) {
	f(t.state)
	t.salvage = append(t.salvage, f)
}

// afterFailure is for what must be known by the next change if this one fails, or
// cannot be saved: f edits its state.
func (t *tx) afterFailure(f func(s *persisted)) { t.salvage = append(t.salvage, f) }

// commit saves the state so far and makes it current. The edit may go on.
//
// A state equal to the current one is not saved again.
func (t *tx) commit(ctx context.Context) error {
	a := t.a
	a.noteLearned(t.state)
	text, err := t.state.encode()
	if err != nil {
		return err
	}
	is, next := a.current.Load(), &snapshot{state: t.state.clone(), text: text}
	changed := !bytes.Equal(text, is.text) || next.state.known != is.state.known
	if a.saver != nil && (len(t.received) > 0 || changed) {
		if err := a.save(ctx, next, t.received); err != nil {
			a.owed = append(a.owed, t.salvage...)
			t.salvage = nil
			return &SaveError{Err: err}
		}
	}
	a.tell(func() bool {
		a.current.Store(next)
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, f := range t.done {
			f(&a.mem)
		}
		return changed || t.moved
	})
	a.owed = nil
	t.received, t.done, t.salvage, t.moved = nil, nil, nil, false
	return nil
}

// save hands a state to the saver: the list of devices only if it is another one.
func (a *Account) save(ctx context.Context, s *snapshot, received []IncomingCommand) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	var devices []byte
	if s.state.known != a.saved {
		text, err := s.state.known.encode()
		if err != nil {
			return err
		}
		devices = append([]byte{}, text...) // never nil
	}
	if err := a.saver.SaveParts(ctx, bytes.Clone(s.text), devices, received); err != nil {
		return err
	}
	a.saved = s.state.known
	return nil
}

// afterwards runs a step that follows a change which is saved already and which the
// step's failure must not turn into a failure. Its edits are dropped then. What it
// could not save it will find undone, and do again: revocations stay in their queue,
// a device record that is not known is published anew.
func (t *tx) afterwards(step func() error) {
	if step() != nil {
		t.state = t.a.state().clone()
		t.received, t.done = nil, nil
	}
}

// change runs f on a copy of the state, alone, and commits when f succeeds. When f
// fails its edits since the last commit are dropped. Waiting for the turn ends
// with ctx.
//
// f must not call change, nor a method that does.
func (a *Account) change(ctx context.Context, f func(ctx context.Context, t *tx) error) error {
	if ctx.Err() != nil { // else chance would decide between the cases below
		return context.Cause(ctx)
	}
	select {
	case a.slot <- struct{}{}:
		defer func() {
			a.owing.Store(len(a.owed) > 0)
			<-a.slot
		}()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	t := &tx{a: a, state: a.state().clone()}
	for _, f := range a.owed {
		t.irrevocable(f)
	}
	a.owed = nil
	err := f(ctx, t)
	if err == nil {
		return t.commit(ctx)
	}
	a.owed = append(a.owed, t.salvage...)
	return a.refused(ctx, a.withLearned(ctx, err))
}

// view runs f, which asks the server and leaves the saved state alone, on the
// current state. Several views and a change may run at the same time. Caches in
// memory are written with [Account.remember].
func (a *Account) view(ctx context.Context, f func(ctx context.Context, s *persisted) error) error {
	if a.owing.Load() {
		// The state may hold a token that the server has replaced. If the new one
		// cannot be saved now either, the call goes on with the old one.
		if err := a.change(ctx, func(context.Context, *tx) error { return nil }); ctx.Err() != nil {
			return err
		}
	}
	err := a.refused(ctx, f(ctx, a.state()))
	if !a.learned() {
		return err
	}
	if err == nil {
		select {
		case a.slot <- struct{}{}:
			defer func() { <-a.slot }()
			return a.withLearned(ctx, nil)
		default:
			return nil // whoever has the turn saves it
		}
	}
	select {
	case a.slot <- struct{}{}:
		defer func() { <-a.slot }()
		return a.withLearned(ctx, err)
	case <-ctx.Done():
		return err
	}
}

// remember runs f with the memory locked. f must not block.
func (a *Account) remember(f func(m *memory)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.mem)
}

// forgetLists drops the lists of devices and clients, which are about to change.
func (t *tx) forgetLists() {
	t.onCommit(func(m *memory) {
		m.clients = cachedClients{}
		m.devices.drop()
	})
}

// forgetEverything drops all that is held in memory about the sign-in.
func (t *tx) forgetEverything() {
	t.onCommit(func(m *memory) {
		*m = memory{checks: m.checks}
		t.a.gate.Shut()
	})
}

// noteLearned puts what was learned of the server into a state about to be saved: the
// waits that hold, whatever their length, since a restart is no way around a wait, and
// how it takes session tokens. A state that holds them already stays equal to what it
// was.
func (a *Account) noteLearned(s *persisted) {
	s.Hawk = a.wire.Hawk()
	waits := a.waits()
	if !sameWaits(s.Waits, waits) {
		s.Waits, s.WaitsAt = waits, a.clock.Now().UTC()
	}
	if len(waits) == 0 {
		s.WaitsAt = time.Time{}
	}
}

// waits are those that hold, by service or feature; nil when there are none.
func (a *Account) waits() map[string]time.Time {
	var waits map[string]time.Time
	for key, until := range a.wire.Waits() {
		if waits == nil {
			waits = make(map[string]time.Time)
		}
		waits[string(key)] = until.UTC()
	}
	return waits
}

func sameWaits(a, b map[string]time.Time) bool { return maps.EqualFunc(a, b, time.Time.Equal) }

// learned reports whether the saved state lacks something that was learned of the
// server.
func (a *Account) learned() bool {
	if a.wire.Hawk() != a.state().Hawk {
		return true
	}
	saved := a.state().Waits
	for key, until := range a.waits() {
		if !saved[key].Equal(until) {
			return true
		}
	}
	return false
}

// withLearned saves what was learned of the server, and nothing else, after a call
// that ended with err, and returns err. The slot must be held.
func (a *Account) withLearned(ctx context.Context, err error) error {
	if !a.learned() {
		return err
	}
	owed := a.owed
	t := &tx{a: a, state: a.state().clone()}
	failed := t.commit(ctx)
	a.owed = owed
	if failed != nil && err != nil {
		return errors.Join(err, failed)
	}
	return err // what went well did not fail because of it; it is learned again
}
