package extension

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// The bounds of a page of the inbox.
const (
	defaultPage = 20
	maxPage     = 50
	maxRead     = 500
	// maxPageSize leaves room in the answer for what stands around the entries, in bytes.
	maxPageSize = maxAnswer - 4096
)

type inboxRequest struct {
	Op     string   `json:"op"`
	Limit  *int     `json:"limit"`
	Before string   `json:"before"`
	Unread bool     `json:"unread"`
	IDs    []string `json:"ids"`
}

// entry is a received tab. Title and name are a stranger's text.
type entry struct {
	ID      string             `json:"id"`
	Kind    localapi.InboxKind `json:"kind"`
	From    string             `json:"from"`
	Title   string             `json:"title"`
	URL     string             `json:"url"`
	Host    string             `json:"host"`
	CanOpen bool               `json:"canOpen"`
	Private bool               `json:"private"`
	Read    bool               `json:"read"`
	At      time.Time          `json:"at"`
}

type inboxResult struct {
	Entries []entry `json:"entries"`
	Unread  int     `json:"unread"`
	Total   int     `json:"total"`
	More    bool    `json:"more"`
}

// check refuses what the operation cannot be asked with.
func (in *inboxRequest) check() error {
	switch {
	case in.Op != "list" && in.Op != "read" && in.Op != "count":
		return badMessage("op is list, read or count")
	case in.Limit != nil && (*in.Limit < 1 || *in.Limit > maxPage):
		return badMessage("limit is 1 to " + strconv.Itoa(maxPage))
	case in.Op == "read" && (len(in.IDs) == 0 || len(in.IDs) > maxRead):
		return badMessage("ids are 1 to " + strconv.Itoa(maxRead) + " texts")
	case in.Op != "read" && in.IDs != nil:
		return badMessage("ids are for read only")
	}
	return nil
}

// inbox shows what was received, to a caller for whom the person chose that.
func (h *host) inbox(ctx context.Context, r *request) (any, error) {
	var in inboxRequest
	if err := r.read(&in); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	limit := defaultPage
	if in.Limit != nil {
		limit = *in.Limit
	}
	if _, err := h.admit(ctx, r, localapi.PurposeInbox, 0); err != nil {
		return nil, err
	}
	switch in.Op {
	case "list":
		return h.page(ctx, in, limit)
	case "read":
		if err := h.client.MarkRead(ctx, in.IDs...); err != nil {
			return nil, err
		}
	}
	s, err := h.snapshot(ctx)
	return map[string]int{"unread": s.Inbox.Unread}, err
}

// page collects tabs until there are enough, or no more.
func (h *host) page(ctx context.Context, in inboxRequest, limit int) (any, error) {
	s, err := h.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	result := inboxResult{Entries: []entry{}, Unread: s.Inbox.Unread, Total: s.Inbox.Total}
	size := 0
	query := localapi.InboxQuery{Before: in.Before, Limit: maxPage, Unread: in.Unread}
	for {
		found, err := h.client.Inbox(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			if query.Before = e.ID; e.Kind != localapi.KindTab {
				continue
			}
			shown := entry{e.ID, e.Kind, e.From, shorten(e.Title, maxTitle), e.URL, e.Host, e.CanOpen, e.Private, e.Read, e.At}
			text, err := json.Marshal(shown)
			if err != nil {
				return nil, err
			}
			if size += len(text) + 1; len(result.Entries) == limit || size > maxPageSize {
				result.More = true
				return result, nil
			}
			result.Entries = append(result.Entries, shown)
		}
		if len(found) < maxPage {
			return result, nil
		}
	}
}
