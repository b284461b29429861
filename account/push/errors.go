package push

import (
	"errors"
	"time"
)

var (
	// ErrParams means that New was given parameters it cannot work with.
	ErrParams = errors.New("unusable parameters")
	// ErrRunning means that Run was called while it runs or after it ended.
	ErrRunning = errors.New("push: client runs already or has run")
	// ErrStopped means that Run has ended.
	ErrStopped = errors.New("push: client has stopped")
	// ErrNotSubscribed means that there is no subscription of the given name.
	ErrNotSubscribed = errors.New("push: no such subscription")
)

// TooSoonError means that a subscription was renewed too short a time ago to be
// renewed again.
type TooSoonError struct {
	// Next is when a renewal will be possible.
	Next time.Time
}

func (e *TooSoonError) Error() string { return "push: subscription was renewed a short time ago" }
