package extension

import (
	"context"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// kind is one type of request.
type kind struct {
	fields  []string // its members, besides those of every request
	relayed bool     // other extensions may ask it through ours
	do      func(h *host, ctx context.Context, r *request) (any, error)
}

// kinds are all there are: what is not here is refused.
func kinds() map[string]kind {
	return map[string]kind{
		"hello":         {do: (*host).hello},
		"devices":       {relayed: true, do: (*host).devices},
		"send":          {fields: []string{"items", "text", "to", "private", "hold"}, relayed: true, do: (*host).send},
		"state":         {fields: []string{"ids"}, do: (*host).state},
		"undo":          {fields: []string{"ids"}, do: (*host).undo},
		"inbox":         {fields: []string{"op", "limit", "before", "unread", "ids"}, do: (*host).inbox},
		"opt-in":        {fields: []string{"inbox", "signin"}, do: (*host).optIn},
		"open-window":   {fields: []string{"pane"}, do: (*host).openWindow},
		"signin":        {do: (*host).signIn},
		"signin-finish": {fields: []string{"address"}, do: (*host).finishSignIn},
		"callers":       {do: (*host).callers},
		"decide":        {fields: []string{"extension", "decision"}, do: (*host).decide},
		"watch":         {do: (*host).beginWatch},
	}
}

// What the host says itself; the rest the agent says.
var (
	failed         = localapi.NewPhrase("host.failed", "Something went wrong in Tabferry's host.", "`tabferry diagnostics` tells more")
	notForOthers   = localapi.NewPhrase("host.not_for_others", "Only Tabferry's own extension may ask for another one.", "")
	notSignedIn    = localapi.NewPhrase("host.not_signed_in", "Nobody is signed in to Tabferry.", "sign in in its window")
	noFeature      = localapi.NewPhrase("host.no_devices_here", "This server does not offer devices to Tabferry.", "")
	noReceiver     = localapi.NewPhrase("host.no_receiver", "No other device can receive tabs.", "sign in on another device too")
	whichDevice    = localapi.NewPhrase("host.which_device", "Nothing was sent yet, so no device is the last one.", "choose a device")
	noSuchCaller   = localapi.NewPhrase("host.no_such_caller", "This extension has not asked.", "")
	notALink       = localapi.NewPhrase("host.not_a_link", "One of these is no link that can be sent: only http and https can.", "")
	noLinks        = localapi.NewPhrase("host.no_links", "There is no link to send.", "")
	noTarget       = localapi.NewPhrase("host.no_target", "No device was named.", "")
	tooMany        = localapi.NewPhrase("host.too_many", "{count} links are too many at once: at most {limit} can be sent in one go.", "send them in several goes")
	tooManySends   = localapi.NewPhrase("host.too_many_sends", "These are {count} sends: at most {limit} can be made in one go.", "send to fewer devices at once")
	noWindow       = localapi.NewPhrase("host.no_window", "Tabferry's window could not be opened.", "open it from the menu of the desktop")
	addressTooLong = localapi.NewPhrase("host.address_too_long", "This address is too long for a sign-in.", "")
)

// accountState is the state of the account in one word, for pages that show nothing else.
func accountState(s localapi.Snapshot) string {
	if s.Storage.Locked {
		return "locked"
	}
	return string(s.Account.State)
}

type optIns struct {
	Inbox  bool `json:"inbox"`
	SignIn bool `json:"signin"`
}

type helloResult struct {
	Version  string            `json:"version"`
	Protocol int               `json:"protocol"`
	Demo     bool              `json:"demo"`
	Account  string            `json:"account"`
	Language string            `json:"language"`
	Allowed  localapi.Decision `json:"allowed"`
	OptIns   optIns            `json:"optIns"`
	Unread   int               `json:"unread"`
	Waiting  int               `json:"waiting"`
}

// hello tells who is there. It is answered in every state.
func (h *host) hello(ctx context.Context, r *request) (any, error) {
	caller, err := h.admit(ctx, r, localapi.PurposeLook, 0)
	if isCode(err, localapi.CodeLocked) {
		caller, err = localapi.Caller{Decision: localapi.CallerNew}, nil // whom the person allowed lies in the store
		if ours(h.Caller) {
			caller.Decision = localapi.CallerAllowed
		}
	}
	if err != nil {
		return nil, err
	}
	s, err := h.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	result := helloResult{
		Version: h.Version, Protocol: version, Demo: s.Demo, Account: accountState(s), Language: s.Settings.Language,
		Allowed: caller.Decision, OptIns: optIns{caller.Inbox, caller.SignIn},
	}
	if caller.Decision == localapi.CallerAllowed {
		result.Waiting = s.Outbox.Waiting
		if caller.Inbox {
			result.Unread = s.Inbox.Unread
		}
	}
	return result, nil
}

type device struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Type       string    `json:"type"`
	CanReceive bool      `json:"canReceive"`
	PushOff    bool      `json:"pushOff"`
	LastSentTo time.Time `json:"lastSentTo,omitzero"`
}

type devicesResult struct {
	Devices []device `json:"devices"`
	Last    string   `json:"last,omitempty"`
	Known   bool     `json:"known"`
	Problem string   `json:"problem,omitempty"`
}

// devices lists the other devices.
func (h *host) devices(ctx context.Context, r *request) (any, error) {
	if _, err := h.admit(ctx, r, localapi.PurposeDevices, 0); err != nil {
		return nil, err
	}
	list, err := h.list(ctx)
	if err != nil {
		return nil, err
	}
	if err := h.client.Look(ctx); err != nil { // what is newer comes as a change of the devices
		return nil, err
	}
	result := devicesResult{Devices: []device{}, Known: list.Known, Problem: list.Problem}
	for _, d := range list.Items {
		if !d.This {
			result.Devices = append(result.Devices, device{d.ID, d.Name, d.Type, d.CanReceiveTabs, d.PushOff, d.LastSentTo})
		}
	}
	if last, ok := localapi.LastUsed(receivers(list)); ok {
		result.Last = last.ID
	}
	return result, nil
}

// list returns the list of devices, after a moment if it is just being fetched for the first time.
func (h *host) list(ctx context.Context) (localapi.DeviceList, error) {
	s, err := h.snapshot(ctx)
	if err != nil {
		return localapi.DeviceList{}, err
	}
	if s.Account.State == localapi.SignedIn && !s.Devices.Known && s.Devices.Problem == "" {
		ctx, cancel := context.WithTimeout(ctx, listTime)
		defer cancel()
		for u, err := range h.client.Watch(ctx, localapi.FaceExtension) {
			if err != nil {
				break // the time is over: what is known counts
			}
			if s = u.Snapshot; s.Devices.Known || s.Devices.Problem != "" {
				break
			}
		}
	}
	switch {
	case s.Account.State == localapi.SignedOut, s.Account.State == localapi.SigningIn:
		return s.Devices, h.refuse(notSignedIn, localapi.CodeNotSignedIn)
	case s.Account.DevicesUnavailable:
		return s.Devices, h.refuse(noFeature, localapi.CodeUnsupported)
	}
	return s.Devices, nil
}

// receivers are the devices that tabs can be sent to.
func receivers(list localapi.DeviceList) []localapi.Device { return localapi.Able(list.Items, false) }
