package demo

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/demo/door"
)

// maxOrder bounds an order.
const maxOrder = 64 << 10

// handler takes the orders.
func (w *world) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /report", func(out http.ResponseWriter, _ *http.Request) { answer(out, w.report()) })
	mux.HandleFunc("POST /stop", func(out http.ResponseWriter, _ *http.Request) {
		answer(out, struct{}{})
		w.stop()
	})
	mux.HandleFunc("POST /send-me", w.about(func(ctx context.Context, url string) error {
		_, err := w.sendToPerson(ctx, "Sent from the demo phone", url)
		return err
	}))
	mux.HandleFunc("POST /scan", w.about(w.scan))
	mux.HandleFunc("POST /show-code", func(out http.ResponseWriter, r *http.Request) {
		address, err := w.showCode(r.Context())
		if err != nil {
			http.Error(out, err.Error(), http.StatusConflict)
			return
		}
		answer(out, door.Order{URL: address})
	})
	return mux
}

// about serves an order that names an address.
func (w *world) about(do func(ctx context.Context, url string) error) http.HandlerFunc {
	return func(out http.ResponseWriter, r *http.Request) {
		var in door.Order
		// Read to its end, so that whoever sends too much hears why, and no broken pipe.
		text, err := io.ReadAll(io.LimitReader(r.Body, 4*maxOrder))
		if err != nil || len(text) > maxOrder || json.Unmarshal(text, &in) != nil || in.URL == "" {
			http.Error(out, "the order names no address", http.StatusBadRequest)
			return
		}
		if err := do(r.Context(), in.URL); err != nil {
			http.Error(out, err.Error(), http.StatusConflict)
			return
		}
		answer(out, struct{}{})
	}
}

func answer(out http.ResponseWriter, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		http.Error(out, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	out.Header().Set("Content-Type", "application/json")
	_, _ = out.Write(text) // who asked may be gone
}

func (w *world) report() door.Report {
	r := door.Report{Config: w.config, LiveTokens: []door.Token{}, Requests: len(w.svc.Requests())}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.svc.LiveTokens() {
		ours := t.ClientID == accounttest.AndroidClientID || t.ClientID == accounttest.IOSClientID ||
			(w.laptop != nil && t.Kind == "session" && t.ID == w.laptop.session)
		if !ours {
			r.LiveTokens = append(r.LiveTokens, door.Token{Kind: t.Kind, ClientID: t.ClientID, ID: t.ID})
		}
	}
	r.Received = append([]door.Received{}, slices.Clone(w.received)...)
	r.Pairing = w.pairing
	for _, d := range w.devices {
		r.Devices = append(r.Devices, d.params.Name)
	}
	return r
}
