package push

import "time"

// ConnectionState says what the client is doing about its connection.
type ConnectionState string

// The states of a connection.
const (
	// Stopped: Run has not begun or has ended.
	Stopped ConnectionState = "stopped"
	// Idle: there is no subscription, so there is no connection.
	Idle ConnectionState = "idle"
	// Offline: the system has no network; nothing is tried until it says it has.
	Offline ConnectionState = "offline"
	// Waiting: the next attempt is at Health.NextAttempt.
	Waiting ConnectionState = "waiting"
	// Connecting: an attempt is being made.
	Connecting ConnectionState = "connecting"
	// Connected: the service has greeted us.
	Connected ConnectionState = "connected"
)

// Health is a snapshot of how push is doing. Times are wall-clock times.
type Health struct {
	State ConnectionState
	// Since is when State began.
	Since time.Time
	// Outage is how long there was no connection before the present one; 0 for
	// the first of a run, before which nothing is known.
	Outage time.Duration
	// NextAttempt is set while Waiting.
	NextAttempt time.Time
	// Failures counts the attempts in a row that did not give a connection of at
	// least a minute.
	Failures int
	// LastMessage is when a push message last came, whoever it was for and whether it
	// could be read or not; LastPong when the service last answered a ping of ours.
	// Both are zero before the first of this run.
	LastMessage, LastPong time.Time
	// LastError says in a few words why there is no connection, or why the last
	// one ended.
	LastError string
	// CloseCode is the WebSocket close code of the last connection, 0 for none.
	CloseCode int
	// Conflict means that the service keeps closing connections in the way it does
	// when two programs share one identity.
	Conflict bool
	// Subscriptions and Missing count the names that have an endpoint and those
	// whose endpoint is yet to be made.
	Subscriptions, Missing int

	// Dials, Connections and the counts of messages are totals of this run.
	Dials, Connections                               int
	Delivered, Repeated, Unreadable, Unknown, Broken int
}
