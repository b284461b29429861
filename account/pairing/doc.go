// Package pairing signs one device in with the help of another one that is signed in already, by a
// QR code: the way of Mozilla accounts, both ends of it, versions 1 and 2 (docs/protocol/pairing.md).
//
// The signed-in end is the [Authority]. It opens a channel on the pairing relay, shows a code that
// holds the channel's id and a fresh key, and waits. The other end is the [Supplicant]: it reads
// the code, joins the channel and asks to be signed in. Both then talk through the relay inside a
// TLS 1.3 connection that only the code's key opens (package tlspsk), so that the relay sees
// nothing. When a person has said yes on both ends, the authority has the accounts server make an
// OAuth code and sends it through the channel; the supplicant redeems it. Encryption keys never
// travel on the channel: they go through the accounts server, encrypted to a key of the
// supplicant's.
//
//	a, err := pairing.NewAuthority(pairing.AuthorityParams{
//		Server: "https://accounts.firefox.com", Relay: relay,
//		Granter: account, Metadata: metadata, Changed: show,
//	})
//	go a.Run(ctx)            // ends by itself; Status tells everything
//	draw(a.Code())           // while Status().State is Showing
//	a.Confirm(ctx, "")       // or a.Cancel(), while it is Asked
//
// # What the account has to do
//
// The package knows no account. Three small interfaces stand for it:
//
//   - [Granter] makes the code. For package account, Grant is AuthorizeCode with the request's
//     client id, scopes, state, PKCE challenge and keys_jwk. It must ask the server which of the
//     requested scopes have keys for that client (POST /account/scoped-key-data), wrap exactly
//     those keys and fail when it lacks one, always ask for offline access, and compare the
//     returned state.
//   - [TwoStep], optional, says whether the account has two-step authentication and checks a code.
//   - [Redeemer] begins and completes a sign-in. For package account, Begin hands the pairing
//     address to EventBeginPairing and reads the resulting page address with [RequestFromURL];
//     Redeem is EventCompleteOAuth followed by the profile; Abandon destroys the new tokens.
//
// All of them are called from goroutines of Run, one at a time, and must return soon after their
// context ends: Run waits for them.
//
// # What it promises
//
// Nothing is granted before both persons have said yes and no answer means no. What the other end
// says about itself (its system, its place, its names) is shown cleaned of control characters and
// is only as true as the other end. The channel key is in no error, log line, Status or String;
// Code.Address is the only way to it. Every wait ends: a shown code lives CodeLife and renews
// itself at most Renewals times while nobody has joined, an attempt ends PairingLife after
// joining. Run leaves no goroutine behind.
package pairing
