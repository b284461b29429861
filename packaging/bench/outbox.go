//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

const (
	fewWaiting  = 100
	manyWaiting = 5_000
	// leaving is how many entries leave for one figure.
	leaving = 500
	// wideLinks go to wideDevices devices each; wideMost is how long that may take.
	wideLinks, wideDevices = 1_000, 20
	wideMost               = 90 * time.Second
	// perCall is how many entries go into one call.
	perCall = 500
	// apiPause lies between two calls of a face meanwhile.
	apiPause = 50 * time.Millisecond

	deviceList = "GET /v1/account/devices"
	oneSend    = "POST /v1/account/devices/invoke_command"
)

// outbox measures what an entry costs that leaves, with few and with many behind it, and many devices at once.
// The devices have no push.
func (b *bench) outbox(ctx context.Context) error {
	if err := b.atHome(ctx, func(h *home) error { return b.leave(ctx, h) }); err != nil {
		return err
	}
	return b.atHome(ctx, func(h *home) error { return b.wide(ctx, h) })
}

func (b *bench) leave(ctx context.Context, h *home) error {
	phone, err := h.deviceNamed(ctx, "Phone")
	if err != nil {
		return err
	}
	var few time.Duration
	lists := len(h.svc.Requests(deviceList))
	for i := range leaving / fewWaiting {
		if err := h.queue(ctx, fewWaiting, fmt.Sprintf("https://example.org/few/%d", i), phone); err != nil {
			return err
		}
		one, err := h.leaving(ctx, fewWaiting)
		if err != nil {
			return err
		}
		few += one
	}
	lists = len(h.svc.Requests(deviceList)) - lists
	few /= leaving / fewWaiting
	for i := range manyWaiting / perCall {
		if err := h.queue(ctx, perCall, fmt.Sprintf("https://example.org/many/%d", i), phone); err != nil {
			return err
		}
	}
	many, err := h.leaving(ctx, leaving)
	if err != nil {
		return err
	}
	b.add(row{"outbox: processor time for an entry, 100 → 5,000 waiting", "≤ 3 ms, flat", fmt.Sprintf("%.1f → %.1f ms (%.2f ×)", ms(few), ms(many), float64(many)/float64(few)), ""})
	b.add(row{
		"extra requests for a send to a device whose push is off", "0, one list for a batch",
		fmt.Sprintf("%.2f (%d in %d batches of %d)", float64(lists)/leaving, lists, leaving/fewWaiting, fewWaiting), "",
	})
	return nil
}

// leaving is the processor time for an entry while n entries leave, or as many as wait. Until they have, the
// service is asked and not the agent, which would have to answer.
func (h *home) leaving(ctx context.Context, n int) (time.Duration, error) {
	sent := len(h.svc.Requests(oneSend)) // before what waits is counted: meanwhile some leave
	s, err := h.client.Snapshot(ctx)
	if err != nil {
		return 0, err
	}
	first := s.Outbox.Waiting
	before, err := processorTime(h.pid)
	if err != nil {
		return 0, err
	}
	for end := time.Now().Add(arriveTime); len(h.svc.Requests(oneSend))-sent < min(n, first) && time.Now().Before(end); {
		if err := sleep(ctx, lookAgain); err != nil {
			return 0, err
		}
	}
	s, err = h.wait(ctx, arriveTime, "entries to leave", func(s localapi.Snapshot) bool { return s.Outbox.Waiting <= max(0, first-n) })
	if err != nil {
		return 0, err
	}
	after, err := processorTime(h.pid)
	if err != nil {
		return 0, err
	}
	if gone := first - s.Outbox.Waiting; gone > 0 {
		return (after - before) / time.Duration(gone), nil
	}
	return 0, fmt.Errorf("nothing waited: the entries were gone before they were counted")
}

