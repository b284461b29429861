// Package localapitest is a scripted agent behind the real server, for the tests of faces. A test sets
// the state that the agent shows, scripts what it answers and reads what it was asked:
//
//	agent, client := localapitest.New(t)
//	agent.Set(localapi.Snapshot{…})
//	agent.Refuse("Send", &localapi.Error{Code: localapi.CodeOffline})
//	… the face works with client …
//	calls := agent.Calls() // "Send …"
//
// It works inside a bubble of testing/synctest.
package localapitest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// Agent is an agent whose state and answers a test decides. Unscripted it answers from its state or
// with nothing, and refuses nothing. Its methods may be used at once from several goroutines.
type Agent struct {
	methods

	mu      sync.Mutex
	feed    *localapi.Feed
	state   localapi.Snapshot
	begun   chan struct{} // closed when there is a state to watch, or at the end
	calls   []Call
	scripts map[string]func(Call) (any, error)
	await   map[string]func(context.Context)
	line    *line
}

// Call is one call that the agent was asked: a method of [localapi.Agent] and its arguments.
type Call struct {
	Method string
	Args   []any
}

// String returns the method and its arguments: texts and numbers as they are, ids joined by commas,
// anything else as JSON.
func (c Call) String() string {
	parts := []string{c.Method}
	for _, arg := range c.Args {
		switch arg := arg.(type) {
		case []string:
			parts = append(parts, strings.Join(arg, ","))
		case localapi.SendRequest, localapi.InboxQuery, localapi.Settings, localapi.AdmitRequest, localapi.CallerChange:
			text, err := json.Marshal(arg)
			if err != nil {
				panic(err)
			}
			parts = append(parts, string(text))
		default:
			parts = append(parts, fmt.Sprint(arg))
		}
	}
	return strings.Join(parts, " ")
}

// New returns an agent and a client of it, over a pipe that ends with the test.
func New(t testing.TB) (*Agent, *localapi.Client) {
	t.Helper()
	pipe := localapi.NewPipe()
	a := Serve(t, pipe, slog.New(slog.DiscardHandler))
	return a, pipe.Client()
}

// Serve returns an agent that answers on a listener until the test ends.
func Serve(t testing.TB, l net.Listener, logger *slog.Logger) *Agent {
	t.Helper()
	a, stop := Start(l, logger)
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("the agent's server ended: %v", err)
		}
	})
	return a
}

// Start returns an agent that answers on a listener until it is stopped, for programs that are part
// of a test.
func Start(l net.Listener, logger *slog.Logger) (a *Agent, stop func() error) {
	a = &Agent{
		feed: new(localapi.Feed), begun: make(chan struct{}), line: &line{Listener: l},
		scripts: map[string]func(Call) (any, error){}, await: map[string]func(context.Context){},
	}
	a.methods = methods{a}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- localapi.Serve(ctx, a.line, a, logger) }()
	return a, func() error {
		a.begin()
		a.End()
		cancel()
		return <-ended
	}
}

// Set replaces the state and tells the watchers, with events. Watchers hear nothing before the first.
func (a *Agent) Set(s localapi.Snapshot, events ...localapi.Event) {
	a.Change(func(state *localapi.Snapshot) { *state = s }, events...)
}

// Change does something to the state and tells the watchers. It must replace slices, not edit them.
func (a *Agent) Change(do func(*localapi.Snapshot), events ...localapi.Event) {
	a.mu.Lock()
	do(&a.state)
	state, feed := a.state, a.feed
	feed.Publish(state, events...)
	a.mu.Unlock()
	a.begin()
}

func (a *Agent) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-a.begun:
	default:
		close(a.begun)
	}
}

// End ends the present watches, as an agent does that quits. Later ones begin anew.
func (a *Agent) End() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.feed.Close()
	a.feed = new(localapi.Feed)
	a.feed.Publish(a.state)
}

// Down makes the agent unreachable, and reachable again. Calls and watches under way break off.
func (a *Agent) Down(down bool) { a.line.cut(down) }

// Watching returns how many watches of a face there are.
func (a *Agent) Watching(face localapi.Face) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.feed.Count(face)
}

// Script makes f answer a method from now on, nil what answers by itself. What f returns must be of
// the method's result type, or nil. f may call the agent.
func (a *Agent) Script(method string, f func(Call) (any, error)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.scripts[method] = f
}

// Answer makes a method answer with out.
func (a *Agent) Answer(method string, out any) {
	a.Script(method, func(Call) (any, error) { return out, nil })
}

// Refuse makes a method fail; nil lets it answer by itself again.
func (a *Agent) Refuse(method string, err error) {
	if err == nil {
		a.Script(method, nil)
		return
	}
	a.Script(method, func(Call) (any, error) { return nil, err })
}

// Await makes a method's calls run wait before they answer; one whose context ends there fails with
// its cause. nil answers at once again.
func (a *Agent) Await(method string, wait func(ctx context.Context)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.await[method] = wait
}

// Hold makes a method's calls wait until the returned function is called, once.
func (a *Agent) Hold(method string) (release func()) {
	held := make(chan struct{})
	a.Await(method, func(ctx context.Context) {
		select {
		case <-held:
		case <-ctx.Done():
		}
	})
	return func() {
		a.Await(method, nil)
		close(held)
	}
}

// Calls returns what was asked, but for Snapshot and Watch, of the named methods or of all, and
// forgets it.
func (a *Agent) Calls(methods ...string) []Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	var found, rest []Call
	for _, c := range a.calls {
		if len(methods) == 0 || strings.Contains(" "+strings.Join(methods, " ")+" ", " "+c.Method+" ") {
			found = append(found, c)
		} else {
			rest = append(rest, c)
		}
	}
	a.calls = rest
	return found
}

// Log is Calls as text.
func (a *Agent) Log(methods ...string) []string {
	var log []string
	for _, c := range a.Calls(methods...) {
		log = append(log, c.String())
	}
	return log
}

// asked notes a call, waits while it is held and returns what the script answers; false without one.
func (a *Agent) asked(ctx context.Context, method string, args ...any) (out any, scripted bool, err error) {
	call := Call{method, args}
	a.mu.Lock()
	if method != "Snapshot" {
		a.calls = append(a.calls, call)
	}
	wait, script := a.await[method], a.scripts[method]
	a.mu.Unlock()
	if wait != nil {
		if wait(ctx); ctx.Err() != nil {
			return nil, true, context.Cause(ctx)
		}
	}
	if script == nil {
		return nil, false, nil
	}
	out, err = script(call)
	return out, true, err
}

// ask answers a method by its script, else by unscripted.
func ask[Out any](ctx context.Context, a *Agent, unscripted func(localapi.Snapshot) (Out, error), method string, args ...any) (Out, error) {
	var none Out
	out, scripted, err := a.asked(ctx, method, args...)
	if scripted {
		if typed, ok := out.(Out); ok || out == nil {
			return typed, err
		}
		panic(fmt.Sprintf("localapitest: the script of %s answers with a %T, not a %T", method, out, none))
	}
	if unscripted == nil {
		return none, nil
	}
	a.mu.Lock()
	state := a.state
	a.mu.Unlock()
	return unscripted(state)
}
