//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

const (
	mappedRuns  = 20
	windowPause = 100 * time.Millisecond
	// windowRest lets a window draw what it has and give back what that took, paneRest a pane, before it is
	// watched for windowIdle.
	windowRest = 6 * time.Second
	paneRest   = 3 * time.Second
	windowIdle = 8 * time.Second
	// Ten notches a second are a hand that looks for something. Each redraws the window.
	wheelTime  = 10 * time.Second
	wheelPause = 100 * time.Millisecond
)

// panes are the panes in the order of Alt+1, Alt+2, …
var panes = []string{"Send", "Inbox", "Devices", "Pair", "Account", "Settings"}

// windows measures the window beside one of the toolkit's with nothing in it.
func (b *bench) windows(ctx context.Context) error {
	return b.atHome(ctx, func(h *home) error {
		s, err := newStage(h)
		if err != nil {
			return err
		}
		defer s.conn.Close()
		if err := b.mapped(ctx, s); err != nil {
			return err
		}
		if err := b.open(ctx, s); err != nil {
			return err
		}
		return b.wheel(ctx, s)
	})
}

// stage is a home's screen.
type stage struct {
	*home
	conn *xgb.Conn
}

// newStage connects to the screen, and has it tell of windows that appear.
func newStage(h *home) (*stage, error) {
	xgb.Logger.SetOutput(io.Discard) // the screen of a box needs no authority, and it says that there is none
	conn, err := xgb.NewConnDisplay(h.Box.Display)
	if err != nil {
		return nil, err
	}
	root := xproto.Setup(conn).DefaultScreen(conn).Root
	err = xproto.ChangeWindowAttributesChecked(conn, root, xproto.CwEventMask, []uint32{xproto.EventMaskSubstructureNotify}).Check()
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &stage{h, conn}, nil
}

