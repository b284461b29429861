package account_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
)

// partsSaver keeps what it is handed in two parts.
type partsSaver struct {
	state, devices []byte
	lists, bytes   int // how often a list came, and all that came
	fail           error
}

func (p *partsSaver) SaveParts(_ context.Context, state, devices []byte, _ []account.IncomingCommand) error {
	if p.fail != nil {
		return p.fail
	}
	p.state = state
	p.bytes += len(state) + len(devices)
	if devices != nil {
		p.devices = devices
		p.lists++
	}
	return nil
}

// crowd is an account with a member that keeps its state in parts, a sender, and other devices.
func crowd(t *testing.T, others int) (*partsSaver, *member, *member, *accounttest.Account) {
	t.Helper()
	s := accounttest.New(t)
	person := s.NewAccount("ferry@example.com", "a long password")
	saver := &partsSaver{}
	from := join(t, s, person, "laptop")
	for i := range others {
		join(t, s, person, fmt.Sprint("device ", i))
	}
	return saver, from, join(t, s, person, "phone", account.WithPartSaver(saver)), person
}

// A received tab writes the index and not the list of devices again, however many there are, and what
// was kept in parts is restored as one.
func TestTabDoesNotWriteTheList(t *testing.T) {
	per := func(others int) int {
		saver, from, to, _ := crowd(t, others)
		from.send(to, "first", "https://example.com/0")
		to.poll()
		lists, before := saver.lists, saver.bytes
		const tabs = 5
		for i := range tabs {
			from.send(to, "more", fmt.Sprint("https://example.com/", i))
			if got := to.poll(); len(got) != 1 {
				t.Fatalf("%d commands", len(got))
			}
		}
		if saver.lists != lists {
			t.Errorf("the list was written %d times with %d tabs", saver.lists-lists, tabs)
		}
		again, err := account.Restore(saver.state, account.WithSavedDevices(saver.devices))
		ok(t, "Restore", err)
		defer again.Close()
		if list, at := again.SavedDevices(); len(list) != others+2 || at.IsZero() {
			t.Errorf("%d devices of %s are restored", len(list), at)
		}
		return (saver.bytes - before) / tabs
	}
	few, many := per(1), per(30)
	if float64(many) > 1.15*float64(few) {
		t.Errorf("a tab writes %d bytes with 3 devices and %d with 32", few, many)
	}
}

// A list that could not be saved is handed over again, and one that is gone is taken away.
func TestListIsSavedWhenItCan(t *testing.T) {
	saver, _, to, person := crowd(t, 1)
	_, err := to.Devices(t.Context(), account.Fresh())
	ok(t, "Devices", err)
	lists := saver.lists
	join(t, to.s, person, "another")
	saver.fail = errors.New("no room")
	if _, err := to.Devices(t.Context(), account.Fresh()); !errors.Is(err, saver.fail) {
		t.Fatalf("the saver's failure is %v", err)
	}
	saver.fail = nil
	_, err = to.Devices(t.Context(), account.Fresh())
	ok(t, "Devices", err)
	if saver.lists != lists+1 || !strings.Contains(string(saver.devices), `"another"`) {
		t.Errorf("%d lists: %s", saver.lists-lists, saver.devices)
	}
	ok(t, "Disconnect", to.Disconnect(t.Context()))
	if saver.devices == nil || len(saver.devices) > 0 {
		t.Errorf("after signing out the list is %s", saver.devices)
	}
}

// A state of before, with the list in it, is taken over: the first save hands the list over.
func TestListOfAWholeStateIsHandedOver(t *testing.T) {
	saver := &partsSaver{}
	a, err := account.Restore(largeState(t), account.WithPartSaver(saver))
	ok(t, "Restore", err)
	t.Cleanup(a.Close)
	ok(t, "SetUserData", a.SetUserData(t.Context(), account.UserData{SessionToken: strings.Repeat("1", 64)}))
	if strings.Contains(string(saver.state), `"devices"`) || saver.lists != 1 {
		t.Fatalf("%d lists, %d bytes of state", saver.lists, len(saver.state))
	}
	for _, devices := range [][]byte{saver.devices, nil, []byte("spoilt")} {
		b, err := account.Restore(saver.state, account.WithSavedDevices(devices))
		ok(t, "Restore", err)
		list, _ := b.SavedDevices()
		b.Close()
		if want := map[bool]int{true: 500}[len(devices) > 10]; len(list) != want {
			t.Errorf("%d devices, want %d", len(list), want)
		}
	}
	whole, err := a.Snapshot()
	ok(t, "Snapshot", err)
	c, err := account.Restore(whole)
	ok(t, "Restore", err)
	t.Cleanup(c.Close)
	if list, _ := c.SavedDevices(); len(list) != 500 {
		t.Errorf("the snapshot holds %d devices", len(list))
	}
}
