package push

// Reason says why the client should look at its connection; see [Client.Wake].
type Reason string

// The reasons.
const (
	// Online: there is a network again, or it has been freed from a captive
	// portal. A connection is made within 1 to 3 seconds, in place of an old one.
	Online Reason = "online"
	// NoNetwork: there is no network. The connection is dropped, none is tried.
	NoNetwork Reason = "no-network"
	// RouteChanged: an address or route changed while online. A connection is
	// probed; if there is none, one is tried within 1 to 3 seconds.
	RouteChanged Reason = "route-changed"
	// Resumed: the system was suspended. The old connection is dropped, a new one
	// is made within 1 to 3 seconds.
	Resumed Reason = "resumed"
	// ProxyChanged: connections take another way now.
	ProxyChanged Reason = "proxy-changed"
	// UserAsked: somebody wants it to work now. A connection is probed; if there
	// is none, one is tried at once.
	UserAsked Reason = "user-asked"
)
