package localapi

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Face names who is watching; the agent counts windows, so that a second start can find the first.
type Face string

// The faces.
const (
	FaceWindow    Face = "window"
	FaceTray      Face = "tray"
	FaceNotify    Face = "notify"
	FaceCommand   Face = "command"
	FaceExtension Face = "extension" // a host that a browser started
	FaceAutostart Face = "autostart" // the agent's own entry in the desktop's list
)

func (f Face) check() error {
	switch f {
	case FaceWindow, FaceTray, FaceNotify, FaceCommand, FaceExtension, FaceAutostart:
		return nil
	default:
		return usage("face is window, tray, notify, command, extension or autostart")
	}
}

// silenceTime is how long a watch may be silent: an agent that lives says a word every keepAlive, and
// one may be lost to a busy machine.
const silenceTime = 2*keepAlive + AnswerTime

// maxUpdate bounds one update: a snapshot with two full lists and a burst of events.
const maxUpdate = 32 << 20

// Watch yields the present state at once and then every change until ctx ends or the agent is gone or
// silent for too long ([AnswerTime] at the beginning, two words missed later);
// the last pair holds the error, a cancelled context's cause included. It does not reconnect.
// The stream is server-sent events (WHATWG HTML, 9.2), one JSON Update in each; with changes=1 later
// ones tell what is new, as described above.
func (c *Client) Watch(ctx context.Context, face Face) iter.Seq2[Update, error] {
	updates := c.watchHTTP(ctx, face)
	if c.local != nil {
		updates = c.local.watchLocal(ctx, face)
	}
	if c.say == nil {
		return updates
	}
	return func(yield func(Update, error) bool) {
		for u, err := range updates {
			if err == nil {
				c.speak(&u)
			}
			if !yield(u, c.spokenError(err)) {
				return
			}
		}
	}
}

func (c *Client) watchHTTP(ctx context.Context, face Face) iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		ctx, lose := context.WithCancelCause(ctx)
		defer lose(nil)
		silence := time.AfterFunc(AnswerTime, func() { lose(silent.Refuse(CodeNotReachable)) })
		defer silence.Stop()
		response, err := c.send(ctx, http.MethodGet, "/v1/watch?changes=1&face="+url.QueryEscape(string(face)), nil)
		if err != nil {
			yield(Update{}, err)
			return
		}
		defer response.Body.Close()
		var latest Snapshot
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(make([]byte, 0, 64<<10), maxUpdate)
		for lines.Scan() {
			text, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
			if !ok {
				silence.Reset(silenceTime)
				continue // a comment that keeps the stream alive, or the blank line between events
			}
			var m message
			err := json.Unmarshal(text, &m)
			if err == nil {
				err = m.follow(&latest)
			}
			if err != nil {
				yield(Update{}, badAnswer.Refuse(CodeInternal))
				return
			}
			silence.Stop() // the reader may take its time
			if !yield(Update{latest, m.Events}, nil) {
				return
			}
			silence.Reset(silenceTime)
		}
		err = lines.Err()
		if err == nil {
			err = io.EOF
		}
		yield(Update{}, notReachable(ctx, err))
	}
}
