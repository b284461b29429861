package push_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// What a person asks of a connection: when something last came, and when the service last showed that
// it lives. Neither is known at first, and losing the connection makes neither unknown.
func TestSignsOfLife(t *testing.T) {
	inWorld(t, func(w *world) {
		sub := w.subscribe("account")
		if h := w.client.Health(); !h.LastMessage.IsZero() || !h.LastPong.IsZero() {
			t.Errorf("at first: message %v, pong %v", h.LastMessage, h.LastPong)
		}
		time.Sleep(time.Minute)
		w.post(sub, "a message")
		synctest.Wait()
		came := w.client.Health().LastMessage
		if age := time.Since(came); came.IsZero() || age > time.Second {
			t.Errorf("the message came %v ago", age)
		}
		time.Sleep(3 * time.Minute)
		h := w.client.Health()
		if age := time.Since(h.LastPong); h.LastPong.IsZero() || age > 80*time.Second {
			t.Errorf("in a silence the last pong is %v old", age)
		}
		if !h.LastMessage.Equal(came) {
			t.Errorf("a pong is taken for a message: %v", h.LastMessage)
		}
		w.ctl.LosePongs()
		lost := h.LastPong
		time.Sleep(80 * time.Second)
		if h := w.client.Health(); h.LastPong.Sub(lost) > 75*time.Second || !h.LastMessage.Equal(came) {
			t.Errorf("without pongs: message %v, pong %v after the last", h.LastMessage, h.LastPong.Sub(lost))
		}
	})
}
