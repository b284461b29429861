package localapi

import "context"

// Agent is what answers: one method for each of the client's. Errors that are no [*Error] reach the
// face as CodeInternal without their text.
//
// What an agent hands out is shared, over [Local] even with the caller: it replaces snapshots,
// entries and events, slices included, and never edits one that it has handed out.
type Agent interface {
	Snapshot(ctx context.Context) (Snapshot, error)
	// Watch begins a stream of updates; who reads it closes it.
	Watch(face Face) *Watcher
	// Refresh of nobody who is signed in is refused, unless somebody only looks.
	Refresh(ctx context.Context, r RefreshRequest) error
	ForgetDamaged(ctx context.Context) error
	FetchEvents(ctx context.Context) ([]AccountEvent, error)
	ForgetEarlier(ctx context.Context) error

	// SignInShown hears that a view which offers the sign-in has become visible.
	SignInShown(ctx context.Context, form SignInForm) error
	BeginSignIn(ctx context.Context, email string) (SignIn, error)
	CompleteSignIn(ctx context.Context, address string) error
	CancelSignIn(ctx context.Context) error
	SignOut(ctx context.Context, deleteLocalData bool) error

	Send(ctx context.Context, r SendRequest) ([]OutboxEntry, error)
	Undo(ctx context.Context, ids ...string) error
	Retry(ctx context.Context, ids ...string) error
	DeleteSent(ctx context.Context, ids ...string) error
	Sent(ctx context.Context, id string) (OutboxEntry, error)
	Outbox(ctx context.Context) ([]OutboxEntry, error)

	Inbox(ctx context.Context, q InboxQuery) ([]InboxEntry, error)
	MarkRead(ctx context.Context, ids ...string) error
	DeleteReceived(ctx context.Context, ids ...string) error

	// Admit reports who a caller is if it may do what it asks for, else refuses with CodeAsk,
	// CodeNotAllowed, CodeNotOptedIn, CodeRateLimited or CodeTooMany.
	Admit(ctx context.Context, r AdmitRequest) (Caller, error)
	// ChangeCaller does what a person decided about a caller, and returns it.
	ChangeCaller(ctx context.Context, c CallerChange) (Caller, error)

	RenameDevice(ctx context.Context, name string) error
	DisconnectDevice(ctx context.Context, id string) error
	DisconnectClient(ctx context.Context, id string) error

	Avatar(ctx context.Context) ([]byte, error)
	PageURL(ctx context.Context, p Page) (string, error)
	Unlock(ctx context.Context, passphrase string) error
	Protect(ctx context.Context, p Protection, passphrase string) error
	SetSettings(ctx context.Context, s Settings) error
	Quiet(ctx context.Context, minutes int) error
	ShowWindow(ctx context.Context, pane string) (bool, error)
	// UseDesktop offers the desktop of a later start: an agent that has none, or whose own has gone, moves
	// there.
	UseDesktop(ctx context.Context, d Desktop) error
	Quit(ctx context.Context) error
	// Renew has the agent end, once it is idle, and be started anew by the program in its place, for a
	// caller of this newer version.
	Renew(ctx context.Context, version string) error
	Diagnostics(ctx context.Context) (string, error)

	ShowPairing(ctx context.Context) error
	PairingCode(ctx context.Context) (string, error)
	JoinPairing(ctx context.Context, address string) error
	ConfirmPairing(ctx context.Context, totp string) error
	CancelPairing(ctx context.Context) error
}
