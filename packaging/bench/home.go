//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

// Limits of what is waited for; nothing measured comes near them.
const (
	answerTime = box.Patience
	arriveTime = 5 * time.Minute
	// lookAgain is how often the agent is asked while something is waited for.
	lookAgain = 10 * time.Millisecond
)

// home is Tabferry on a desktop of its own. The accounts service and the phone live in this process, so that
// nobody else maps the pages of the program that is measured.
type home struct {
	*box.App
	svc    *accounttest.Service
	person *accounttest.Account
	phone  *account.Account
	// id is Tabferry's device, pid the agent's process.
	id  string
	pid int
	// agent is that process, client speaks with it.
	agent  *exec.Cmd
	client *localapi.Client
	// sent counts the tabs that the phone has sent to it, phones the devices beside it.
	sent, phones int
}

// atHome measures on a fresh desktop, with an agent that is signed in.
func atHome(ctx context.Context, bin string, p box.Params, measure func(*home) error) error {
	return inBox(ctx, bin, p, func(app *box.App) error {
		svc, err := accounttest.Start()
		if err != nil {
			return err
		}
		app.Everyday = true
		h := &home{client: app.Client(), App: app, svc: svc, person: svc.NewAccount("person@example.com", "a password")}
		if err = h.settle(ctx); err == nil {
			err = measure(h)
		}
		if h.phone != nil {
			h.phone.Close()
		}
		return errors.Join(err, h.down(ctx), svc.Close())
	})
}

// settle starts the agent and signs it in.
func (h *home) settle(ctx context.Context) (err error) {
	if h.phone, err = h.newPhone(ctx, "Phone"); err != nil {
		return err
	}
	h.phones = 1
	if err := h.up(ctx); err != nil {
		return err
	}
	s, err := h.client.Snapshot(ctx)
	if err != nil {
		return err
	}
	chosen := s.Settings
	chosen.Server, chosen.PushServer, chosen.PairingServer = h.svc.URL(), h.svc.PushURL(), h.svc.PairingURL()
	if err := h.client.SetSettings(ctx, chosen); err != nil {
		return err
	}
	page, err := h.client.BeginSignIn(ctx, "")
	if err != nil {
		return err
	}
	back, err := h.svc.Approve(page.URL, h.person)
	if err != nil {
		return err
	}
	if err := h.client.CompleteSignIn(ctx, back); err != nil {
		return err
	}
	s, err = h.until(ctx, "the sign-in", func(s localapi.Snapshot) bool {
		return s.Account.State == localapi.SignedIn && s.Account.DeviceID != "" && len(s.Devices.Items) >= 2 && s.Connection.Push.Connected
	})
	h.id = s.Account.DeviceID
	return err
}

// up starts the agent and waits until it answers.
func (h *home) up(ctx context.Context) error {
	cmd, err := h.Start(h.Lean, "agent")
	if err != nil {
		return err
	}
	return h.answers(ctx, cmd)
}

// answers waits until an agent that was started answers.
func (h *home) answers(ctx context.Context, agent *exec.Cmd) error {
	h.agent = agent
	s, err := h.until(ctx, "an agent", func(s localapi.Snapshot) bool { return !s.Storage.Locked && !s.Storage.WaitingForKeyring })
	h.pid = s.PID
	return err
}

// down ends the agent and waits until its process has gone.
func (h *home) down(ctx context.Context) error {
	if h.agent == nil {
		return nil
	}
	err := h.client.Quit(ctx)
	late := time.AfterFunc(answerTime, func() { _ = h.agent.Process.Kill() }) // it may have ended by itself
	ended := h.agent.Wait()
	if late.Stop() {
		ended = nil // by itself: how is of no interest here
	}
	h.agent = nil
	return errors.Join(err, ended)
}

func (h *home) until(ctx context.Context, what string, fits func(localapi.Snapshot) bool) (localapi.Snapshot, error) {
	return h.wait(ctx, answerTime, what, fits)
}

