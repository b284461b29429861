package extension

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// panes are what the window can be opened with.
var panes = []string{"", "send", "inbox", "devices", "pair", "account", "settings"}

// openWindow shows the window: the one program that a message can bring up, and it names no part of it.
func (h *host) openWindow(ctx context.Context, r *request) (any, error) {
	var in struct {
		Pane string `json:"pane"`
	}
	if err := r.read(&in); err != nil {
		return nil, err
	}
	if !slices.Contains(panes, in.Pane) {
		return nil, badMessage("pane is empty or one of " + strings.Join(panes[1:], ", "))
	}
	if _, err := h.admit(ctx, r, localapi.PurposeOwn, 0); err != nil && !(isCode(err, localapi.CodeLocked) && ours(h.Caller)) {
		return nil, err // a locked store is what the window unlocks
	}
	if h.ShowWindow(ctx, in.Pane) != nil {
		return nil, h.refuse(noWindow, localapi.CodeUnsupported)
	}
	return map[string]bool{"shown": true}, nil
}

// optIn notes what the person chose in the extension's options.
func (h *host) optIn(ctx context.Context, r *request) (any, error) {
	var in struct {
		Inbox  *bool `json:"inbox"`
		SignIn *bool `json:"signin"`
	}
	if err := r.read(&in); err != nil {
		return nil, err
	}
	caller, err := h.admit(ctx, r, localapi.PurposeOwn, 0)
	if err != nil {
		return nil, err
	}
	if in.Inbox != nil || in.SignIn != nil {
		caller, err = h.client.ChangeCaller(ctx, localapi.CallerChange{ID: h.Caller, Inbox: in.Inbox, SignIn: in.SignIn})
	}
	return map[string]optIns{"optIns": {caller.Inbox, caller.SignIn}}, err
}

type signInResult struct {
	UnderWay bool      `json:"underWay"`
	Returns  bool      `json:"returns,omitempty"`
	Origin   string    `json:"origin,omitempty"`
	Redirect string    `json:"redirect,omitempty"`
	Started  time.Time `json:"started,omitzero"`
}

// signIn tells whether a sign-in waits for its last address, and where that begins. The page it began with
// is not told.
func (h *host) signIn(ctx context.Context, r *request) (any, error) {
	if _, err := h.admit(ctx, r, localapi.PurposeSignIn, 0); err != nil {
		return nil, err
	}
	s, err := h.snapshot(ctx)
	if err != nil || s.SignIn == nil {
		return signInResult{}, err
	}
	result := signInResult{UnderWay: true, Returns: s.SignIn.Loopback, Started: s.SignIn.Started}
	if redirect, err := url.Parse(s.SignIn.RedirectPrefix); err == nil && !result.Returns {
		result.Redirect, result.Origin = s.SignIn.RedirectPrefix, redirect.Scheme+"://"+redirect.Host
	}
	return result, nil
}

// maxAddress is the longest last address of a sign-in, in bytes.
const maxAddress = 8192

// finishSignIn hands the last address over. The agent is the judge of it; it stands in no answer.
func (h *host) finishSignIn(ctx context.Context, r *request) (any, error) {
	var in struct {
		Address string `json:"address"`
	}
	if err := r.read(&in); err != nil {
		return nil, err
	}
	if len(in.Address) > maxAddress {
		return nil, h.refuse(addressTooLong, localapi.CodeUsage)
	}
	if _, err := h.admit(ctx, r, localapi.PurposeSignIn, 0); err != nil {
		return nil, err
	}
	if err := h.client.CompleteSignIn(ctx, in.Address); err != nil {
		return nil, err
	}
	s, err := h.snapshot(ctx)
	return map[string]string{"account": accountState(s)}, err
}

// relayed is an extension that asked through this one.
type relayed struct {
	ID       string            `json:"id"`
	Name     string            `json:"name"`
	Decision localapi.Decision `json:"decision"`
	First    time.Time         `json:"first,omitzero"`
	Last     time.Time         `json:"last,omitzero"`
	Links    int               `json:"links"`
}

// callers lists the extensions that asked through this one.
func (h *host) callers(ctx context.Context, r *request) (any, error) {
	if _, err := h.admit(ctx, r, localapi.PurposeOwn, 0); err != nil {
		return nil, err
	}
	s, err := h.snapshot(ctx)
	list := []relayed{}
	for _, c := range s.Callers {
		if c.Via == h.Caller {
			list = append(list, relayed{strings.TrimPrefix(c.ID, family(c.ID)), c.Name, c.Decision, c.First, c.LastSent, c.Links})
		}
	}
	return map[string][]relayed{"callers": list}, err
}

// decide carries the person's answer about an extension that asked through this one, and about no other.
func (h *host) decide(ctx context.Context, r *request) (any, error) {
	var in struct {
		Extension string            `json:"extension"`
		Decision  localapi.Decision `json:"decision"`
	}
	if err := r.read(&in); err != nil {
		return nil, err
	}
	if !slices.Contains([]localapi.Decision{localapi.CallerAllowed, localapi.CallerDenied, localapi.CallerForgotten}, in.Decision) {
		return nil, badMessage("decision is allowed, denied or forgotten")
	}
	if _, err := h.admit(ctx, r, localapi.PurposeOwn, 0); err != nil {
		return nil, err
	}
	s, err := h.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	id := family(h.Caller) + in.Extension
	if !slices.ContainsFunc(s.Callers, func(c localapi.Caller) bool { return c.ID == id && c.Via == h.Caller && !c.Own }) {
		return nil, h.refuse(noSuchCaller, localapi.CodeNotFound)
	}
	_, err = h.client.ChangeCaller(ctx, localapi.CallerChange{ID: id, Decision: in.Decision})
	return map[string]localapi.Decision{"decision": in.Decision}, err
}
