//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// What happens during a soak: often enough that all that is kept is full within the first third of an hour.
const (
	soakStep      = time.Second
	soakReconnect = 30 // steps between two ends of the push connection
	soakInbox     = 100
	soakSample    = 20 * time.Second
)

// What may be more at the end than at the beginning. Memory is compared by the middle of many samples; a
// garbage collector's breath is larger than a leak of an hour that would matter in a week.
const (
	soakMemory  = 512 << 10
	soakStore   = 64 << 10
	soakFiles   = 2
	soakThreads = 2
)

// sample is the state of an agent at one moment.
type sample struct {
	memory
	files, threads int
	store          int64
}

// soak lets an agent live for a while, with a tab in and one out every second and a lost connection every
// half minute, and says what grew. The first third, in which inbox and outbox fill, is not compared.
func soak(ctx context.Context, out io.Writer, h *home, length time.Duration) error {
	if err := h.keepFew(ctx); err != nil {
		return err
	}
	s, err := h.client.Snapshot(ctx)
	if err != nil {
		return err
	}
	phone := s.Devices.Items[slices.IndexFunc(s.Devices.Items, func(d localapi.Device) bool { return !d.This })].ID
	var samples []sample
	began, cpu := time.Now(), time.Duration(0)
	if cpu, err = processorTime(h.pid); err != nil {
		return err
	}
	steps, looked := 0, began
	ticker := time.NewTicker(soakStep)
	defer ticker.Stop()
	for time.Since(began) < length {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		steps++
		if err := h.soakStep(ctx, steps, phone); err != nil {
			return fmt.Errorf("after %v: %w", time.Since(began).Round(time.Second), err)
		}
		if time.Since(looked) < soakSample {
			continue
		}
		looked = time.Now()
		one, err := h.sample()
		if err != nil {
			return err
		}
		samples = append(samples, one)
		if len(samples)%15 == 0 {
			fmt.Fprintf(out, "%6v: RSS %.1f MB, anonymous %.1f MB, %d files, %d threads, store %d kB, %d tabs in and out\n",
				time.Since(began).Round(time.Second), mb(one.RSS), mb(one.Anonymous), one.files, one.threads, one.store>>10, steps)
		}
	}
	after, err := processorTime(h.pid)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%v: %d tabs in, %d out, %d reconnects, %.2f %% of a core\n", length, steps, steps, steps/soakReconnect,
		100*float64(after-cpu)/float64(time.Since(began)))
	return grown(out, samples)
}

// keepFew bounds the inbox, so that it is full before anything is compared.
func (h *home) keepFew(ctx context.Context) error {
	s, err := h.client.Snapshot(ctx)
	if err != nil {
		return err
	}
	s.Settings.InboxEntries = soakInbox
	return h.client.SetSettings(ctx, s.Settings)
}

// soakStep is one second of a soak.
func (h *home) soakStep(ctx context.Context, n int, phone string) error {
	h.sent++
	link := fmt.Sprintf("https://example.org/soak/%d", n)
	if _, err := h.phone.SendTab(ctx, h.id, "A page", link); err != nil {
		return err
	}
	if _, err := h.client.Send(ctx, localapi.SendRequest{Links: []localapi.Link{{URL: link}}, Devices: []string{phone}}); err != nil {
		return err
	}
	if n%soakReconnect != 0 {
		return nil
	}
	if _, err := h.phone.PollCommands(ctx); err != nil { // what it was sent must not pile up either
		return err
	}
	h.svc.Push().Cut()
	return h.client.Refresh(ctx)
}

func (h *home) sample() (s sample, err error) {
	if s.memory, err = memoryOf(h.pid); err != nil {
		return s, err
	}
	if s.files, err = entriesOf(h.pid, "fd"); err != nil {
		return s, err
	}
	if s.threads, err = entriesOf(h.pid, "task"); err != nil {
		return s, err
	}
	info, err := os.Stat(h.store())
	if err == nil {
		s.store = info.Size()
	}
	return s, err
}

// grown compares the last third of the samples with the one before.
func grown(out io.Writer, samples []sample) error {
	third := len(samples) / 3
	if third == 0 {
		return errors.New("too short a soak to say anything")
	}
	early, late := samples[third:2*third], samples[2*third:]
	var all error
	for _, c := range []struct {
		what  string
		of    func(sample) int64
		bound int64
	}{
		{"anonymous memory (bytes)", func(s sample) int64 { return s.Anonymous }, soakMemory},
		{"open files", func(s sample) int64 { return int64(s.files) }, soakFiles},
		{"threads", func(s sample) int64 { return int64(s.threads) }, soakThreads},
		{"store (bytes)", func(s sample) int64 { return s.store }, soakStore},
	} {
		was, is := middle(early, c.of), middle(late, c.of)
		fmt.Fprintf(out, "%s: %d in the second third, %d in the last\n", c.what, was, is)
		if is > was+c.bound {
			all = errors.Join(all, fmt.Errorf("%s grew from %d to %d", c.what, was, is))
		}
	}
	return all
}

func middle(samples []sample, of func(sample) int64) int64 {
	values := make([]int64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
