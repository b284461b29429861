// Package accounttest runs Mozilla accounts in one process, for tests and
// demonstrations, in the manner of net/http/httptest. One listener serves what
// Mozilla spreads over many hosts: the web pages with the discovery documents,
// the auth, oauth and profile servers, a Web Push service and the relay that
// devices pair over. Real clients can use it as well as Go ones: desktop
// Firefox, Mozilla's Python client, npm's web-push.
//
// # A first test
//
//	func TestSignIn(t *testing.T) {
//		s := accounttest.New(t) // closed by the test's end
//		person := s.NewAccount("person@example.com", "a password")
//
//		client := newClientUnderTest(s.URL())            // reads the discovery documents there
//		redirect, err := s.Approve(client.AuthURL(), person) // the person agrees on the page
//		…
//		client.Finish(redirect) // code and state are in the query
//	}
//
// Approve plays the page: it checks the authorization URL as the page and the
// server do, encrypts the account's keys to keys_jwk and gives the final
// redirect. NewSession gives a session token as a browser's login does;
// ScopedKey returns the keys a client should have received. Clients marked as
// Pairwise know accounts by ids of their own.
//
// # Clients
//
// DefaultClients lists the OAuth clients that are always known, under the ids
// Mozilla's own products use: ReferenceClientID, DesktopClientID,
// AndroidClientID, IOSClientID, and for the other kinds ConfidentialClientID
// and UntrustedClientID. Native ones may use any loopback redirect URI, their
// registered one, or URL()+"/oauth/success/"+id. WithClients adds others,
// ChangeClient changes them on the way, for example to disable one.
//
// # Making things happen
//
// An Account is changed as its owner or Mozilla would: ChangePassword,
// ResetPassword, Delete, SetDisplayName, SetEmail, SetMetrics, SetSubscriptions, OTP,
// DeleteDevice, RevokeTokens, RevokeAccessTokens, RevokeSessions,
// UnverifySessions, ExpirePush. Each has the effects production has: which
// sessions, devices and tokens go, whom a push message tells, which relying
// parties get an event. Service.Clock moves time forward for everything that
// expires. SkipIndexes makes gaps in command indexes. Push and Relay steer the
// push service and the relay.
//
// Faults makes the next replies of a route go wrong:
//
//	s.Faults.Next("POST /v1/oauth/token", 503, accounttest.RetryAfter(3))
//	s.Faults.Next("GET /v1/account/devices", 401, accounttest.Errno(110))
//	s.Faults.Next("/v1/profile", 502, accounttest.HTML())
//	s.Faults.Next("POST /v1/account/devices/invoke_command", 0, accounttest.LoseReply())
//	s.Faults.Next("*", 0, accounttest.Delay(2*time.Second), accounttest.Times(3))
//
// Limit adds real rate rules, bans included; token exchanges that are refused
// too often are throttled by themselves. Requests lists what came in, LiveTokens what
// nobody has destroyed yet, Account.Devices the device list.
//
// # Relying parties
//
// SetWebhook registers where a client's Security Event Tokens (RFC 8417) go;
// they follow from what happens to accounts that signed in to that client, are
// repeated by RetryEvents on the service's clock, and can be made by hand, good
// and bad, with Emit, SendEvent and SignEvent; the package eventcases has a table
// of them for receivers. RotateKey and AnnounceKey change
// the published keys. /metrics-flow checks Origin and query; Flows tells which
// flow values came back with an authorization.
//
// # Strictness
//
// The service refuses what production refuses, with the same numbers in both
// number spaces (auth and oauth), and checks the MAC and payload hash of Hawk
// requests as older servers did. Options choose other behaviour: Loose looks
// Hawk ids up only; Lint also refuses unknown members, Hawk bodies without
// hash and used state values, and reports requests during a Retry-After and
// tokens left at Close (Findings; New turns them into test failures);
// ListedDeviceClients, ProductionPushHosts, StrictScopes, BareErrors and
// RetryAfterSeconds choose between servers of different years; SeparateBases
// gives the auth, oauth and profile servers base URLs of their own.
//
// Where servers of different years disagree, the newest rule of 2026 is the
// default. Refresh tokens reach the device routes if they have the Sync scope
// or belong to a listed client. Destroying a refresh token drops its device
// record, unless a browser's own session keeps it.
//
// # Time
//
// InMemory serves without sockets: Transport and Dial reach the service, and
// service and clients can live in one testing/synctest bubble. WithSeed makes
// ids and tokens repeatable; RSA keys stay random.
//
// # People
//
// The pages under URL are real HTML and say that this is a test service.
// /authorization and /oauth/force_auth ask for the password, or offer one
// button for accounts marked with OneClick; AutoApprove goes on without a
// click. Firefox signs in at / by its WebChannel and approves pairing at /oauth.
// A redirect to https://accounts.firefox.com/oauth/success/… is shown by the
// service itself, so that a browser never leaves the machine. /settings shows
// and disconnects what is attached.
//
// # Cost
//
// Starting takes well under a millisecond; the whole of a new account, sign-in
// with keys, profile, device registration and list takes about 5 ms on two
// shared cores, a command 0.2 ms. The first use of an RSA key (JWKS, id tokens,
// events) costs 50 to 500 ms once per service. To measure:
//
//	go test -run '^$' -bench . ./account/accounttest
//
// # Left out
//
// No mail is sent: VerifyCode and SessionCode tell what it would say. Two-step
// authentication knows one fixed code. There are no account recovery keys,
// passkeys, subscriptions, avatar upload and BrowserID; no Sync storage behind
// the token server's address, which always answers 503.
//
// Passwords are kept in the form of onepw version 1 alone. A body of version 2
// (authPWVersion2, wrapKbVersion2, clientSalt) is not refused, but only its
// members of version 1 count: the account stays one of version 1, and
// credentials/status says so.
//
// The package reads the protocol for itself, from docs/protocol/accounts-server.md,
// errno.md and relying-party.md: it imports no other package of this module, so
// that a misreading in the client cannot hide in the service.
package accounttest
