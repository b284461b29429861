//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tabferry/tabferry/packaging/box"
	"github.com/tabferry/tabferry/ui/extension"
)

// sendRuns is how often the ways of sending are timed: enough for one in twenty to mean something.
const sendRuns = 100

// sends measures how long it takes from a link to the server's acceptance, on the in-process service:
// by the command line, and through the browser's host, started anew for each send and on a port left open.
func (b *bench) sends(ctx context.Context, app *box.App) error {
	r, err := app.Run(ctx, "send", "--all", "https://example.org/")
	if err == nil && r.Code != 0 {
		err = errors.New(r.Err)
	}
	if err != nil {
		return fmt.Errorf("send: %w", err)
	}
	for _, way := range []struct {
		name string
		send func(link string) error
	}{
		{"`echo URL \\| tabferry send -`, accepted by the server", func(link string) error {
			r, err := app.RunInput(ctx, link+"\n", "send", "-")
			if err == nil && r.Code != 0 {
				err = fmt.Errorf("send: %s", r.Err)
			}
			return err
		}},
		{"extension host started, send, host ended", func(link string) error {
			r, err := app.RunInput(ctx, frames(sendMessage(link)), "extension-host", extension.HostName+".json", extension.GeckoID)
			if err == nil && !bytes.Contains([]byte(r.Out), []byte(`"ok":true`)) {
				err = fmt.Errorf("host: %s %s", r.Out, r.Err)
			}
			return err
		}},
	} {
		times := make([]time.Duration, 0, sendRuns)
		for i := range sendRuns {
			began := time.Now()
			if err := way.send(fmt.Sprintf("https://example.org/%d", i)); err != nil {
				return err
			}
			times = append(times, time.Since(began))
		}
		b.add(row{way.name, "", spread(times), ""})
	}
	times, err := onPort(app)
	if err != nil {
		return err
	}
	b.add(row{"send on a port left open, to the event that says accepted", "", spread(times), ""})
	return nil
}

func sendMessage(link string) map[string]any {
	return map[string]any{"v": 1, "id": "s", "type": "send", "items": []map[string]string{{"url": link}}, "to": "last"}
}

// frames are messages as a browser writes them.
func frames(messages ...map[string]any) string {
	var b bytes.Buffer
	for _, m := range messages {
		text, err := json.Marshal(m)
		if err != nil {
			panic(err) // texts and numbers
		}
		b.Write(binary.NativeEndian.AppendUint32(nil, uint32(len(text)))) // #nosec G115 -- a short message of our own
		b.Write(text)
	}
	return b.String()
}

// onPort sends through one host, as a popup that is open does, and waits for each acceptance.
func onPort(app *box.App) (times []time.Duration, err error) {
	cmd := app.Command(app.Lean, "extension-host", extension.HostName+".json", extension.GeckoID)
	cmd.Stdout, cmd.Stderr = nil, nil
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		if closed := in.Close(); err == nil {
			err = closed
		}
		if ended := cmd.Wait(); err == nil {
			err = ended
		}
	}()
	if _, err := io.WriteString(in, frames(map[string]any{"v": 1, "id": "w", "type": "watch"})); err != nil {
		return nil, err
	}
	for i := range sendRuns {
		began := time.Now()
		if _, err := io.WriteString(in, frames(sendMessage(fmt.Sprintf("https://example.org/%d", i)))); err != nil {
			return nil, err
		}
		if err := untilAccepted(answers); err != nil {
			return nil, err
		}
		times = append(times, time.Since(began))
	}
	return times, nil
}

// untilAccepted reads messages until the send that was answered is no longer waiting.
func untilAccepted(from io.Reader) error {
	id := ""
	for {
		var size [4]byte
		if _, err := io.ReadFull(from, size[:]); err != nil {
			return err
		}
		text := make([]byte, binary.NativeEndian.Uint32(size[:]))
		if _, err := io.ReadFull(from, text); err != nil {
			return err
		}
		type send struct{ ID, State string }
		var m struct {
			ID     string
			OK     bool
			Result struct{ Sends []send }
			Event  struct{ Sends []send }
		}
		if err := json.Unmarshal(text, &m); err != nil {
			return err
		}
		if m.ID == "s" {
			if !m.OK || len(m.Result.Sends) != 1 {
				return fmt.Errorf("host: %s", text)
			}
			id = m.Result.Sends[0].ID
		}
		for _, s := range m.Event.Sends {
			if s.ID == id && s.State != "waiting" {
				return nil
			}
		}
	}
}
