package signals

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/board"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/internal/kit"
	"github.com/tabferry/tabferry/account/store"
)

const (
	// scope lets the events server know whose token it is, and nothing more.
	scope = "profile:uid"
	// fetchTime bounds a request, maxAnswer what is read of its answer, in bytes.
	fetchTime = 30 * time.Second
	maxAnswer = 1 << 20
)

// memory is what is remembered of the events of one person.
type memory struct {
	UID string `json:"uid"`
	// Last is the index of the last event.
	Last uint64 `json:"last"`
	// Password is the last change of the password that was acted on.
	Password time.Time `json:"password,omitzero"`
	// Capabilities are what the person's subscriptions give, each with when that was last said.
	Capabilities map[string]capability `json:"capabilities,omitempty"`
	// Until is when the events server lets us ask again, Asked when it said so.
	Until time.Time `json:"until,omitzero"`
	Asked time.Time `json:"asked,omitzero"`
}

type capability struct {
	Active  bool      `json:"active"`
	Changed time.Time `json:"changed"`
}

var memoryCell = store.NewCell[memory]("signals")

// Forget clears what is remembered of the person who left.
func (s *Signals) Forget(tx *store.Tx, _ bool) (then func(), err error) {
	return func() {}, memoryCell.Of(s.Owner).Clear(tx)
}

// event is one as the events server tells it; see account/events/mailbox.
type event struct {
	Index      uint64    `json:"index"`
	Event      string    `json:"event"`
	Time       time.Time `json:"time"`
	Changed    time.Time `json:"changed"`
	Capability string    `json:"capability"`
	Active     bool      `json:"active"`
}

type answer struct {
	Events eventList `json:"events"`
	Newest uint64    `json:"newest"`
}

// eventList passes over events that cannot be read: they must not keep the others from us.
type eventList []event

// UnmarshalJSON reads a list of events.
func (l *eventList) UnmarshalJSON(text []byte) error {
	var items []json.RawMessage
	if err := json.Unmarshal(text, &items); err != nil {
		return err
	}
	for _, item := range items {
		var e event
		if json.Unmarshal(item, &e) == nil {
			*l = append(*l, e)
		}
	}
	return nil
}

// busyError says that the events server wants no request for a while.
type busyError struct{ wait time.Duration }

func (*busyError) Error() string { return "the events server asks to wait" }

// errAnswer says that the events server did not answer as it should; errToken that it refused our token.
var (
	errAnswer = errors.New("the events server does not answer as it should")
	errToken  = errors.New("the events server does not take our token")
)

// Fetch asks the events server for what is new, acts on it and returns it.
func (s *Signals) Fetch(ctx context.Context) ([]localapi.AccountEvent, error) {
	if s.Server == "" {
		return nil, noServer.Refuse(localapi.CodeUnsupported)
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	m, err := s.remembered()
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now().UTC()
	if left := kit.Left(m.Until, m.Asked, now); left > 0 {
		return nil, &busyError{left} // nor at a person's command (docs/decisions.md §10)
	}
	m.Until, m.Asked = time.Time{}, time.Time{}
	ctx, done := s.Calls.Begin(ctx)
	defer done()
	a, err := s.ask(ctx, m.Last)
	if err == nil && a.Newest < m.Last { // the server's box began anew, and so do its indexes
		m.Last = 0
		a, err = s.ask(ctx, 0)
	}
	if busy := (*busyError)(nil); errors.As(err, &busy) {
		m.Until, m.Asked = now.Add(busy.wait), now
		return nil, errors.Join(err, s.remember(ctx, m))
	}
	if err != nil {
		return nil, err
	}
	shown, react := m.take(a)
	s.act(react)
	return shown, s.remember(ctx, m)
}

// remember stores what is remembered, once it is known of whom: until then the next fetch begins anew.
func (s *Signals) remember(ctx context.Context, m memory) error {
	if m.UID == "" {
		return nil
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error { return memoryCell.Of(s.Owner).Put(tx, m) }, func() {})
}

// Told is Fetch for a face.
func (s *Signals) Told(ctx context.Context) ([]localapi.AccountEvent, error) {
	if !s.Board.SignedIn() {
		return nil, board.ErrSignedOut
	}
	list, err := s.Fetch(ctx)
	var busy *busyError
	switch {
	case errors.As(err, &busy):
		refusal := busyServer.Refuse(localapi.CodeBackoff)
		refusal.Until = s.Clock.Now().Add(busy.wait)
		return nil, refusal
	case errors.Is(err, errAnswer), errors.Is(err, errToken):
		s.Logger.Info("events could not be fetched", "error", err)
		return nil, notServed.Refuse(localapi.CodeOffline)
	}
	return list, board.Refusal(err)
}

// remembered reads what is remembered of the person signed in.
func (s *Signals) remembered() (m memory, err error) {
	err = s.Store.View(func(tx *store.Tx) (err error) {
		m, _, err = memoryCell.Of(s.Owner).Get(tx)
		return err
	})
	uid := ""
	s.Board.Read(func(shown *localapi.Snapshot) { uid = shown.Account.UID })
	if m.UID != uid {
		m = memory{UID: uid}
	}
	return m, err
}

// ask makes the request, and once more with a new token if ours is refused.
func (s *Signals) ask(ctx context.Context, after uint64) (a answer, err error) {
	token, err := s.Account.AccessToken(ctx, scope)
	if err != nil {
		return a, err
	}
	a, err = s.askWith(ctx, token, after)
	if !errors.Is(err, errToken) {
		return a, err
	}
	if token, err = s.Account.AccessToken(ctx, scope, account.WithoutCache()); err != nil {
		return a, err
	}
	return s.askWith(ctx, token, after)
}

func (s *Signals) askWith(ctx context.Context, token account.AccessToken, after uint64) (a answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Server+"/v1/events?after="+strconv.FormatUint(after, 10), nil)
	if err != nil {
		return a, errAnswer
	}
	r.Header.Set("Authorization", "Bearer "+token.Token)
	r.Header.Set("User-Agent", s.UserAgent)
	client := *s.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the token is for this server
	res, err := client.Do(r)
	if err != nil {
		if sent := (*url.Error)(nil); errors.As(err, &sent) {
			err = sent.Err // without the address
		}
		return a, fmt.Errorf("%w: %w", errAnswer, err)
	}
	defer res.Body.Close()
	busy := res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable
	switch {
	case busy:
		return a, &busyError{max(kit.RetryAfter(res.Header, s.Clock.Now()), retryFirst)}
	case res.StatusCode == http.StatusUnauthorized:
		return a, errToken
	case res.StatusCode != http.StatusOK:
		return a, fmt.Errorf("%w: status %d", errAnswer, res.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil || len(text) > maxAnswer || json.Unmarshal(text, &a) != nil {
		return answer{}, errAnswer
	}
	return a, nil
}
