//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// What an agent has behind it when its memory is looked at again. Memory that is free goes back to the system
// only after some minutes.
const (
	churnIn        = 10_000
	churnOut       = 10_000
	churnReconnect = 1_000
	churnRest      = 3 * time.Minute
	// aloneRest is how long a fresh agent is left alone before its memory is stated.
	aloneRest = 15 * time.Second
	idleTime  = 30 * time.Second
)

// agent measures the memory of the lean agent alone and what it uses while nothing happens, beside a tray icon.
func (b *bench) agent(ctx context.Context) error {
	return b.atHome(ctx, func(h *home) error {
		fresh, err := b.alone(ctx, h)
		if err != nil || !b.chosen("churn") {
			return err
		}
		return b.churn(ctx, h, fresh)
	})
}

func (b *bench) alone(ctx context.Context, h *home) (memory, error) {
	bare := h.Box.Command(b.peers.Tray)
	if err := bare.Start(); err != nil {
		return memory{}, err
	}
	defer func() {
		_ = bare.Process.Kill() // it has nothing to lose
		_ = bare.Wait()
	}()
	if err := sleep(ctx, aloneRest); err != nil {
		return memory{}, err
	}
	ours, err := memoryOf(h.pid)
	if err != nil {
		return memory{}, err
	}
	least, err := memoryOf(bare.Process.Pid)
	if err != nil {
		return memory{}, err
	}
	b.add(row{"lean agent alone, signed in: RSS / anonymous", "≤ 18 / ≤ 4.5 MB", ours.String(), "bare tray icon " + least.String()})
	if err := b.partsRow("the same, of what it consists", h.pid, "bare tray icon", bare.Process.Pid); err != nil {
		return memory{}, err
	}
	used, err := usedBy(ctx, idleTime, h.pid, bare.Process.Pid)
	if err != nil {
		return memory{}, err
	}
	b.add(row{
		fmt.Sprintf("the same, processor over %v", idleTime), "", fmt.Sprintf("%.4f %% of a core", share(used[0], idleTime)),
		fmt.Sprintf("bare tray icon %.4f %%", share(used[1], idleTime)),
	})
	return ours, nil
}

// partsRow says of what the memory of a process and of a bare one consists.
func (b *bench) partsRow(what string, pid int, bare string, barePID int) error {
	ours, err := partsOf(pid)
	if err != nil {
		return err
	}
	least, err := partsOf(barePID)
	if err != nil {
		return err
	}
	b.add(row{what, "", ours.String(), bare + " " + least.String()})
	return nil
}

func (m memory) String() string { return fmt.Sprintf("%.1f / %.1f MB", mb(m.RSS), mb(m.Anonymous)) }

// usedBy is what processes use of the processor during some time.
func usedBy(ctx context.Context, during time.Duration, pids ...int) ([]time.Duration, error) {
	before := make([]time.Duration, len(pids))
	for i, pid := range pids {
		var err error
		if before[i], err = processorTime(pid); err != nil {
			return nil, err
		}
	}
	if err := sleep(ctx, during); err != nil {
		return nil, err
	}
	used := make([]time.Duration, len(pids))
	for i, pid := range pids {
		after, err := processorTime(pid)
		if err != nil {
			return nil, err
		}
		used[i] = after - before[i]
	}
	return used, nil
}

// churn makes an agent live through a lot, and looks what it kept of it.
func (b *bench) churn(ctx context.Context, h *home, fresh memory) error {
	if err := h.sendTabs(ctx, churnIn); err != nil {
		return err
	}
	phone, err := h.deviceNamed(ctx, "Phone")
	if err != nil {
		return err
	}
	for i := range churnOut / churnBatch {
		if err := h.queue(ctx, churnBatch, fmt.Sprintf("https://example.org/out/%d", i), phone); err != nil {
			return err
		}
		if _, err := h.wait(ctx, arriveTime, "the sends", nothingWaits); err != nil {
			return err
		}
	}
	for range churnReconnect {
		if err := h.reconnect(ctx); err != nil {
			return err
		}
	}
	if err := sleep(ctx, churnRest); err != nil {
		return err
	}
	m, err := memoryOf(h.pid)
	if err != nil {
		return err
	}
	b.add(row{
		fmt.Sprintf("after %d tabs in, %d out, %d reconnects, %v of rest: RSS / anonymous more", churnIn, churnOut, churnReconnect, churnRest), "≤ 2 MB",
		fmt.Sprintf("%+.1f / %+.1f MB", mb(m.RSS-fresh.RSS), mb(m.Anonymous-fresh.Anonymous)), "fresh " + fresh.String(),
	})
	then, err := partsOf(h.pid)
	if err != nil {
		return err
	}
	b.add(row{"the same, of what it consists then", "", then.String(), ""})
	return nil
}

// churnBatch is how many links go into one call.
const churnBatch = 100

func nothingWaits(s localapi.Snapshot) bool { return s.Outbox.Waiting == 0 }

// queue puts n links for devices into the outbox by one call.
func (h *home) queue(ctx context.Context, n int, prefix string, devices ...string) error {
	links := make([]localapi.Link, n)
	for i := range links {
		links[i].URL = fmt.Sprintf("%s/%d", prefix, i)
	}
	_, err := h.client.Send(ctx, localapi.SendRequest{Links: links, Devices: devices})
	return err
}

// deviceNamed gives the id of another device.
func (h *home) deviceNamed(ctx context.Context, name string) (string, error) {
	named := func(d localapi.Device) bool { return d.Name == name }
	s, err := h.until(ctx, name, func(s localapi.Snapshot) bool { return slices.ContainsFunc(s.Devices.Items, named) })
	if err != nil {
		return "", err
	}
	return s.Devices.Items[slices.IndexFunc(s.Devices.Items, named)].ID, nil
}

// reconnect ends the push connection and waits for the next one.
func (h *home) reconnect(ctx context.Context) error {
	before := len(h.svc.Push().Upgrades())
	h.svc.Push().Cut()
	for end := time.Now().Add(answerTime); time.Now().Before(end); {
		// The first losses of a row are made good by themselves, after ever longer waits; a person's wish ends a wait.
		if err := h.client.Refresh(ctx); err != nil {
			return err
		}
		for range 20 {
			if len(h.svc.Push().Upgrades()) > before && len(h.svc.Push().Connected()) > 0 {
				return nil
			}
			if err := sleep(ctx, time.Millisecond); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("no new push connection within %v", answerTime)
}
