package localapi

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"
)

// How long a call may take. A face that waits longer is told that the agent does not answer.
const (
	// AnswerTime is for what the agent answers from memory and its own disk. It is long, for a machine
	// that swaps: this is about an agent that hangs, not one that is slow.
	AnswerTime = 10 * time.Second
	// ServerTime is for what an accounts server or a keyring has a part in: a request to the server
	// lives a minute, and some calls make two.
	ServerTime = 2 * time.Minute
)

// call is one call of the API, for client and server alike: where it goes over a socket and what it
// asks the agent. In is nothing, a string for the route's "{name}", an [InboxQuery], a
// [RefreshRequest], or the JSON body. Out is nothing, bytes or a text, which travel as they are, or the JSON answer.
type call[In, Out any] struct{ untyped }

// untyped is a call for the code that handles them all, which is compiled once, not for each call anew: it passes
// on what a call takes and gives without looking at it.
type untyped struct {
	route string        // method and path, as [http.ServeMux] wants them
	limit time.Duration // AnswerTime when zero
	// ask takes an *In, and fills an *Out unless it fails.
	ask func(a Agent, ctx context.Context, in, out any) error
	// room makes both.
	room func() (in, out any)
}

// to is a call that asks the agent this.
func to[In, Out any](route string, ask func(Agent, context.Context, In) (Out, error)) call[In, Out] {
	return call[In, Out]{untyped{
		route: route,
		ask: func(a Agent, ctx context.Context, in, out any) error {
			answer, err := ask(a, ctx, *in.(*In))
			if err == nil {
				*out.(*Out) = answer
			}
			return err
		},
		room: func() (in, out any) { return new(In), new(Out) },
	}}
}

// slow is a call that the agent answers after others have answered it.
func (c call[In, Out]) slow() call[In, Out] {
	c.limit = ServerTime
	return c
}

// within gives a call its time.
func (c untyped) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, cmp.Or(c.limit, AnswerTime), silent.Refuse(CodeNotReachable))
}

// nothing is what a call without a body takes, and one without an answer returns.
type nothing struct{}

// perform checks the request and asks the agent: the same for every transport.
func (c untyped) perform(ctx context.Context, a Agent, in, out any) error {
	if in, ok := in.(interface{ check() error }); ok {
		if err := in.check(); err != nil {
			return err
		}
	}
	return c.ask(a, ctx, in, out)
}

// at splits the route, with name in place of its "{name}".
func (c untyped) at(name string) (method, path string) {
	method, path, _ = strings.Cut(c.route, " ")
	return method, strings.Replace(path, "{name}", name, 1)
}

// get is a call without a request.
func get[Out any](route string, ask func(Agent, context.Context) (Out, error)) call[nothing, Out] {
	return to(route, func(a Agent, ctx context.Context, _ nothing) (Out, error) { return ask(a, ctx) })
}

// do is a call without request and answer.
func do(route string, ask func(Agent, context.Context) error) call[nothing, nothing] {
	return to(route, func(a Agent, ctx context.Context, _ nothing) (nothing, error) { return nothing{}, ask(a, ctx) })
}

// with is a call without an answer.
func with[In any](route string, ask func(Agent, context.Context, In) error) call[In, nothing] {
	return to(route, func(a Agent, ctx context.Context, in In) (nothing, error) { return nothing{}, ask(a, ctx, in) })
}

// ids is a call about several entries, one about exactly one.
func ids(route string, ask func(Agent, context.Context, ...string) error) call[idList, nothing] {
	return with(route, func(a Agent, ctx context.Context, in idList) error { return ask(a, ctx, in.IDs...) })
}

func one(route string, ask func(Agent, context.Context, string) error) call[oneID, nothing] {
	return with(route, func(a Agent, ctx context.Context, in oneID) error { return ask(a, ctx, in.IDs[0]) })
}

