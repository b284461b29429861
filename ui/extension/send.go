package extension

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/link"
)

// The bounds of sends.
const (
	maxTitle  = 4096 // bytes; longer ones are cut
	maxSends  = 2000 // links times devices, so that the answer fits into a frame
	maxUndo   = maxSends
	maxStates = 500
)

// item is one link to send.
type item struct {
	URL   string `json:"url"`
	Title string `json:"title,omitempty"`
}

type sendRequest struct {
	Items   []json.RawMessage `json:"items"`
	Text    string            `json:"text"`
	To      json.RawMessage   `json:"to"`
	Private bool              `json:"private"`
	Hold    bool              `json:"hold"`
}

// send is one link on its way to one device.
type send struct {
	ID         string             `json:"id"`
	Item       *int               `json:"item,omitempty"`
	Device     string             `json:"device"`
	DeviceName string             `json:"deviceName"`
	Title      string             `json:"title,omitempty"`
	Host       string             `json:"host,omitempty"`
	State      localapi.SendState `json:"state"`
	Reason     string             `json:"reason,omitempty"`
	HeldUntil  time.Time          `json:"heldUntil,omitzero"`
	NextTry    time.Time          `json:"nextTry,omitzero"`
	MayBeTwice bool               `json:"mayBeTwice,omitempty"`
}

type sendResult struct {
	Sends     []send    `json:"sends"`
	Items     []item    `json:"items,omitempty"` // those found in a text
	HeldUntil time.Time `json:"heldUntil,omitzero"`
}

// send queues links. It is stored when it answers.
func (h *host) send(ctx context.Context, r *request) (any, error) {
	var in sendRequest
	if err := r.read(&in); err != nil {
		return nil, err
	}
	items, err := h.items(in)
	if err != nil {
		return nil, err
	}
	caller, err := h.admit(ctx, r, localapi.PurposeSend, len(items))
	if err != nil {
		return nil, err
	}
	list, err := h.list(ctx)
	if err != nil {
		return nil, err
	}
	devices, err := h.targets(in.To, list)
	if err != nil {
		return nil, err
	}
	if n := len(items) * len(devices); n > maxSends {
		return nil, h.refuse(tooManySends, localapi.CodeTooMany, "count", strconv.Itoa(n), "limit", strconv.Itoa(maxSends))
	}
	order := localapi.SendRequest{Devices: devices, Private: in.Private, Hold: in.Hold, Caller: caller.ID}
	for _, it := range items {
		order.Links = append(order.Links, localapi.Link{URL: it.URL, Title: it.Title})
	}
	entries, err := h.client.Send(ctx, order)
	if err != nil {
		return nil, err
	}
	result := sendResult{Sends: make([]send, 0, len(entries))}
	for i, e := range entries {
		place := i / len(devices)
		result.Sends = append(result.Sends, send{ID: e.ID, Item: &place, Device: e.ToID, DeviceName: e.To, State: e.State})
		result.HeldUntil = e.HeldUntil
	}
	if in.Text != "" {
		result.Items = items
	}
	h.watch.follow(entries)
	return result, nil
}

// items returns the links of a request, each by the rule of account/link.
func (h *host) items(in sendRequest) (items []item, err error) {
	if in.Text != "" && len(in.Items) > 0 {
		return nil, badMessage("either items or text")
	}
	if n := len(in.Items); n > localapi.MaxLinksOwn {
		return nil, h.tooMany(n)
	}
	for i, raw := range in.Items {
		it, err := readItem(raw)
		if err != nil {
			return nil, err
		}
		address, why := link.One(it.URL)
		if why != link.Fine {
			f := h.refuse(notALink, codeNotALink)
			f.Item = &i
			return nil, f
		}
		items = append(items, item{address, shorten(it.Title, maxTitle)})
	}
	found := link.Find(in.Text, localapi.MaxLinksOwn+1)
	if len(found) > localapi.MaxLinksOwn {
		return nil, h.tooMany(len(found))
	}
	for _, address := range found {
		items = append(items, item{URL: address})
	}
	if len(items) == 0 {
		return nil, h.refuse(noLinks, localapi.CodeUsage)
	}
	return items, nil
}

func (h *host) tooMany(n int) error {
	return h.refuse(tooMany, localapi.CodeTooMany, "count", strconv.Itoa(n), "limit", strconv.Itoa(localapi.MaxLinksOwn))
}