// wide sends many links to many devices, while a face goes on asking.
func (b *bench) wide(ctx context.Context, h *home) error {
	if err := h.addPhones(ctx, wideDevices); err != nil {
		return err
	}
	s, err := h.client.Snapshot(ctx)
	if err != nil {
		return err
	}
	var devices []string
	for _, d := range s.Devices.Items {
		if !d.This {
			devices = append(devices, d.ID)
		}
	}
	used, err := processorTime(h.pid)
	if err != nil {
		return err
	}
	began := time.Now()
	asking, stop := context.WithTimeout(ctx, wideMost)
	defer stop()
	var face sync.WaitGroup
	var all atomic.Bool // has been queued
	var answers []time.Duration
	var left int
	face.Go(func() { answers, left = h.ask(asking, &all) })
	for i := range wideLinks * wideDevices / perCall {
		if err = h.queue(ctx, perCall/wideDevices, fmt.Sprintf("https://example.org/wide/%d", i), devices...); err != nil {
			break
		}
	}
	queued := time.Since(began)
	all.Store(true)
	if err != nil {
		stop()
	}
	face.Wait()
	took := time.Since(began)
	if err = errors.Join(err, context.Cause(ctx)); err != nil {
		return err
	}
	after, err := processorTime(h.pid)
	if err != nil {
		return err
	}
	done := wideLinks*wideDevices - left
	b.add(row{"1,000 links × 20 devices", "≤ 60 s", fmt.Sprintf("%d of %d sent in %.1f s (%.1f ms processor time each; queued in %.1f s)",
		done, wideLinks*wideDevices, took.Seconds(), ms(after-used)/float64(max(1, done)), queued.Seconds()), ""})
	b.add(row{"a face's call meanwhile", "p95 ≤ 20 ms", spread(answers), ""})
	return nil
}

// ask calls as a face does until ctx ends or, once all is queued, nothing waits any more. It tells how long the
// answers took and, by the last one, how many entries were left.
func (h *home) ask(ctx context.Context, all *atomic.Bool) (answers []time.Duration, left int) {
	c := h.Client()
	left = wideLinks * wideDevices
	for ctx.Err() == nil {
		queued, began := all.Load(), time.Now()
		if s, err := c.Snapshot(ctx); err == nil {
			answers, left = append(answers, time.Since(began)), s.Outbox.Waiting
			if queued && left == 0 {
				break
			}
		}
		_ = sleep(ctx, apiPause) // it ends with ctx, as this does
	}
	return answers, left
}

// crypto runs the benchmarks that compare a sealed and an opened tab with the bare operations.
func (b *bench) crypto(ctx context.Context) error {
	const runs = 20
	text, err := goTest(ctx, "-run", "^$", "-bench", "^Benchmark(Seal|Open)Tab$/^9kB$", "-benchtime", "100ms", "-count", fmt.Sprint(runs), "./account")
	if err != nil {
		return err
	}
	for _, one := range []struct{ bench, what, goal string }{
		{"BenchmarkSealTab", "seal a tab of 9 kB", "≤ 1.2 ×"},
		{"BenchmarkOpenTab", "open a tab of 9 kB", "≤ 1.5 ×"},
	} {
		ratios := metrics(text, one.bench, "x-bare")
		if len(ratios) == 0 {
			return fmt.Errorf("%s told no figure: %s", one.bench, text)
		}
		slices.Sort(ratios)
		b.add(row{one.what, one.goal, fmt.Sprintf("%.2f / %.2f × (p50 / p95 of %d)", ratios[len(ratios)/2], ratios[len(ratios)*95/100], len(ratios)), "ECDH and AES-GCM alone: 1 ×"})
	}
	return nil
}

// metrics reads a unit's figures of a benchmark from what `go test -bench` printed.
func metrics(text, name, unit string) (all []float64) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || !strings.HasPrefix(words[0], name) {
			continue
		}
		if i := slices.Index(words, unit); i > 0 {
			var v float64
			if _, err := fmt.Sscan(words[i-1], &v); err == nil {
				all = append(all, v)
			}
		}
	}
	return all
}
