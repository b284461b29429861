//go:build linux

package browsers

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/tabferry/tabferry/packaging/box"
)

// Chromium is a running headless Chromium, driven over its remote-debugging pipe.
type Chromium struct {
	*program
	in   *os.File // orders to it
	dark bool

	mu      sync.Mutex
	last    int
	waiting map[int]chan answer
	gone    error
}

type answer struct {
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// StartChromium starts Chromium in a box.
func StartChromium(ctx context.Context, b *box.Box, p Params) (*Chromium, error) {
	orders, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, answers, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, orders.Close(), in.Close())
	}
	args := []string{
		"--headless=new", "--no-first-run", "--user-data-dir=" + p.Profile, "--remote-debugging-pipe",
		"--enable-unsafe-extension-debugging", "--password-store=basic", "--disable-background-networking",
		"--disable-component-update", "--lang=en-US", "--disable-gpu", "--disable-dev-shm-usage",
		// Everything but loopback goes to a port where nobody listens.
		"--proxy-server=127.0.0.1:9", "--proxy-bypass-list=127.0.0.1;localhost",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	started, err := launch(b, p, []*os.File{orders, answers}, "chromium", append(args, "about:blank")...)
	err = errors.Join(err, orders.Close(), answers.Close())
	if err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	c := &Chromium{program: started, in: in, waiting: map[int]chan answer{}}
	go c.read(out) // ends with the browser
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := c.call(ctx, "", "Browser.getVersion", nil, nil); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// read hands answers to those who wait for them.
func (c *Chromium) read(out *os.File) {
	defer out.Close()
	lines := bufio.NewReaderSize(out, 1<<20)
	for {
		text, err := lines.ReadBytes(0)
		if err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.gone = fmt.Errorf("chromium has ended: %w", err)
			for _, wait := range c.waiting {
				close(wait)
			}
			c.waiting = nil
			return
		}
		var message struct {
			ID int `json:"id"`
			answer
		}
		if json.Unmarshal(text[:len(text)-1], &message) != nil || message.ID == 0 {
			continue // an event
		}
		c.mu.Lock()
		if wait := c.waiting[message.ID]; wait != nil {
			delete(c.waiting, message.ID)
			wait <- message.answer
		}
		c.mu.Unlock()
	}
}

// call gives one order, to a session or to the browser itself, and waits for its answer.
func (c *Chromium) call(ctx context.Context, session, method string, params, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	order := map[string]any{"method": method}
	if params != nil {
		order["params"] = params
	}
	if session != "" {
		order["sessionId"] = session
	}
	wait := make(chan answer, 1)
	c.mu.Lock()
	if c.gone != nil {
		defer c.mu.Unlock()
		return c.gone
	}
	c.last++
	order["id"] = c.last
	c.waiting[c.last] = wait
	text, err := json.Marshal(order)
	if err == nil {
		_, err = c.in.Write(append(text, 0))
	}
	c.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case got, ok := <-wait:
		if !ok {
			return fmt.Errorf("%s: chromium has ended", method)
		}
		if got.Error != nil {
			return fmt.Errorf("%s: %s", method, got.Error.Message)
		}
		if out == nil {
			return nil
		}
		return json.Unmarshal(got.Result, out)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

// Name is "chromium".
func (c *Chromium) Name() string { return "chromium" }

// Install implements [Browser].
func (c *Chromium) Install(ctx context.Context, folder string) (string, error) {
	var out struct {
		ID string `json:"id"`
	}
	err := c.call(ctx, "", "Extensions.loadUnpacked", map[string]any{"path": folder}, &out)
	return out.ID, err
}

// Address implements [Browser].
func (c *Chromium) Address(_ context.Context, id, page string) (string, error) {
	return "chrome-extension://" + id + "/" + page, nil
}

// SetDark implements [Browser].
func (c *Chromium) SetDark(_ context.Context, dark bool) error {
	c.dark = dark
	return nil
}

// Open implements [Browser].
func (c *Chromium) Open(ctx context.Context, address string) (Page, error) {
	var target struct {
		ID string `json:"targetId"`
	}
	// In a window of its own: a new tab would end the selection of others.
	if err := c.call(ctx, "", "Target.createTarget", map[string]any{"url": address, "newWindow": true}, &target); err != nil {
		return nil, err
	}
	p, err := c.attach(ctx, target.ID)
	if err != nil {
		return nil, err
	}
	scheme := "light"
	if c.dark {
		scheme = "dark"
	}
	media := map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}
	if err := c.call(ctx, p.session, "Emulation.setEmulatedMedia", media, nil); err != nil {
		return nil, err
	}
	return p, untilLoaded(ctx, p)
}

// attach takes hold of a target.
func (c *Chromium) attach(ctx context.Context, target string) (*chromiumPage, error) {
	var attached struct {
		Session string `json:"sessionId"`
	}
	err := c.call(ctx, "", "Target.attachToTarget", map[string]any{"targetId": target, "flatten": true}, &attached)
	return &chromiumPage{c, target, attached.Session}, err
}

// worker finds an extension's service worker, "" if it does not run.
func (c *Chromium) worker(ctx context.Context, id string) (target string, err error) {
	var targets struct {
		Infos []struct {
			ID   string `json:"targetId"`
			Type string `json:"type"`
			URL  string `json:"url"`
		} `json:"targetInfos"`
	}
	if err := c.call(ctx, "", "Target.getTargets", map[string]any{"filter": []any{map[string]any{}}}, &targets); err != nil {
		return "", err
	}
	for _, info := range targets.Infos {
		if info.Type == "service_worker" && strings.HasPrefix(info.URL, "chrome-extension://"+id+"/") {
			return info.ID, nil
		}
	}
	return "", nil
}

// WorkerRuns reports whether an extension's service worker runs.
func (c *Chromium) WorkerRuns(ctx context.Context, id string) (bool, error) {
	target, err := c.worker(ctx, id)
	return target != "", err
}

// StopWorker stops an extension's service worker, as Chromium does by itself when it pleases.
func (c *Chromium) StopWorker(ctx context.Context, id string) error {
	target, err := c.worker(ctx, id)
	if err != nil || target == "" {
		return err
	}
	return c.call(ctx, "", "Target.closeTarget", map[string]any{"targetId": target}, nil)
}

// InWorker runs the body of an async function in an extension's service worker. It is the way to what
// no page can do: there is no way to click a menu of a headless Chromium.
func (c *Chromium) InWorker(ctx context.Context, id string, out any, body string, args ...any) error {
	target, err := c.worker(ctx, id)
	if err != nil {
		return err
	}
	if target == "" {
		return errors.New("the extension's worker does not run")
	}
	worker, err := c.attach(ctx, target)
	if err != nil {
		return err
	}
	err = worker.Run(ctx, out, body, args...)
	// An attached worker is never stopped.
	return errors.Join(err, c.call(ctx, "", "Target.detachFromTarget", map[string]any{"sessionId": worker.session}, nil))
}

// Close implements [Browser].
func (c *Chromium) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), quitTime)
	defer cancel()
	err := c.call(ctx, "", "Browser.close", nil, nil)
	c.program.close()
	return errors.Join(err, c.in.Close())
}
