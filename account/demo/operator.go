package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/demo/door"
	"github.com/tabferry/tabferry/account/events"
	"github.com/tabferry/tabferry/account/events/mailbox"
)

// retryEvents is how often the service delivers again what was not taken.
const retryEvents = 10 * time.Second

// operate plays the owner of the client id: a receiver of the service's events with a mailbox behind it, as
// `tabferry events serve` is, for as long as the world lasts. What it keeps goes with the world.
func (w *world) operate(last door.Config) error {
	file := filepath.Join(filepath.Dir(w.params.File), "events.db")
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), dirMode), os.RemoveAll(file)); err != nil {
		return fmt.Errorf("a file for the demo's events: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	box, err := mailbox.Open(mailbox.Params{
		Path: file, Issuer: w.svc.URL(), ClientID: accounttest.ReferenceClientID, HTTP: client, Logger: w.logger,
	})
	if err != nil {
		return err
	}
	receiver, err := events.New(events.Params{Issuer: w.svc.URL(), ClientID: accounttest.ReferenceClientID, Sink: box, HTTP: client, Logger: w.logger})
	if err != nil {
		return errors.Join(err, box.Close(), os.RemoveAll(file))
	}
	l, err := listenAgain(last.EventsServer)
	if err != nil {
		return errors.Join(fmt.Errorf("an address for the demo's events: %w", err), box.Close(), os.RemoveAll(file))
	}
	mux := http.NewServeMux()
	mux.Handle("/events", receiver)
	mux.Handle("/v1/events", box)
	server := &http.Server{Handler: mux, ReadTimeout: headerTime, ErrorLog: slog.NewLogLogger(w.logger.Handler(), slog.LevelDebug)}
	w.config.EventsServer = "http://" + l.Addr().String()
	w.svc.SetWebhook(accounttest.ReferenceClientID, w.config.EventsServer+"/events")
	w.work.Go(func() {
		defer context.AfterFunc(w.ctx, func() { _ = server.Close() })() // whoever asks meanwhile asks a world that ends
		err := server.Serve(l)
		client.CloseIdleConnections()
		if err := errors.Join(ended(err), box.Close(), os.RemoveAll(file)); err != nil {
			w.logger.Warn("the demo's events ended badly", "error", err)
		}
	})
	w.work.Go(func() {
		ticker := time.NewTicker(retryEvents)
		defer ticker.Stop()
		for {
			select {
			case <-w.ctx.Done():
				return
			case <-ticker.C:
				w.svc.RetryEvents()
			}
		}
	})
	return nil
}

// listenAgain listens at the address of the last demo if that is free, so that an agent finds it again.
func listenAgain(last string) (net.Listener, error) {
	if u, err := url.Parse(last); err == nil && u.Port() != "" {
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", u.Port())); err == nil {
			return l, nil
		}
	}
	return net.Listen("tcp", "127.0.0.1:0")
}

// ended leaves out that a server was closed.
func ended(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
