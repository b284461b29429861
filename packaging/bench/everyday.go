//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

// trayRuns is how often a tray icon is waited for.
const trayRuns = 20

// everyday measures what a person waits for: the tray icon, and a link that is sent.
func (b *bench) everyday(ctx context.Context) error {
	return b.atHome(ctx, func(h *home) error {
		if err := b.icons(ctx, h); err != nil {
			return err
		}
		return b.sends(ctx, h.App)
	})
}

// icons times from the start of a program to its icon in the tray, ours and the bare one in turns.
func (b *bench) icons(ctx context.Context, h *home) error {
	conn, err := dbus.Connect(h.Box.Bus, dbus.WithContext(ctx))
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.AddMatchSignal(dbus.WithMatchInterface("org.kde.StatusNotifierWatcher"), dbus.WithMatchMember("StatusNotifierItemRegistered")); err != nil {
		return err
	}
	icons := make(chan *dbus.Signal, 16)
	conn.Signal(icons)
	var ours, bare []time.Duration
	for range trayRuns {
		if err := h.down(ctx); err != nil {
			return err
		}
		cmd := h.Box.Command(b.peers.Tray)
		took, err := appears(icons, cmd.Start)
		if err := errors.Join(err, stop(cmd)); err != nil {
			return err
		}
		bare = append(bare, took)
		took, err = appears(icons, func() error {
			cmd, err = h.Start(h.Lean, "agent")
			return err
		})
		if err != nil {
			return err
		}
		ours = append(ours, took)
		if err := h.answers(ctx, cmd); err != nil {
			return err
		}
	}
	b.add(row{"start of the agent until its icon is in the tray", "", spread(ours), "bare tray icon " + spread(bare)})
	return nil
}

// appears tells how long it takes from a start until an icon is registered.
func appears(icons <-chan *dbus.Signal, start func() error) (time.Duration, error) {
	for len(icons) > 0 { // of earlier ones
		<-icons
	}
	began := time.Now()
	if err := start(); err != nil {
		return 0, err
	}
	select {
	case <-icons:
		return time.Since(began), nil
	case <-time.After(answerTime):
		return 0, fmt.Errorf("no tray icon within %v", answerTime)
	}
}
