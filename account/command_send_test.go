package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// pair makes two devices of one person.
func pair(t testing.TB, opts ...accounttest.Option) (s *accounttest.Service, person *accounttest.Account, from, to *member) {
	t.Helper()
	s = accounttest.New(t, opts...)
	person = s.NewAccount("ferry@example.com", "a long password")
	from = join(t, s, person, "laptop")
	to = join(t, s, person, "phone")
	return s, person, from, to
}

func TestSendTabArrives(t *testing.T) {
	t.Parallel()
	_, _, from, to := pair(t)
	delivery, err := from.SendTab(t.Context(), to.id(), `Schnee ☃ <&>"`, "https://example.com/?a=1&b=<2>#x", account.Private())
	if err != nil {
		t.Fatal(err)
	}
	if !delivery.Known || delivery.Notified || delivery.NotifyError != "noCallback" {
		t.Errorf("delivery = %+v", delivery)
	}
	got := to.poll()
	if len(got) != 1 {
		t.Fatalf("%d commands arrived", len(got))
	}
	tab, ok := got[0].(*account.TabReceived)
	if !ok {
		t.Fatalf("a %T arrived", got[0])
	}
	want := account.TabEntry{Title: `Schnee ☃ <&>"`, URL: "https://example.com/?a=1&b=<2>#x", Private: true}
	if entry, ok := tab.Payload.Page(); !ok || entry != want {
		t.Errorf("page = %+v", entry)
	}
	if tab.SenderID != from.id() || tab.Sender == nil || tab.Sender.DisplayName != "laptop" || tab.Index < 1 || tab.Reason != account.ReasonPoll {
		t.Errorf("envelope = %+v", tab.Incoming)
	}
	if tab.Payload.FlowID != "" || tab.Payload.StreamID != "" {
		t.Errorf("ids %q, %q though nobody allowed any", tab.Payload.FlowID, tab.Payload.StreamID)
	}
	if again := to.poll(); len(again) != 0 {
		t.Errorf("%d commands arrived twice", len(again))
	}
	// To itself, as well.
	from.send(from, "self", "https://example.com/")
	if got := titles(from.poll()); !slices.Equal(got, []string{"self"}) {
		t.Errorf("to itself: %v", got)
	}
}

func TestSendTabFailures(t *testing.T) {
	t.Parallel()
	s, person, from, to := pair(t)
	deaf := newMember(t, s)
	deaf.signIn(person)
	if _, err := deaf.InitializeDevice(t.Context(), "deaf", account.DeviceTV, nil); err != nil {
		t.Fatal(err)
	}
	send := func(id, title, address string) error {
		_, err := from.SendTab(t.Context(), id, title, address)
		return err
	}
	want(t, "unknown device", send("0123456789abcdef0123456789abcdef", "x", "https://example.com/"), account.ErrUnknownDevice)
	want(t, "no such command", send(deaf.id(), "x", "https://example.com/"), account.ErrUnsupported)
	want(t, "empty address", send(to.id(), "x", ""), account.ErrInvalidArgument)

	s.ForgetRequests()
	want(t, "too large", send(to.id(), "x", "https://example.com/"+strings.Repeat("x", 12000)), account.ErrTooLarge)
	if n := len(s.Requests(routeInvoke)); n != 0 {
		t.Errorf("%d requests were sent although the size was known", n)
	}
	if err := send(to.id(), "x", "https://example.com/"+strings.Repeat("x", 11000)); err != nil {
		t.Errorf("just below the limit: %v", err)
	}

	s.Faults.Next(routeInvoke, http.StatusTooManyRequests, accounttest.RetryAfter(30))
	err := send(to.id(), "x", "https://example.com/")
	var wait *account.BackoffError
	if !errors.As(err, &wait) || wait.Until.IsZero() {
		t.Errorf("throttled: %v", err)
	}
	from.clock.advance(31 * time.Second)
	s.Faults.Next(routeInvoke, 0, accounttest.DropConnection())
	want(t, "cut connection", send(to.id(), "x", "https://example.com/"), account.ErrNetwork)
	s.Faults.Next(routeInvoke, http.StatusForbidden)
	want(t, "forbidden", send(to.id(), "x", "https://example.com/"), account.ErrForbidden)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = from.SendTab(cancelled, to.id(), "x", "https://example.com/")
	want(t, "cancelled", err, context.Canceled)

	profileOnly := newMember(t, s)
	profileOnly.signIn(person, account.ScopeProfile)
	_, err = profileOnly.SendTab(t.Context(), to.id(), "x", "https://example.com/")
	want(t, "no key", err, account.ErrNoScopedKey)
	_, err = newMember(t, s).SendTab(t.Context(), to.id(), "x", "https://example.com/")
	want(t, "signed out", err, account.ErrNoRefreshToken)
}