// The calls. One that is missing in routes below is found by the test that makes every call.
var (
	callSnapshot = get("GET /v1/snapshot", Agent.Snapshot)
	callSummary  = get("GET /v1/summary", func(a Agent, ctx context.Context) (Summary, error) {
		s, err := a.Snapshot(ctx)
		return s.summary(), err
	})
	callRefresh = with("POST /v1/refresh", Agent.Refresh).slow()

	callForgetDamaged = do("DELETE /v1/damaged", Agent.ForgetDamaged)
	callFetchEvents   = get("POST /v1/events/fetch", Agent.FetchEvents).slow()
	callForgetEarlier = do("DELETE /v1/earlier", Agent.ForgetEarlier)

	callSignInShown = with("POST /v1/signin/shown", func(a Agent, ctx context.Context, in signInShownRequest) error {
		return a.SignInShown(ctx, in.Form)
	})
	callBeginSignIn = to("POST /v1/signin", func(a Agent, ctx context.Context, in signInRequest) (SignIn, error) {
		return a.BeginSignIn(ctx, in.Email)
	}).slow()
	callCompleteSignIn = with("POST /v1/signin/complete", func(a Agent, ctx context.Context, in completeSignInRequest) error {
		return a.CompleteSignIn(ctx, in.Address)
	}).slow()
	callCancelSignIn = do("DELETE /v1/signin", Agent.CancelSignIn).slow()
	callSignOut      = with("POST /v1/signout", func(a Agent, ctx context.Context, in signOutRequest) error {
		return a.SignOut(ctx, in.DeleteLocalData)
	}).slow()

	callSend       = to("POST /v1/send", Agent.Send)
	callOutbox     = get("GET /v1/outbox", Agent.Outbox)
	callSent       = to("GET /v1/outbox/{name}", Agent.Sent)
	callUndo       = ids("POST /v1/outbox/undo", Agent.Undo)
	callRetry      = ids("POST /v1/outbox/retry", Agent.Retry)
	callDeleteSent = ids("POST /v1/outbox/delete", Agent.DeleteSent)

	callInbox = to("GET /v1/inbox", func(a Agent, ctx context.Context, q InboxQuery) ([]InboxEntry, error) {
		return a.Inbox(ctx, q.complete())
	})
	callMarkRead       = ids("POST /v1/inbox/read", Agent.MarkRead)
	callDeleteReceived = ids("POST /v1/inbox/delete", Agent.DeleteReceived)

	callAdmit        = to("POST /v1/callers/admit", Agent.Admit)
	callChangeCaller = to("PATCH /v1/callers", Agent.ChangeCaller)

	callRenameDevice = with("POST /v1/devices/rename", func(a Agent, ctx context.Context, in renameRequest) error {
		return a.RenameDevice(ctx, in.Name)
	}).slow()
	callDisconnectDevice = one("POST /v1/devices/disconnect", Agent.DisconnectDevice).slow()
	callDisconnectClient = one("POST /v1/clients/disconnect", Agent.DisconnectClient).slow()

	callAvatar  = get("GET /v1/avatar", Agent.Avatar).slow()
	callPageURL = to("GET /v1/pages/{name}", func(a Agent, ctx context.Context, page string) (addressAnswer, error) {
		address, err := a.PageURL(ctx, Page(page))
		return addressAnswer{address}, err
	}).slow()
	callUnlock = with("POST /v1/unlock", func(a Agent, ctx context.Context, in unlockRequest) error {
		return a.Unlock(ctx, in.Passphrase)
	}).slow()
	callProtect = with("POST /v1/protect", func(a Agent, ctx context.Context, in protectRequest) error {
		return a.Protect(ctx, in.Protection, in.Passphrase)
	}).slow()
	callSetSettings = with("PUT /v1/settings", Agent.SetSettings).slow()
	callQuiet       = with("POST /v1/quiet", func(a Agent, ctx context.Context, in quietRequest) error {
		return a.Quiet(ctx, in.Minutes)
	})
	callShowWindow = to("POST /v1/window/show", func(a Agent, ctx context.Context, in showWindowRequest) (shownAnswer, error) {
		shown, err := a.ShowWindow(ctx, in.Pane)
		return shownAnswer{shown}, err
	})
	callUseDesktop = with("POST /v1/desktop", Agent.UseDesktop)
	callQuit       = do("POST /v1/quit", Agent.Quit)
	callRenew      = with("POST /v1/renew", func(a Agent, ctx context.Context, in renewRequest) error {
		return a.Renew(ctx, in.Version)
	})
	callDiagnostics = get("GET /v1/diagnostics", Agent.Diagnostics)

	callShowPairing = do("POST /v1/pair/show", Agent.ShowPairing).slow()
	callPairingCode = get("GET /v1/pair/code", func(a Agent, ctx context.Context) (addressAnswer, error) {
		address, err := a.PairingCode(ctx)
		return addressAnswer{address}, err
	})
	callJoinPairing = with("POST /v1/pair/join", func(a Agent, ctx context.Context, in joinRequest) error {
		return a.JoinPairing(ctx, in.Address)
	}).slow()
	callConfirmPairing = with("POST /v1/pair/confirm", func(a Agent, ctx context.Context, in confirmRequest) error {
		return a.ConfirmPairing(ctx, in.TOTP)
	}).slow()
	callCancelPairing = do("DELETE /v1/pair", Agent.CancelPairing).slow()
)

// routed is a call as the server sees it.
type routed interface {
	serve(s *server, mux *http.ServeMux)
}

// everyCall is all there are. docs/api.md is made of them.
func everyCall() []routed {
	return []routed{
		callSnapshot, callSummary, callRefresh, callForgetDamaged, callForgetEarlier, callFetchEvents, callSignInShown, callBeginSignIn, callCompleteSignIn, callCancelSignIn, callSignOut,
		callSend, callOutbox, callSent, callUndo, callRetry, callDeleteSent,
		callInbox, callMarkRead, callDeleteReceived,
		callAdmit, callChangeCaller,
		callRenameDevice, callDisconnectDevice, callDisconnectClient,
		callAvatar, callPageURL, callUnlock, callProtect, callSetSettings, callQuiet,
		callShowWindow, callUseDesktop, callQuit, callRenew, callDiagnostics,
		callShowPairing, callPairingCode, callJoinPairing, callConfirmPairing, callCancelPairing,
	}
}

// routes makes the server answer every call.
func (s *server) routes(mux *http.ServeMux) {
	for _, c := range everyCall() {
		c.serve(s, mux)
	}
}
