package role

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/agent/diagnostics"
	"github.com/tabferry/tabferry/account/events"
	"github.com/tabferry/tabferry/account/events/mailbox"
	"github.com/tabferry/tabferry/ui/cli"
	"github.com/tabferry/tabferry/ui/desktop/session"
)

const (
	// eventsTime bounds every part of a request: deliveries are short, and so are answers.
	eventsTime = 10 * time.Second
	// eventsHeader bounds a request's header: a token of 16 KiB and what goes with it.
	eventsHeader = 32 << 10
	// eventsEnd is how long requests under way may take when the server is told to end.
	eventsEnd = 10 * time.Second
)

// eventServer is the receiver of the accounts server's events for the command line. It needs no agent and
// no desktop: it runs on the server of whoever registered the OAuth client.
type eventServer struct{}

// Serve receives events and hands them out until ctx ends.
func (eventServer) Serve(ctx context.Context, s cli.EventServer) error {
	listener, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return err
	}
	return serveEvents(ctx, listener, s, slog.New(diagnostics.NewLog(slog.NewTextHandler(os.Stderr, logOptions()))))
}

// Check sends a forged event to a receiver that runs.
func (eventServer) Check(ctx context.Context, s cli.EventServer) error {
	if s.URL == "" {
		s.URL = "http://" + s.Listen + s.Path
	}
	client := &http.Client{Transport: session.Transport()}
	defer client.CloseIdleConnections()
	return events.Check(ctx, events.CheckParams{URL: s.URL, Issuer: s.Issuer, ClientID: s.ClientID, HTTP: client})
}

func serveEvents(ctx context.Context, listener net.Listener, s cli.EventServer, log *slog.Logger) (err error) {
	client := &http.Client{Transport: session.Transport()}
	defer client.CloseIdleConnections()
	handler, box, err := eventHandler(s, client, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler: handler, ReadTimeout: eventsTime, WriteTimeout: 2 * eventsTime, IdleTimeout: time.Minute,
		MaxHeaderBytes: eventsHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	var work sync.WaitGroup
	pruning, endPruning := context.WithCancel(ctx)
	work.Go(func() { box.Run(pruning) })
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), eventsEnd)
		defer cancel()
		stopped <- server.Shutdown(ending)
	})
	log.Info("receiving events", "address", listener.Addr().String(), "path", s.Path, "issuer", s.Issuer, "client", s.ClientID)
	err = server.Serve(listener)
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	if !stop() {
		err = errors.Join(err, <-stopped) // it returns at once when told to stop, before the requests have ended
	}
	endPruning()
	work.Wait()
	log.Info("receiving events no more")
	return errors.Join(err, box.Close())
}

// eventHandler makes the receiver and the mailbox behind it.
func eventHandler(s cli.EventServer, client *http.Client, log *slog.Logger) (http.Handler, *mailbox.Mailbox, error) {
	file, err := eventsFile(s.File)
	if err != nil {
		return nil, nil, err
	}
	address := events.RemoteAddress
	if s.BehindProxy {
		address = events.ForwardedAddress
	}
	box, err := mailbox.Open(mailbox.Params{Path: file, Issuer: s.Issuer, ClientID: s.ClientID, HTTP: client, Address: address, Logger: log})
	if err != nil {
		return nil, nil, err
	}
	receiver, err := events.New(events.Params{Issuer: s.Issuer, ClientID: s.ClientID, Sink: box, HTTP: client, Address: address, Logger: log})
	if err != nil {
		return nil, nil, errors.Join(err, box.Close())
	}
	mux := http.NewServeMux()
	mux.Handle(s.Path, receiver)
	mux.Handle(cli.EventsFetchPath, box)
	return mux, box, nil
}

// eventsFile is where events are kept; its folder is made, for the user alone.
func eventsFile(name string) (string, error) {
	if name == "" {
		name = filepath.Join(session.LocatePaths(false).Data, "events.db")
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	return name, nil
}
