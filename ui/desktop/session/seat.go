package session

import "sync"

// Desktop is where a process shows things: a display and what opens it, and the session bus. Members are
// empty for what there is not.
type Desktop struct{ Display, Authority, Wayland, Bus string }

// Seat is the desktop that a long-lived process shows things on. It moves when the one it had has gone,
// or was never there, and a later start offers a better one. The zero value is ready.
type Seat struct {
	mu    sync.Mutex
	moved chan struct{}
}

// Moved returns a channel that is closed with the next offer of a desktop that works: whoever could not
// show something tries again then.
func (s *Seat) Moved() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.moved == nil {
		s.moved = make(chan struct{})
	}
	return s.moved
}

// Offer takes a desktop over into the environment of this process if it is better than what is there: what
// it starts from then on, the window and browsers, appears there too.
func (s *Seat) Offer(d Desktop) {
	if !take(d) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.moved != nil {
		close(s.moved)
		s.moved = nil
	}
}
