package localapi

import (
	"cmp"
	"fmt"
	"net/http"
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
func readRefreshRequest(r *http.Request) (RefreshRequest, error) {
	q := queryOf(r)
	return RefreshRequest{Why: cmp.Or(RefreshReason(q.text("why")), RefreshAll), Wait: q.yes("wait")}, q.wrong
}

func (r renewRequest) check() error {
	if r.Version == "" {
		return usage("version, that of the caller, is missing")
	}
	return nil
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
func readInboxQuery(r *http.Request) (InboxQuery, error) {
	q := queryOf(r)
	asked := InboxQuery{Text: q.text("text"), Before: q.text("before"), Unread: q.yes("unread")}
	if text := q.text("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return asked, errInboxLimit
		}
		asked.Limit = n
	}
	return asked, q.wrong
}

// watchRequest is what [Client.Watch] asks for.
type watchRequest struct {
	face    Face
	changes bool
}

func readWatchRequest(r *http.Request) (watchRequest, error) {
	q := queryOf(r)
	asked := watchRequest{Face(q.text("face")), q.yes("changes")}
	return asked, cmp.Or(q.wrong, asked.face.check())
}

// query is what stands in a call's address, and what is wrong with it: unlike a body it is asked for member by member.
type query struct {
	values url.Values
	wrong  error
}

func queryOf(r *http.Request) *query {
	values, err := url.ParseQuery(r.URL.RawQuery)
	q := &query{values: values}
	if err != nil {
		q.wrong = usage("the call's query is not written as name=value&name=value, with % for what is neither letter nor digit")
	}
	return q
}

// text is a member that stands there once at most.
func (q *query) text(name string) string {
	if len(q.values[name]) > 1 {
		q.wrong = usage(name + " stands twice in the call's query")
	}
	return q.values.Get(name)
}

// yes is a member that is 1 or 0, or missing.
func (q *query) yes(name string) bool {
	value := q.text(name)
	if value != "1" && value != "0" && q.values.Has(name) {
		q.wrong = usage(name + " is 1, 0 or missing in the call's query")
	}
	return value == "1"
}

func usage(text string) *Error { return &Error{Code: CodeUsage, Message: text} }
