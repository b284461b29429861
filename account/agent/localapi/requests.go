package localapi

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// The bodies of calls and answers that are no type of their own elsewhere. Their JSON is part of
// the API: fields may be added, never renamed.
type (
	signInShownRequest struct {
		Form SignInForm `json:"form"`
	}
	signInRequest struct {
		Email string `json:"email"`
	}
	completeSignInRequest struct {
		Address string `json:"address"`
	}
	signOutRequest struct {
		DeleteLocalData bool `json:"deleteLocalData"`
	}
	renameRequest struct {
		Name string `json:"name"`
	}
	unlockRequest struct {
		Passphrase string `json:"passphrase"`
	}
	protectRequest struct {
		Passphrase string     `json:"passphrase"`
		Protection Protection `json:"protection"`
	}
	quietRequest struct {
		Minutes int `json:"minutes"`
	}
	renewRequest struct {
		Version string `json:"version"`
	}
	showWindowRequest struct {
		Pane string `json:"pane"`
	}
	joinRequest struct {
		Address string `json:"address"`
	}
	confirmRequest struct {
		TOTP string `json:"totp"`
	}

	addressAnswer struct {
		URL string `json:"url"`
	}
	shownAnswer struct {
		Shown bool `json:"shown"`
	}
)

// FreshFor is how old a list may be for somebody who looks at it: a face asks for it anew then
// ([Client.Look]), and says of when it is until it is there.
const FreshFor = 5 * time.Minute

// RefreshReason is why the servers are asked.
type RefreshReason string

// The reasons for a refresh.
const (
	RefreshAll     RefreshReason = "all"     // a person wants everything anew; also when no reason is given
	RefreshLooking RefreshReason = "looking" // somebody looks: only what is older than FreshFor is asked for
	RefreshMissing RefreshReason = "missing" // a device was looked for in vain: only the devices are asked for
)

// RefreshRequest is what [Client.Refresh], [Client.Look] and [Client.Refreshed] ask for.
type RefreshRequest struct {
	Why RefreshReason
	// Wait has the answer wait until the lists are there, or tell why they are not. Otherwise it comes once
	// they are asked for.
	Wait bool
}

func (r RefreshRequest) check() error {
	switch r.Why {
	case RefreshAll, RefreshLooking, RefreshMissing:
		return nil
	default:
		return usage("the reason is all, looking or missing")
	}
}

// values is the request as it stands in an address; defaults are left out.
func (r RefreshRequest) values() url.Values {
	v := url.Values{}
	if r.Why != RefreshAll {
		v.Set("why", string(r.Why))
	}
	if r.Wait {
		v.Set("wait", "1")
	}
	return v
}

// readRefreshRequest reads what values has written.
func readRefreshRequest(v url.Values) RefreshRequest {
	return RefreshRequest{Why: cmp.Or(RefreshReason(v.Get("why")), RefreshAll), Wait: v.Get("wait") == "1"}
}

func (r signInShownRequest) check() error {
	if r.Form != FormEmail && r.Form != FormButton {
		return usage("the form is email or button")
	}
	return nil
}

// MaxIDs is how many entries one call may name.
const MaxIDs = 10_000

// idList is the body of calls about several entries.
type idList struct {
	IDs []string `json:"ids"`
}

func (l idList) check() error {
	switch n := len(l.IDs); {
	case n == 0:
		return usage("the call names no entry")
	case n > MaxIDs:
		return usage(fmt.Sprintf("the call names %d entries; at most %d can be named at once", n, MaxIDs))
	}
	return nil
}

// oneID is an idList of calls about exactly one.
type oneID struct{ idList }

func (l oneID) check() error {
	if len(l.IDs) != 1 {
		return usage("the call must name exactly one entry")
	}
	return nil
}

// The limits of [InboxQuery].
const (
	DefaultInboxPage = 100
	MaxInboxPage     = 500
)

func (q InboxQuery) check() error {
	if q.Limit < 0 || q.Limit > MaxInboxPage {
		return errInboxLimit
	}
	return nil
}

var errInboxLimit = usage("the limit must be between 1 and " + strconv.Itoa(MaxInboxPage))

// complete returns the query with its defaults filled in.
func (q InboxQuery) complete() InboxQuery {
	if q.Limit == 0 {
		q.Limit = DefaultInboxPage
	}
	return q
}

// values is the query as it stands in an address; defaults are left out.
func (q InboxQuery) values() url.Values {
	v := url.Values{}
	if q.Text != "" {
		v.Set("text", q.Text)
	}
	if q.Before != "" {
		v.Set("before", q.Before)
	}
	if q.Limit != 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	if q.Unread {
		v.Set("unread", "1")
	}
	return v
}

// readInboxQuery reads what values has written.
func readInboxQuery(v url.Values) (InboxQuery, error) {
	q := InboxQuery{Text: v.Get("text"), Before: v.Get("before"), Unread: v.Get("unread") == "1"}
	if text := v.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return q, errInboxLimit
		}
		q.Limit = n
	}
	return q, nil
}

func usage(text string) *Error { return &Error{Code: CodeUsage, Message: text} }