func readItem(raw json.RawMessage) (it item, err error) {
	members, err := object(raw)
	if err != nil {
		return it, badMessage("an item is an object")
	}
	if err := known(members, []string{"url", "title"}); err != nil {
		return it, err
	}
	if json.Unmarshal(raw, &it) != nil {
		return it, badMessage("url and title of an item are texts")
	}
	return it, nil
}

// targets chooses the devices.
func (h *host) targets(to json.RawMessage, list localapi.DeviceList) ([]string, error) {
	var word string
	var ids []string
	switch {
	case json.Unmarshal(to, &word) == nil && word != "":
		return h.byWord(word, receivers(list))
	case json.Unmarshal(to, &ids) != nil && len(to) > 0:
		return nil, badMessage(`to is a list of device ids, "all" or "last"`)
	case len(ids) == 0:
		return nil, h.refuse(noTarget, localapi.CodeUsage)
	}
	var chosen []string
	for _, id := range ids {
		if !slices.Contains(chosen, id) {
			chosen = append(chosen, id)
		}
		if len(chosen) > maxSends {
			return nil, h.refuse(tooManySends, localapi.CodeTooMany, "count", strconv.Itoa(len(ids)), "limit", strconv.Itoa(maxSends))
		}
	}
	return chosen, nil
}

func (h *host) byWord(word string, devices []localapi.Device) ([]string, error) {
	switch {
	case word != "all" && word != "last":
		return nil, badMessage(`to is a list of device ids, "all" or "last"`)
	case len(devices) == 0:
		return nil, h.refuse(noReceiver, localapi.CodeNoDevice)
	case word == "last":
		last, ok := localapi.LastUsed(devices)
		if !ok {
			return nil, h.refuse(whichDevice, localapi.CodeNoDevice)
		}
		return []string{last.ID}, nil
	}
	var ids []string
	for _, d := range devices {
		ids = append(ids, d.ID)
	}
	return ids, nil
}

type idsRequest struct {
	IDs []string `json:"ids"`
}

// read takes the ids of a request that names at most so many.
func (in *idsRequest) read(r *request, most int) error {
	if err := r.read(in); err != nil {
		return err
	}
	bad := func(id string) bool { return id == "" || len(id) > maxExtensionID }
	if n := len(in.IDs); n == 0 || n > most || slices.ContainsFunc(in.IDs, bad) {
		return badMessage("ids are 1 to " + strconv.Itoa(most) + " texts of 1 to " + strconv.Itoa(maxExtensionID) + " bytes")
	}
	return nil
}

type stateResult struct {
	Sends   []send   `json:"sends"`
	Missing []string `json:"missing"`
}

// state tells how far sends have come.
func (h *host) state(ctx context.Context, r *request) (any, error) {
	var in idsRequest
	if err := in.read(r, maxStates); err != nil {
		return nil, err
	}
	if _, err := h.admit(ctx, r, localapi.PurposeOwn, 0); err != nil {
		return nil, err
	}
	s, err := h.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	recent := map[string]localapi.OutboxEntry{}
	for _, e := range s.Outbox.Recent {
		recent[e.ID] = e
	}
	result := stateResult{Sends: []send{}, Missing: []string{}}
	for _, id := range in.IDs {
		e, ok := recent[id]
		if !ok {
			e, err = h.client.Sent(ctx, id)
		}
		switch {
		case ok || err == nil:
			result.Sends = append(result.Sends, stateOf(e))
		case isCode(err, localapi.CodeNotFound):
			result.Missing = append(result.Missing, id)
		default:
			return nil, err
		}
	}
	return result, nil
}

// maxReason is the longest reason told, in bytes: five hundred of them fit into a frame.
const maxReason = 400

// stateOf is an outbox entry as the browser is told: without its link.
func stateOf(e localapi.OutboxEntry) send {
	return send{
		ID: e.ID, Device: e.ToID, DeviceName: e.To, Title: shorten(e.Title, maxReason), Host: shorten(e.Host, maxReason),
		State: e.State, Reason: shorten(e.Reason, maxReason), HeldUntil: e.HeldUntil, NextTry: e.NextTry, MayBeTwice: e.MayBeTwice,
	}
}

// undo takes back what is still held.
func (h *host) undo(ctx context.Context, r *request) (any, error) {
	var in idsRequest
	if err := in.read(r, maxUndo); err != nil {
		return nil, err
	}
	if _, err := h.admit(ctx, r, localapi.PurposeOwn, 0); err != nil {
		return nil, err
	}
	if err := h.client.Undo(ctx, in.IDs...); err != nil {
		return nil, err
	}
	return map[string]bool{"undone": true}, nil
}
