//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/packaging/box"
)

const (
	// manyTabs is how many are unread where it says "10,000"; as many as are kept.
	manyTabs = localapi.DefaultInboxEntries
	// singles is how many tabs arrive one at a time, for one figure.
	singles = 40
	// betweenTabs is the pause after a tab, in which everything that it causes comes to its end.
	betweenTabs = 100 * time.Millisecond
	// quiet is how long no notification comes when all have come.
	quiet    = 2 * time.Second
	starts   = 20
	searches = 20
)

// cost is what one received tab costs.
type cost struct {
	processor time.Duration
	written   volume
	// notifications is how many there were, pictures how many of them brought one along, pixels the bytes of those.
	notifications, pictures, pixels int
}

// notified takes the notifications that came, until none does any more. Tabs that arrive together share one.
func (c *cost) notified(ctx context.Context, seen *box.Notifications) {
	for {
		n, err := next(ctx, seen, quiet)
		if err != nil {
			return
		}
		c.notifications++
		if c.pixels += n.Picture; n.Picture > 0 {
			c.pictures++
		}
	}
}

// next is the next notification, if it comes in time.
func next(ctx context.Context, seen *box.Notifications, most time.Duration) (box.Notification, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return seen.Next(ctx)
}

// tabs measures how received tabs are handled, without others and above ten thousand unread ones.
func (b *bench) tabs(ctx context.Context) error {
	return b.atHome(ctx, func(h *home) error {
		emptyStart, emptyCost, err := h.ready(ctx, starts)
		if err != nil {
			return err
		}
		if err := sleep(ctx, aloneRest); err != nil { // less is collected until a start is over
			return err
		}
		seen, err := h.Box.Notifications(ctx)
		if err != nil {
			return err
		}
		few, fast, err := h.arrive(ctx, seen)
		if err != nil {
			return err
		}
		if err := seen.Close(); err != nil { // nobody reads along for ten thousand
			return err
		}
		if err := h.sendTabs(ctx, manyTabs-h.sent); err != nil {
			return err
		}
		if err := sleep(ctx, aloneRest); err != nil { // the last notifications, and all that follows from so many
			return err
		}
		if seen, err = h.Box.Notifications(ctx); err != nil {
			return err
		}
		many, slow, err := h.arrive(ctx, seen)
		if err != nil {
			return err
		}
		if err := seen.Close(); err != nil {
			return err
		}
		b.add(row{"processor time for a received tab, 0 → 10,000 unread", "≤ 5 ms, ≤ 1.15 ×", many.beside(few), ""})
		b.add(row{"push frame → notification, empty", "≤ 5 / ≤ 7 ms", spread(fast), ""})
		b.add(row{"push frame → notification, 10,000 unread", "≤ 5 / ≤ 7 ms", spread(slow), ""})
		b.add(row{"pictures sent to the notification daemon", "once, or by name", fmt.Sprintf("%d with %d notifications, %s in all", few.pictures, few.notifications, kB(int64(few.pixels))), ""})
		if err := b.search(ctx, h); err != nil {
			return err
		}
		fullStart, fullCost, err := h.ready(ctx, starts)
		if err != nil {
			return err
		}
		b.add(row{"start until the agent answers, 10,000 entries", "+ 5 ms", spread(fullStart), "empty " + spread(emptyStart)})
		b.add(row{"the same, processor time", "", spread(fullCost), "empty " + spread(emptyCost)})
		return b.emptied(ctx, h)
	})
}

// beside says what became of a figure.
func (c cost) beside(before cost) string {
	return fmt.Sprintf("%.1f → %.1f ms (%.2f ×)", ms(before.processor), ms(c.processor), float64(c.processor)/float64(before.processor))
}

// arrive has tabs arrive one at a time. It tells what one costs, and the times from the push frame to the
// call for the notification. The agent is asked for the frame's time, which costs it something too: so the
// two are measured one after the other.
func (h *home) arrive(ctx context.Context, seen *box.Notifications) (cost, []time.Duration, error) {
	one, err := h.costOfTab(ctx)
	if err != nil {
		return one, nil, err
	}
	one.notified(ctx, seen)
	times := make([]time.Duration, 0, singles)
	for range singles {
		if err := h.oneTab(ctx); err != nil {
			return one, nil, err
		}
		n, err := next(ctx, seen, answerTime)
		if err != nil {
			return one, nil, err
		}
		s, err := h.client.Snapshot(ctx)
		if err != nil {
			return one, nil, err
		}
		times = append(times, n.At.Sub(s.Connection.Push.LastMessage))
	}
	return one, times, nil
}

// costOfTab is what one of several tabs costs that arrive one at a time.
func (h *home) costOfTab(ctx context.Context) (c cost, err error) {
	before, err := processorTime(h.pid)
	if err != nil {
		return c, err
	}
	wrote, err := written(h.pid)
	if err != nil {
		return c, err
	}
	for range singles {
		if err := h.oneTab(ctx); err != nil {
			return c, err
		}
	}
	after, err := processorTime(h.pid)
	if err != nil {
		return c, err
	}
	now, err := written(h.pid)
	return cost{
		processor: (after - before) / singles,
		written:   volume{(now.calls - wrote.calls) / singles, (now.disk - wrote.disk) / singles},
	}, err
}

// oneTab has the phone send a tab and leaves the agent the time to deal with it.
func (h *home) oneTab(ctx context.Context) error {
	h.sent++
	link := fmt.Sprintf("https://example.org/page/%d", h.sent)
	if _, err := h.phone.SendTab(ctx, h.id, fmt.Sprintf("Page %d", h.sent), link); err != nil {
		return err
	}
	return sleep(ctx, betweenTabs)
}

// search looks for what is in no entry, so that all are looked at.
func (b *bench) search(ctx context.Context, h *home) error {
	const text = "nowhere to be found"
	var api, command []time.Duration
	for range searches {
		began := time.Now()
		found, err := h.client.Inbox(ctx, localapi.InboxQuery{Text: text})
		if err != nil {
			return err
		}
		if len(found) > 0 {
			return fmt.Errorf("%d entries found that are not there", len(found))
		}
		api = append(api, time.Since(began))
		began = time.Now()
		if _, err := h.do(ctx, "inbox", "--search", text); err != nil {
			return err
		}
		command = append(command, time.Since(began))
	}
	b.add(row{"search in 10,000 entries, nothing found", "≤ 20 ms", spread(api), "by the command line " + spread(command)})
	return nil
}

// emptied deletes all entries and looks at the store's file before and after the next start.
func (b *bench) emptied(ctx context.Context, h *home) error {
	full, err := os.Stat(h.store())
	if err != nil {
		return err
	}
	for {
		page, err := h.client.Inbox(ctx, localapi.InboxQuery{Limit: localapi.MaxInboxPage})
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		ids := make([]string, len(page))
		for i, e := range page {
			ids[i] = e.ID
		}
		if err := h.client.DeleteReceived(ctx, ids...); err != nil {
			return err
		}
	}
	if _, _, err := h.ready(ctx, 1); err != nil {
		return err
	}
	empty, err := os.Stat(h.store())
	if err != nil {
		return err
	}
	b.add(row{"store file with 10,000 entries → all deleted, next start", "shrinks", fmt.Sprintf("%.2f → %.2f MB", mb(full.Size()), mb(empty.Size())), ""})
	return nil
}
