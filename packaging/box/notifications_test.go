//go:build linux

package box

import (
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

func TestClosingLeavesNotificationsUnread(t *testing.T) {
	n := &Notifications{seen: make(chan Notification), quit: make(chan struct{}), done: make(chan struct{})}
	messages := make(chan *dbus.Message, 1)
	messages <- &dbus.Message{
		Type: dbus.TypeMethodCall,
		Body: []any{"Tabferry", uint32(0), "", "a tab", "from a phone", []string{}},
	}
	go n.read(messages)
	for len(messages) > 0 { // until it is taken
		time.Sleep(time.Millisecond)
	}
	close(n.quit)
	select {
	case <-n.done:
	case <-time.After(Patience):
		t.Fatal("still waiting for somebody to read the notification")
	}
}