// TestSendTabToNewcomer: the kept list is out of date in two ways that must not
// show.
func TestSendTabToNewcomer(t *testing.T) {
	t.Parallel()
	s := accounttest.New(t)
	person := s.NewAccount("ferry@example.com", "a long password")
	from := join(t, s, person, "laptop")
	if _, err := from.Devices(t.Context()); err != nil {
		t.Fatal(err)
	}
	to := join(t, s, person, "phone")
	from.send(to, "one", "https://example.com/")
	if _, err := to.EnsureCapabilities(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	_, err := from.SendTab(t.Context(), to.id(), "two", "https://example.com/")
	want(t, "withdrawn", err, account.ErrUnsupported)
	if _, err := to.EnsureCapabilities(t.Context(), bothCapabilities); err != nil {
		t.Fatal(err)
	}
	from.send(to, "three", "https://example.com/")
	if got := titles(to.poll()); !slices.Equal(got, []string{"one", "three"}) {
		t.Errorf("arrived: %v", got)
	}
	// The receiver, too, does not know a sender that just joined.
	late := join(t, s, person, "tablet")
	if _, err := to.Devices(t.Context()); err != nil {
		t.Fatal(err)
	}
	late.send(to, "late", "https://example.com/")
	got := to.poll()
	if tab, ok := got[0].(*account.TabReceived); !ok || tab.Sender == nil || tab.Sender.DisplayName != "tablet" {
		t.Errorf("sender of %T is not known", got[0])
	}
}

func TestCloseTabsInChunks(t *testing.T) {
	t.Parallel()
	s, _, from, to := counted(t, allowed)
	var urls []string
	for i := range 1000 {
		urls = append(urls, fmt.Sprintf("https://example.com/%020d", i)) // 40 octets
	}
	s.ForgetRequests()
	unsent, err := from.CloseTabs(t.Context(), to.id(), urls)
	if err != nil || len(unsent) != 0 {
		t.Fatalf("%d unsent, %v", len(unsent), err)
	}
	requests := s.Requests(routeInvoke)
	if len(requests) != 4 {
		t.Errorf("%d commands, want 4", len(requests))
	}
	for _, r := range requests {
		var body struct{ TTL int }
		if err := json.Unmarshal(r.Body, &body); err != nil || body.TTL != 172800 {
			t.Errorf("ttl = %d, %v", body.TTL, err)
		}
	}
	var arrived []string
	flows, streams := map[string]bool{}, map[string]bool{}
	for _, c := range to.poll() {
		closed, ok := c.(*account.TabsClosed)
		if !ok {
			t.Fatalf("a %T arrived", c)
		}
		arrived = append(arrived, closed.Payload.URLs...)
		flows[closed.Payload.FlowID], streams[closed.Payload.StreamID] = true, true
	}
	if !slices.Equal(arrived, urls) {
		t.Errorf("%d addresses arrived, or in another order", len(arrived))
	}
	if len(flows) != 1 || len(streams) != 4 {
		t.Errorf("%d flows, %d streams", len(flows), len(streams))
	}
}

func TestCloseTabsUnsent(t *testing.T) {
	t.Parallel()
	s, _, from, to := pair(t)
	long := "https://example.com/" + strings.Repeat("x", 20000)
	unsent, err := from.CloseTabs(t.Context(), to.id(), []string{long, "https://example.com/a"})
	want(t, "too long", err, account.ErrTooLarge)
	if !slices.Equal(unsent, []string{long}) {
		t.Errorf("%d unsent", len(unsent))
	}
	if got := to.poll(); len(got) != 1 {
		t.Errorf("%d commands arrived", len(got))
	}
	var urls []string
	for i := range 500 {
		urls = append(urls, fmt.Sprintf("https://example.com/%020d", i))
	}
	s.Faults.Next(routeInvoke, 500)
	unsent, err = from.CloseTabs(t.Context(), to.id(), urls)
	want(t, "first chunk failed", err, account.ErrUnavailable)
	if !slices.Equal(unsent, urls[:250]) {
		t.Errorf("%d unsent, want the first 250", len(unsent))
	}
	s.ForgetRequests()
	s.Faults.Next(routeInvoke, 429, accounttest.RetryAfter(20))
	unsent, err = from.CloseTabs(t.Context(), to.id(), urls)
	var wait *account.BackoffError
	if !errors.As(err, &wait) || !slices.Equal(unsent, urls) || len(s.Requests(routeInvoke)) != 1 {
		t.Errorf("asked to wait: %d unsent, %v", len(unsent), err)
	}
	from.clock.advance(21 * time.Second)
	unsent, err = from.CloseTabs(t.Context(), "nobody", urls)
	want(t, "unknown device", err, account.ErrUnknownDevice)
	if !slices.Equal(unsent, urls) {
		t.Errorf("%d unsent for an unknown device", len(unsent))
	}
	s.ForgetRequests()
	if unsent, err := from.CloseTabs(t.Context(), to.id(), nil); err != nil || len(unsent) != 0 {
		t.Errorf("nothing to close: %v, %v", unsent, err)
	}
	if len(s.Requests(routeInvoke)) != 0 {
		t.Error("a command was sent for nothing")
	}
}

// Accepted is only what the server says is, in an answer that can be understood.
func TestAccepted(t *testing.T) {
	t.Parallel()
	s, _, from, to := pair(t)
	for body, want := range map[string]error{
		`{"enqueued":true,"notified":false}`: nil, `{}`: nil,
		`{"enqueued":false,"notified":false}`: account.ErrUnavailable,
		``:                                    account.ErrInvalidAnswer, `null`: account.ErrInvalidAnswer, `{"code":500,"errno":999}`: account.ErrInvalidAnswer,
	} {
		s.Faults.Next(routeInvoke, http.StatusOK, accounttest.RawBody("application/json", body))
		if _, err := from.SendTab(t.Context(), to.id(), "", "https://example.com/"); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", body, err, want)
		}
	}
}
