// Package kit holds the small things that several packages of the client need in
// one and the same form: the [Clock], the rule for what is this machine
// ([Loopback]), the reader of Retry-After ([RetryAfter]), the wait that grows
// with each failure ([Growth]) and what spreads it ([Spread]). It does no I/O and
// starts nothing.
package kit