// wait is App.Until on the one connection that a home has to its agent, and for so long at most.
func (h *home) wait(ctx context.Context, most time.Duration, what string, fits func(localapi.Snapshot) bool) (s localapi.Snapshot, err error) {
	for end := time.Now().Add(most); time.Now().Before(end); {
		if s, err = h.client.Snapshot(ctx); err == nil && fits(s) {
			return s, nil
		}
		if err := sleep(ctx, lookAgain); err != nil {
			return s, err
		}
	}
	return s, errors.Join(fmt.Errorf("waiting for %s: nothing after %v (account %s, %d devices, inbox %d, %d waiting)",
		what, most, s.Account.State, len(s.Devices.Items), s.Inbox.Total, s.Outbox.Waiting), err)
}

func (h *home) store() string { return filepath.Join(h.Box.Dir, "data", "tabferry", "store.db") }

// newPhone signs another device in: the project's own client, straight at the service.
func (h *home) newPhone(ctx context.Context, name string) (*account.Account, error) {
	const client = accounttest.AndroidClientID
	acct, err := account.New(account.Config{
		Server: account.CustomServer(h.svc.URL()), ClientID: client, RedirectURI: "https://accounts.firefox.com/oauth/success/" + client,
	})
	if err != nil {
		return nil, err
	}
	if err := h.signIn(ctx, acct, name); err != nil {
		acct.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return acct, nil
}

func (h *home) signIn(ctx context.Context, acct *account.Account, name string) error {
	if _, err := acct.ProcessEvent(ctx, account.EventInitialize{Device: account.DeviceConfig{
		Name: name, Type: account.DeviceMobile, Capabilities: []account.Capability{account.CapabilitySendTab},
	}}); err != nil {
		return err
	}
	begun, err := acct.ProcessEvent(ctx, account.EventBeginOAuth{Scopes: []string{account.ScopeProfile, account.ScopeOldSync}})
	if err != nil {
		return err
	}
	back, err := h.svc.Approve(begun.OAuthURL, h.person)
	if err != nil {
		return err
	}
	u, err := url.Parse(back)
	if err != nil {
		return err
	}
	_, err = acct.ProcessEvent(ctx, account.EventCompleteOAuth{Code: u.Query().Get("code"), State: u.Query().Get("state")})
	return err
}

// sendTabs has the phone send n tabs to Tabferry and waits until all have been stored.
func (h *home) sendTabs(ctx context.Context, n int) error {
	for range n {
		h.sent++
		if _, err := h.phone.SendTab(ctx, h.id, fmt.Sprintf("Page %d", h.sent), fmt.Sprintf("https://example.org/page/%d", h.sent)); err != nil {
			return err
		}
	}
	_, err := h.wait(ctx, arriveTime, "the tabs", func(s localapi.Snapshot) bool { return s.Inbox.Total >= min(h.sent, localapi.DefaultInboxEntries) })
	return err
}

// inBox runs a measurement on a fresh desktop.
func inBox(ctx context.Context, bin string, p box.Params, measure func(*box.App) error) error {
	dir, err := os.MkdirTemp("", "tfbench")
	if err != nil {
		return err
	}
	p.Dir = dir
	b, err := box.Start(ctx, p)
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	app, err := box.NewApp(b, bin)
	if err == nil {
		err = measure(app)
	}
	return errors.Join(err, b.Close(), os.RemoveAll(dir))
}

// settleTime lets what a sign-in or a refresh started come to rest.
const settleTime = 3 * time.Second

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// do runs a command of the command line, which must go well, and tells its processor time.
func (h *home) do(ctx context.Context, args ...string) (time.Duration, error) {
	r, err := h.Run(ctx, args...)
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("tabferry %s: exit %d: %s", args[0], r.Code, r.Err)
	}
	return r.Used, err
}

// stop ends a program.
func stop(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	late := time.AfterFunc(answerTime, func() { _ = cmd.Process.Kill() }) // it may have ended
	defer late.Stop()
	_ = cmd.Wait() // it was told to end
	return nil
}
