// Package account is a client of Mozilla accounts: it signs in, keeps the sign-in
// alive, hands out access tokens and the profile, registers this installation as a
// device, and sends tabs to and receives tabs from the account's other devices. It
// is written from Mozilla's public descriptions of the service; names follow the
// interface of Mozilla's own client component, so that knowing one helps with the
// other. Each method of [Account] ends with what it follows: the endpoints that it
// asks, its name in that component (fxa-client), and the section of docs/protocol or
// the RFC.
//
// The package does no more than talk to the server and keep a state. It opens no
// browser and no file, logs nothing, starts no goroutine that outlives a call, and
// has no state outside of [Account].
//
// # Signing in
//
// A sign-in happens on a page of the accounts server. The application opens the
// page, learns the address that the page ends at, and hands back two values from it:
//
//	a, err := account.New(account.Config{
//		ClientID:    "3c49430b43dfba77",
//		RedirectURI: "https://accounts.firefox.com/oauth/success/3c49430b43dfba77",
//	}, account.WithSaver(saver))
//	page, err := a.BeginOAuthFlow(ctx, []string{account.ScopeProfile, account.ScopeOldSync}, "menu")
//	// Open page in a browser; wait for the redirect; take code and state from it.
//	err = a.CompleteOAuthFlow(ctx, code, state)
//
// [Account.BeginPairingFlow] does the same with the pairing code that a device shows
// which is signed in already. The scopes decide what the sign-in is good for:
// [ScopeProfile] for [Account.Profile], [ScopeOldSync] for devices and tabs,
// [ScopeSession] for letting other devices in ([Account.AuthorizeCode]) and for the
// list of everything attached to the account ([Account.AttachedClients]).
//
// # Devices and tabs
//
// After the sign-in the installation introduces itself, says what it can be asked to
// do, and where it wants to be alerted:
//
//	_, err = a.InitializeDevice(ctx, "My laptop", account.DeviceDesktop,
//		[]account.Capability{account.CapabilitySendTab, account.CapabilityCloseTabs})
//	_, err = a.SetPushSubscription(ctx, subscription)
//	delivery, err := a.SendTab(ctx, deviceID, title, url)
//
// Received tabs are fetched with [Account.PollCommands]. A push message, handed to
// [Account.HandlePush], is only a hint that it is time to do so: messages get lost.
//
// # State
//
// The whole state is one text, with tokens and keys in it. It is handed to a [Saver]
// before a change counts as happened: when it cannot be saved, the call that made the
// change fails with a [SaveError] and everything is as it was. [Restore] goes on from
// a saved text, also from one that Mozilla's component wrote. Every method that
// changes the state therefore returns an error, and there must never be two accounts
// made from one text.
//
// [Account.State] and [Account.ProcessEvent] are a state machine on top of the single
// calls, for applications that would rather be told what to show.
//
// # Errors
//
// Every error is of one class, asked with errors.Is: [ErrNetwork] means to try again
// later, [ErrAuthentication] to ask [Account.CheckAuthorization] and, if that says so,
// the person; the others are described where they are declared. A [BackoffError] tells
// until when the server wants silence; calls fail at once until then, in this process
// and the next. Nothing but
// CheckAuthorization saying that the sign-in is not active means that it has ended:
// servers refuse requests for many reasons. No error text holds a token, a key, a
// code, an e-mail, or an address with its query.
//
// # Where it differs from Mozilla's component
//
// The names are those of fxa-client, and so is what the methods do, except where that
// loses something that people care about:
//
//   - No network failure, wait or busy server ever signs anybody out. The state machine
//     stays in Connected, with [State].Degraded and the cause, and ProcessEvent returns
//     the error together with the state.
//   - What an account was asked to do survives failures: a sign-in can be completed
//     again, and credentials that are no longer used are revoked until that is done.
//   - Two people are never mixed: a session or a sign-in of another account than the one
//     held is [ErrOtherAccount], and its tokens are revoked. The original compares
//     nothing.
//   - Waits are kept for a service, not for a path, honoured in full for 503 as well, and
//     saved. What the server has switched off is left alone for an hour at least.
//   - A push is a hint: [CommandReceived] carries the index and no command, unless
//     [WithCommandFetch] is set; [Account.PollCommands] is the one way in.
//   - Pairing may also begin where the server has ended a sign-in (AuthIssues).
//   - The profile seen last stays after [Account.Disconnect], as the component's interface
//     says, and forces nobody; newer versions drop it.
//   - [Account.AuthorizeCode] does not demand that every scope bears a key, which would
//     refuse the request of every phone.
//   - [Account.ClearDeviceName] is [ErrUnsupported] where the server takes no empty name.
//   - Servers that know only the Hawk form of session credentials are recognised.
//
// # Concurrency
//
// All methods may be called from several goroutines. Changes are made one after the
// other, and waiting for the turn ends with the context. Reads that need no network
// answer at once, also while a request hangs. No lock is held during a request.
//
// # Time
//
// The server's word about waiting, the age of what is cached and the end of tokens
// are measured on a monotonic clock; only what must outlive the process uses the wall
// clock. Both come from a [Clock] that can be replaced, as can randomness and the HTTP
// transport.
package account