// show starts a program and returns when its window is on the screen.
func (s *stage) show(cmd *exec.Cmd) (time.Duration, error) {
	for e, err := s.conn.PollForEvent(); e != nil || err != nil; e, err = s.conn.PollForEvent() { // of earlier windows
		if err != nil {
			return 0, err
		}
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	for time.Since(began) < answerTime {
		e, failed := s.conn.PollForEvent()
		if failed != nil {
			return 0, failed
		}
		if m, ok := e.(xproto.MapNotifyEvent); ok && s.large(m.Window) {
			return time.Since(began), nil
		}
		if e == nil {
			time.Sleep(200 * time.Microsecond)
		}
	}
	return 0, errors.Join(errors.New("no window appeared"), stop(cmd))
}

// large tells a program's window from the small ones that toolkits make for themselves.
func (s *stage) large(w xproto.Window) bool {
	g, err := xproto.GetGeometry(s.conn, xproto.Drawable(w)).Reply()
	return err == nil && g.Width > 300 && g.Height > 300 // one that has gone already is none
}

func (s *stage) ours(pane string) *exec.Cmd { return s.Command(s.Window, "window", "--pane", pane) }

// shown is what it took until a window was on the screen, on the clock and of the processor.
type shown struct{ took, used []time.Duration }

// mapped times both windows from the start to the screen.
func (b *bench) mapped(ctx context.Context, s *stage) error {
	ours, bare, err := s.inTurns(ctx, b.peers.Window, mappedRuns)
	if err != nil {
		return err
	}
	b.add(row{"window: start until it is on the screen", "≤ 1.1 × bare", fmt.Sprintf("%.2f ×, %s", float64(at(ours.took, 0.5))/float64(at(bare.took, 0.5)), spread(ours.took)), "bare Fyne window " + spread(bare.took)})
	b.add(row{"the same, processor time", "", fmt.Sprintf("%.2f ×, %s", float64(at(ours.used, 0.5))/float64(at(bare.used, 0.5)), spread(ours.used)), "bare Fyne window " + spread(bare.used)})
	return nil
}

// inTurns shows our window and a bare one in turns; the first of each warms up.
func (s *stage) inTurns(ctx context.Context, bareProgram string, runs int) (ours, bare shown, err error) {
	for i := range runs + 1 {
		for _, one := range []struct {
			cmd *exec.Cmd
			all *shown
		}{{s.ours("send"), &ours}, {s.Box.Command(bareProgram), &bare}} {
			took, err := s.show(one.cmd)
			if err != nil {
				return ours, bare, err
			}
			used, err := processorTime(one.cmd.Process.Pid)
			if err := errors.Join(err, sleep(ctx, windowPause), stop(one.cmd)); err != nil {
				return ours, bare, err
			}
			if i > 0 {
				one.all.took, one.all.used = append(one.all.took, took), append(one.all.used, used)
			}
		}
	}
	return ours, bare, nil
}

// standing is what a window is that stands open while nothing happens.
type standing struct {
	memory
	parts
	used time.Duration // of the processor, during windowIdle
}

func (s standing) String() string {
	return fmt.Sprintf("%v, PSS %.1f MB", s.memory, mb(s.PSS))
}

// stand looks at an open window after a rest.
func stand(ctx context.Context, pid int, rest time.Duration) (s standing, err error) {
	if err := sleep(ctx, rest); err != nil {
		return s, err
	}
	if s.memory, err = memoryOf(pid); err != nil {
		return s, err
	}
	if s.parts, err = partsOf(pid); err != nil {
		return s, err
	}
	used, err := usedBy(ctx, windowIdle, pid)
	if err != nil {
		return s, err
	}
	s.used = used[0]
	return s, nil
}

func of(ours, bare int64) float64 { return float64(ours) / float64(bare) }

// open looks at both windows as they stand open, and at each pane of ours.
func (b *bench) open(ctx context.Context, s *stage) error {
	bare := s.Box.Command(b.peers.Window)
	if _, err := s.show(bare); err != nil {
		return err
	}
	least, err := stand(ctx, bare.Process.Pid, windowRest)
	if err := errors.Join(err, stop(bare)); err != nil {
		return err
	}
	cmd := s.ours("send")
	if _, err := s.show(cmd); err != nil {
		return err
	}
	return errors.Join(b.panes(ctx, s, cmd.Process.Pid, least), stop(cmd))
}

// panes goes through all of them.
func (b *bench) panes(ctx context.Context, s *stage, pid int, least standing) error {
	rest := windowRest
	for i, pane := range panes {
		if i > 0 { // as it opens it stands on Send
			rest = paneRest
			if err := s.key(fmt.Sprintf("alt+%d", i+1)); err != nil {
				return err
			}
		}
		ours, err := stand(ctx, pid, rest)
		if err != nil {
			return err
		}
		if i == 0 {
			b.add(row{
				"window open, alone: RSS / anonymous, PSS", "PSS ≤ 1.1 × bare", fmt.Sprintf("%v (%.2f × / %.2f ×, %.2f ×)", ours, of(ours.RSS, least.RSS), of(ours.Anonymous, least.Anonymous), of(ours.PSS, least.PSS)),
				"bare Fyne window " + least.String(),
			})
			b.add(row{"the same, of what it consists", "", ours.parts.String(), "bare Fyne window " + least.parts.String()})
		}
		b.add(row{
			"window idle on " + pane + ", of a core", "≤ 1.2 × bare", fmt.Sprintf("%.2f %% (%.2f ×)", share(ours.used, windowIdle), float64(ours.used)/float64(least.used)),
			fmt.Sprintf("bare Fyne window %.2f %%", share(least.used, windowIdle)),
		})
	}
	return nil
}

func (s *stage) key(chord string) error {
	return s.xdotool("search", "--onlyvisible", "--name", "^Tabferry", "windowactivate", "--sync", "key", "--clearmodifiers", chord)
}

func (s *stage) xdotool(args ...string) error {
	if out, err := s.Box.Command("xdotool", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("xdotool: %w: %s", err, out)
	}
	return nil
}

// wheel turns the wheel over many devices, and over as many lines of the toolkit's own list.
func (b *bench) wheel(ctx context.Context, s *stage) error {
	if err := s.addPhones(ctx, manyDevices); err != nil {
		return err
	}
	ours, err := s.turned(ctx, s.ours("devices"), "^Tabferry")
	if err != nil {
		return err
	}
	bare, err := s.turned(ctx, s.Box.Command(b.peers.Window, fmt.Sprint(manyDevices)), "^Bare")
	if err != nil {
		return err
	}
	b.add(row{
		fmt.Sprintf("window, 500 devices: the wheel for %v, %d notches a second, of a core", wheelTime, time.Second/wheelPause), "≤ 15 %",
		fmt.Sprintf("%.0f %%", share(ours, wheelTime)), fmt.Sprintf("list of the toolkit, 500 lines %.0f %%", share(bare, wheelTime)),
	})
	return nil
}

// turned is what a window uses while somebody turns the wheel over its middle, down and up again.
func (s *stage) turned(ctx context.Context, cmd *exec.Cmd, title string) (used time.Duration, err error) {
	if _, err := s.show(cmd); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, stop(cmd)) }()
	if err := sleep(ctx, windowRest); err != nil {
		return 0, err
	}
	if err := s.xdotool("search", "--sync", "--onlyvisible", "--name", title, "mousemove", "--window", "%1", "450", "350"); err != nil {
		return 0, err
	}
	if err := sleep(ctx, windowPause); err != nil {
		return 0, err
	}
	half := fmt.Sprint(int(wheelTime / wheelPause / 2))
	before, err := processorTime(cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	for _, button := range []string{"5", "4"} {
		if err := s.xdotool("click", "--repeat", half, "--delay", fmt.Sprint(wheelPause.Milliseconds()), button); err != nil {
			return 0, err
		}
	}
	after, err := processorTime(cmd.Process.Pid)
	return after - before, err
}
