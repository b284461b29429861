package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tabferry/tabferry/account/events/internal/issuer"
)

// Prefix is how the URIs of the events begin; the rest is [Event.Name].
const Prefix = "https://schemas.accounts.firefox.com/event/"

// Event is one of [PasswordChange], [ProfileChange], [SubscriptionStateChange],
// [DeleteUser], [MetricsOptOut] and [MetricsOptIn].
type Event interface {
	// Name is the last part of the event's URI.
	Name() string
}

// The names of the events.
const (
	NamePasswordChange          = "password-change"
	NameProfileChange           = "profile-change"
	NameSubscriptionStateChange = "subscription-state-change"
	NameDeleteUser              = "delete-user"
	NameMetricsOptOut           = "metrics-opt-out"
	NameMetricsOptIn            = "metrics-opt-in"
)

// PasswordChange says that the password was changed or reset: sessions that are older end.
type PasswordChange struct{ Changed time.Time }

// ProfileChange says that something of the profile is another. What is told of it is a
// hint: nil and empty members say nothing, and the profile server has the truth.
type ProfileChange struct {
	Email, Locale                                               string
	MetricsEnabled, TOTPEnabled, AccountDisabled, AccountLocked *bool
}

// SubscriptionStateChange says that capabilities were switched on or off. Of two for the
// same capability the one with the later Changed is true.
type SubscriptionStateChange struct {
	Capabilities []string
	Active       bool
	Changed      time.Time
}

// DeleteUser says that the account was deleted: all records about the person go.
type DeleteUser struct {
	// Reason is user, admin, inactivity, unverified, another word of a later server, or empty.
	Reason string
}

// MetricsOptOut says that no usage data may be collected any more, and what was is deleted.
type MetricsOptOut struct{}

// MetricsOptIn says that it may be again, once the profile confirms it.
type MetricsOptIn struct{}

// Name is password-change.
func (PasswordChange) Name() string { return NamePasswordChange }

// Name is profile-change.
func (ProfileChange) Name() string { return NameProfileChange }

// Name is subscription-state-change.
func (SubscriptionStateChange) Name() string { return NameSubscriptionStateChange }

// Name is delete-user.
func (DeleteUser) Name() string { return NameDeleteUser }

// Name is metrics-opt-out.
func (MetricsOptOut) Name() string { return NameMetricsOptOut }

// Name is metrics-opt-in.
func (MetricsOptIn) Name() string { return NameMetricsOptIn }

// Notice is one event about one person.
type Notice struct {
	// Subject is the person: their uid, or for clients with pairwise identifiers the one
	// that this client knows.
	Subject string
	// ID is the token's; several events of one token share it. Another delivery of the same
	// event has another one.
	ID string
	// Issued is when the token was made, which is when it was delivered, not when something happened.
	Issued time.Time
	Event  Event
}

// Sink takes the notices of one token.
type Sink interface {
	// Store returns once all of them are kept for good, or with an error that has the
	// delivery repeated. It is called from several goroutines at once.
	Store(ctx context.Context, notices []Notice) error
}

// errMember says that an event lacks something it cannot do without.
var errMember = errors.New("an event lacks what it cannot do without")

// decode reads an event by its URI. Unknown events are nil.
func decode(uri string, payload []byte) (Event, error) {
	m := members{}
	// What is no object has no members, which matters only to events that need some.
	_ = json.Unmarshal(payload, &m)
	switch uri {
	case Prefix + NamePasswordChange:
		at, err := m.moment("changeTime")
		return PasswordChange{Changed: at}, err
	case Prefix + NameProfileChange:
		return ProfileChange{
			Email: m.text("email"), Locale: m.text("locale"), MetricsEnabled: m.truth("metricsEnabled"), TOTPEnabled: m.truth("totpEnabled"),
			AccountDisabled: m.truth("accountDisabled"), AccountLocked: m.truth("accountLocked"),
		}, nil
	case Prefix + NameSubscriptionStateChange:
		return m.subscription()
	case Prefix + NameDeleteUser:
		return DeleteUser{Reason: m.text("reason")}, nil
	case Prefix + NameMetricsOptOut:
		return MetricsOptOut{}, nil
	case Prefix + NameMetricsOptIn:
		return MetricsOptIn{}, nil
	}
	return nil, nil
}

// members are an object's, by their exact names.
type members map[string]json.RawMessage

// text is a string, empty for anything else.
func (m members) text(name string) string {
	var s *string
	if json.Unmarshal(m[name], &s) != nil || s == nil {
		return ""
	}
	return *s
}

// truth is a boolean, nil for anything else.
func (m members) truth(name string) *bool {
	var b *bool
	if json.Unmarshal(m[name], &b) != nil {
		return nil
	}
	return b
}

// number is a number; ok is false for anything else.
func (m members) number(name string) (n float64, ok bool) {
	var f *float64
	if json.Unmarshal(m[name], &f) != nil || f == nil {
		return 0, false
	}
	return *f, true
}

// latest bounds times: the year 9999 in milliseconds, beyond which JSON cannot write them.
const latest = 253402300799000

// moment is a time in seconds or milliseconds.
func (m members) moment(name string) (time.Time, error) {
	n, ok := m.number(name)
	if !ok || n <= 0 || n > latest {
		return time.Time{}, fmt.Errorf("%w: %s", errMember, name)
	}
	return issuer.Moment(n), nil
}

func (m members) subscription() (Event, error) {
	at, err := m.moment("changeTime")
	if err != nil {
		return nil, err
	}
	active := m.truth("isActive")
	var capabilities []string
	if json.Unmarshal(m["capabilities"], &capabilities) != nil || capabilities == nil || active == nil {
		return nil, fmt.Errorf("%w: capabilities or isActive", errMember)
	}
	return SubscriptionStateChange{Capabilities: capabilities, Active: *active, Changed: at}, nil
}
