//go:build linux

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// The sizes of accounts that are compared, in devices without Tabferry's own.
const (
	fewDevices  = 5
	manyDevices = 500
)

// devices measures what a received tab costs an account with a few and with many devices, and what a face is
// sent because of it.
func (b *bench) devices(ctx context.Context) error {
	return b.atHome(ctx, func(h *home) error {
		if err := sleep(ctx, aloneRest); err != nil { // less is collected until a start is over
			return err
		}
		few, fewBytes, err := h.withDevices(ctx, fewDevices)
		if err != nil {
			return err
		}
		many, manyBytes, err := h.withDevices(ctx, manyDevices)
		if err != nil {
			return err
		}
		b.add(row{"processor time for a received tab, 5 → 500 devices", "≤ 1.3 ×", many.beside(few), ""})
		b.add(row{"written for a received tab, sockets included, 500 devices", "≤ 100 kB", many.written.String(), "5 devices " + few.written.String()})
		b.add(row{"one update to a face after a tab, 500 devices", "≤ 5 kB", kB(manyBytes), "5 devices " + kB(fewBytes)})
		return nil
	})
}

func kB(bytes int64) string { return fmt.Sprintf("%.1f kB", float64(bytes)/1e3) }

// withDevices measures an account of so many devices.
func (h *home) withDevices(ctx context.Context, n int) (cost, int64, error) {
	if err := h.addPhones(ctx, n); err != nil {
		return cost{}, 0, err
	}
	one, err := h.costOfTab(ctx)
	if err != nil {
		return one, 0, err
	}
	bytes, err := h.updateBytes(ctx)
	return one, bytes, err
}

// addPhones signs phones in until there are n, and has the agent look. Nobody answers there.
func (h *home) addPhones(ctx context.Context, n int) error {
	for ; h.phones < n; h.phones++ {
		acct, err := h.newPhone(ctx, fmt.Sprintf("Phone %d", h.phones))
		if err != nil {
			return err
		}
		acct.Close()
	}
	if err := h.client.Refresh(ctx); err != nil {
		return err
	}
	if _, err := h.until(ctx, "all devices", func(s localapi.Snapshot) bool { return len(s.Devices.Items) == n+1 }); err != nil {
		return err
	}
	return sleep(ctx, settleTime)
}

// updateBytes is what a face on the socket is sent for one tab, divided by the number of updates.
func (h *home) updateBytes(ctx context.Context) (int64, error) {
	tap, err := newTap(filepath.Join(h.Box.Dir, "run", "tabferry", "agent.sock"), filepath.Join(h.Box.Dir, "tap.sock"))
	if err != nil {
		return 0, err
	}
	face := localapi.Dial(tap.path())
	watching, stop := context.WithCancel(ctx)
	updates := make(chan struct{}, 1000)
	done := make(chan error, 1)
	go func() {
		for _, err := range face.Watch(watching, localapi.FaceWindow) {
			if err != nil {
				done <- err
				return
			}
			updates <- struct{}{}
		}
		done <- nil
	}()
	bytes, err := h.afterTab(ctx, tap, updates, done)
	stop()
	if closed := tap.close(); err == nil {
		err = closed
	}
	return bytes, err
}

// afterTab has a tab arrive while a face watches through a tap.
func (h *home) afterTab(ctx context.Context, tap *tap, updates <-chan struct{}, done <-chan error) (int64, error) {
	select {
	case <-updates:
	case err := <-done:
		return 0, fmt.Errorf("the watch ended at once: %w", err)
	case <-time.After(answerTime):
		return 0, fmt.Errorf("no update within %v", answerTime)
	}
	if err := sleep(ctx, 5*betweenTabs); err != nil { // a window that looks may have the lists asked for
		return 0, err
	}
	for len(updates) > 0 {
		<-updates
	}
	before := tap.passed.Load()
	if err := h.oneTab(ctx); err != nil {
		return 0, err
	}
	if err := sleep(ctx, 5*betweenTabs); err != nil {
		return 0, err
	}
	n := int64(len(updates))
	if n == 0 {
		return 0, fmt.Errorf("a tab made no update")
	}
	return (tap.passed.Load() - before) / n, nil
}
