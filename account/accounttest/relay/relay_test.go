package relay

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/memnet"
)

// rawRelay is a relay on an in-memory network, spoken to with raw frames.
type rawRelay struct {
	t     *testing.T
	relay *Server
	net   *memnet.Network
}

// inBubble runs a test with a relay whose timers obey the bubble.
func inBubble(t *testing.T, params Params, test func(*testing.T, *rawRelay)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		params.Random = rand.Reader
		r := &rawRelay{t: t, relay: New(params), net: memnet.New()}
		mux := http.NewServeMux()
		mux.Handle("/v1/ws/", r.relay)
		server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
		done := make(chan struct{})
		go func() { defer close(done); _ = server.Serve(r.net) }()
		defer func() {
			r.relay.Close()
			if err := server.Close(); err != nil {
				t.Error(err)
			}
			<-done
		}()
		test(t, r)
	})
}

// rawMember is one connection, after the handshake.
type rawMember struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
	id   string
}

func (r *rawRelay) dial(path string, header http.Header) (*rawMember, *http.Response) {
	r.t.Helper()
	conn, err := r.net.Dial(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodGet, "http://"+memnet.Host+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	for name, value := range map[string]string{
		"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
	} {
		if req.Header.Get(name) == "" {
			req.Header.Set(name, value)
		}
	}
	if err := req.Write(conn); err != nil {
		r.t.Fatal(err)
	}
	m := &rawMember{t: r.t, conn: conn, r: bufio.NewReader(conn)}
	resp, err := http.ReadResponse(m.r, req)
	if err != nil {
		conn.Close()
		return m, nil
	}
	return m, resp
}

// open joins path and reads the greeting.
func (r *rawRelay) open(path string) *rawMember {
	r.t.Helper()
	m, resp := r.dial(path, http.Header{"User-Agent": {"Member/1"}})
	if resp == nil || resp.StatusCode != http.StatusSwitchingProtocols {
		r.t.Fatalf("no upgrade: %v", resp)
	}
	if got := resp.Header.Get("Sec-WebSocket-Accept"); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		r.t.Fatalf("accept key %q", got)
	}
	var greeting struct{ ChannelID, Link string }
	if err := json.Unmarshal([]byte(m.text()), &greeting); err != nil {
		r.t.Fatal(err)
	}
	if greeting.Link != "/v1/ws/"+greeting.ChannelID || len(greeting.ChannelID) != 22 {
		r.t.Fatalf("greeting %+v", greeting)
	}
	m.id = greeting.ChannelID
	return m
}

// frame reads one frame of the relay.
func (m *rawMember) frame() (byte, []byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(m.r, head[:]); err != nil {
		return 0, nil, err
	}
	size := int(head[1])
	if size == 126 {
		var long [2]byte
		if _, err := io.ReadFull(m.r, long[:]); err != nil {
			return 0, nil, err
		}
		size = int(long[0])<<8 | int(long[1])
	}
	payload := make([]byte, size)
	_, err := io.ReadFull(m.r, payload)
	return head[0], payload, err
}

// text reads the next text frame and fails on anything but pings before it.
func (m *rawMember) text() string {
	m.t.Helper()
	for {
		head, payload, err := m.frame()
		if err != nil {
			m.t.Fatalf("waiting for text: %v", err)
		}
		switch head {
		case final | opText:
			return string(payload)
		case final | opPing:
		default:
			m.t.Fatalf("frame %#x", head)
		}
	}
}

// ended wants the stream to end without a close frame.
func (m *rawMember) ended() {
	m.t.Helper()
	for {
		head, _, err := m.frame()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return
		}
		if err != nil {
			m.t.Fatal(err)
		}
		if head != final|opPing {
			m.t.Fatalf("frame %#x before the end", head)
		}
	}
}

// raw sends a masked frame with the given first byte.
func (m *rawMember) raw(first byte, payload []byte) {
	m.t.Helper()
	frame := frame(first&0x0f, payload)
	frame[0] = first
	frame[1] |= masked
	body := append([]byte{9, 8, 7, 6}, payload...)
	for i := range payload {
		body[4+i] ^= body[i%4]
	}
	frame = append(frame[:len(frame)-len(payload)], body...)
	if _, err := m.conn.Write(frame); err != nil {
		m.t.Fatal(err)
	}
}

func (m *rawMember) say(text string) {
	m.t.Helper()
	m.raw(final|opText, []byte(text))
}

func TestPassesText(t *testing.T) {
	inBubble(t, Params{}, func(t *testing.T, r *rawRelay) {
		r.relay.SetPlace(func(lang string) Place {
			if lang == "de" {
				return Place{City: "Köln", Country: "Deutschland"}
			}
			return Place{}
		})
		a := r.open("/v1/ws/")
		b, _ := r.dial("/v1/ws/"+a.id, http.Header{"Accept-Language": {"de"}, "User-Agent": {"B/2"}})
		b.text()
		c := r.open("/v1/ws/" + a.id)
		b.say("  not base64: ü \r\n")
		for _, m := range []*rawMember{a, c} {
			var envelope struct {
				Message string
				Sender  map[string]string
			}
			if err := json.Unmarshal([]byte(m.text()), &envelope); err != nil {
				t.Fatal(err)
			}
			if envelope.Message != "not base64: ü" {
				t.Errorf("message %q", envelope.Message)
			}
			want := map[string]string{"ua": "B/2", "remote": "127.0.0.1", "city": "Köln", "country": "Deutschland"}
			if len(envelope.Sender) != len(want) {
				t.Errorf("sender %v", envelope.Sender)
			}
			for name, value := range want {
				if envelope.Sender[name] != value {
					t.Errorf("sender.%s = %q", name, envelope.Sender[name])
				}
			}
		}
		if n := r.relay.Members(a.id); n != 3 {
			t.Errorf("%d members", n)
		}
	})
}

func TestPaths(t *testing.T) {
	inBubble(t, Params{}, func(t *testing.T, r *rawRelay) {
		a := r.open("/v1/ws/")
		raw, err := base64.RawURLEncoding.DecodeString(a.id)
		if err != nil {
			t.Fatal(err)
		}
		if _, resp := r.dial("/v1/ws", nil); resp == nil || resp.StatusCode == http.StatusSwitchingProtocols {
			t.Error("/v1/ws was upgraded")
		}
		if _, resp := r.dial("/v1/ws/a/b", nil); resp == nil || resp.StatusCode != http.StatusNotFound {
			t.Error("a deeper path was found")
		}
		if m := r.open("/v1/ws/" + a.id + "=="); m.id != a.id {
			t.Error("padding was not tolerated")
		}
		longer := base64.RawURLEncoding.EncodeToString(append(raw, 1, 2))
		if m := r.open("/v1/ws/" + longer); m.id != a.id {
			t.Error("a longer id was not cut")
		}
		if m := r.open("/v1/ws/not*base64"); m.id == a.id {
			t.Error("an unreadable id did not open a new channel")
		}
		if _, resp := r.dial("/v1/ws/"+base64.RawURLEncoding.EncodeToString(raw[:15]), nil); resp != nil {
			t.Error("a short id was answered")
		}
		m, resp := r.dial("/v1/ws/AAAAAAAAAAAAAAAAAAAAAA", nil)
		if resp == nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatal("an unknown id was not upgraded")
		}
		m.ended()
		if _, resp := r.dial("/v1/ws/", http.Header{"Sec-Websocket-Version": {"8"}}); resp == nil || resp.StatusCode != http.StatusBadRequest {
			t.Error("an old version was upgraded")
		}
	})
}

func TestEleventhMessageEndsTheChannel(t *testing.T) {
	inBubble(t, Params{}, func(t *testing.T, r *rawRelay) {
		a := r.open("/v1/ws/")
		b := r.open("/v1/ws/" + a.id)
		for range 5 {
			a.say("x")
			b.text()
			b.say("y")
			a.text()
		}
		a.say("one too many")
		a.ended()
		b.ended()
		synctest.Wait()
		if n := r.relay.Members(a.id); n != 0 {
			t.Errorf("%d members left", n)
		}
	})
}

func TestCountsFromJoining(t *testing.T) {
	inBubble(t, Params{Limits: Limits{Messages: 2, Members: 3, Ping: time.Second, Silence: time.Minute}},
		func(t *testing.T, r *rawRelay) {
			a := r.open("/v1/ws/")
			a.say("1") // nobody hears it, but it counts for a
			a.say("2")
			synctest.Wait()
			b := r.open("/v1/ws/" + a.id)
			b.say("3")
			a.ended()
			b.ended()
		})
}

func TestByteLimit(t *testing.T) {
	inBubble(t, Params{}, func(t *testing.T, r *rawRelay) {
		limits := DefaultLimits()
		limits.Bytes = 8
		r.relay.SetLimits(limits)
		a := r.open("/v1/ws/")
		b := r.open("/v1/ws/" + a.id)
		a.say("12345678")
		b.text()
		a.say("9")
		a.ended()
		b.ended()
	})
}

func TestFourthMember(t *testing.T) {
	inBubble(t, Params{}, func(t *testing.T, r *rawRelay) {
		a := r.open("/v1/ws/")
		r.open("/v1/ws/" + a.id)
		c := r.open("/v1/ws/" + a.id)
		d, resp := r.dial("/v1/ws/"+a.id, nil)
		if resp == nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatal("not upgraded")
		}
		d.ended()
		c.conn.Close()
		synctest.Wait()
		r.open("/v1/ws/" + a.id) // there is room again
	})
}

func TestLeavingIsNotAnnounced(t *testing.T) {
	inBubble(t, Params{}, func(t *testing.T, r *rawRelay) {
		a := r.open("/v1/ws/")
		b := r.open("/v1/ws/" + a.id)
		b.raw(final|opClose, []byte{3, 0xe8})
		b.ended() // the close frame is not answered
		synctest.Wait()
		if err := a.conn.SetReadDeadline(time.Now().Add(4 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if head, _, err := a.frame(); err == nil {
			t.Errorf("the other member got frame %#x", head)
		}
	})
}

func TestRefusedFrames(t *testing.T) {
	big := bytes.Repeat([]byte("x"), maxFrame+1)
	for name, send := range map[string]func(*rawMember){
		"fragment":       func(m *rawMember) { m.raw(opText, []byte("first half")) },
		"continuation":   func(m *rawMember) { m.raw(final, []byte("half")) },
		"reserved bit":   func(m *rawMember) { m.raw(final|0x40|opText, []byte("x")) },
		"unknown opcode": func(m *rawMember) { m.raw(final|3, nil) },
		"oversized": func(m *rawMember) { // the length alone is enough
			head := frame(opText, big)[:10]
			head[1] |= masked
			if _, err := m.conn.Write(head); err != nil {
				m.t.Error(err)
			}
		},
		"long ping": func(m *rawMember) { m.raw(final|opPing, big[:126]) },
		"not utf-8": func(m *rawMember) { m.raw(final|opText, []byte{0xff}) },
		"unmasked": func(m *rawMember) {
			if _, err := m.conn.Write(frame(opText, []byte("x"))); err != nil {
				m.t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Params{}, func(t *testing.T, r *rawRelay) {
				a := r.open("/v1/ws/")
				b := r.open("/v1/ws/" + a.id)
				send(b)
				b.ended()
				c := r.open("/v1/ws/" + a.id)
				a.say("hello")
				if !strings.Contains(c.text(), "hello") {
					t.Error("the channel is gone")
				}
			})
		})
	}
}

func TestBinaryIsIgnored(t *testing.T) {
	inBubble(t, Params{}, func(t *testing.T, r *rawRelay) {
		a := r.open("/v1/ws/")
		b := r.open("/v1/ws/" + a.id)
		for range 20 {
			b.raw(final|opBinary, []byte("x"))
		}
		b.raw(final|opPing, []byte("p"))
		if head, payload, err := b.frame(); err != nil || head != final|opPong || string(payload) != "p" {
			t.Fatalf("%#x %q %v, want a pong", head, payload, err)
		}
		b.say("text")
		if !strings.Contains(a.text(), `"message":"text"`) {
			t.Error("text did not arrive")
		}
	})
}

func TestPingsAndSilence(t *testing.T) {
	inBubble(t, Params{}, func(t *testing.T, r *rawRelay) {
		start := time.Now()
		quiet, lively := r.open("/v1/ws/"), r.open("/v1/ws/")
		ended := make(chan time.Duration)
		go func() {
			quiet.ended()
			ended <- time.Since(start)
		}()
		for pings := range 30 {
			head, _, err := lively.frame()
			if err != nil || head != final|opPing {
				t.Fatalf("%#x, %v", head, err)
			}
			if want := time.Duration(pings+1) * 5 * time.Second; time.Since(start) != want {
				t.Fatalf("ping %d after %v", pings, time.Since(start))
			}
			lively.raw(final|opPong, nil)
			if pings == 11 {
				if d := <-ended; d != time.Minute {
					t.Errorf("the silent member was dropped after %v", d)
				}
			}
		}
	})
}

func TestRestart(t *testing.T) {
	inBubble(t, Params{}, func(t *testing.T, r *rawRelay) {
		a := r.open("/v1/ws/")
		b := r.open("/v1/ws/" + a.id)
		r.relay.Restart()
		a.ended()
		b.ended()
		m, _ := r.dial("/v1/ws/"+a.id, nil)
		m.ended()
		r.open("/v1/ws/")
	})
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte{0x81, 0x82, 1, 2, 3, 4, 5, 6})
	f.Add([]byte{0x81, 0xfe, 0, 126, 1, 2, 3, 4})
	f.Add([]byte{0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		first, err := readFrame(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return
		}
		// What was read, sent on and masked with zeros, reads the same.
		again := frame(first.opcode, first.payload)
		again[1] |= masked
		head := len(again) - len(first.payload)
		again = append(again[:head:head], append([]byte{0, 0, 0, 0}, first.payload...)...)
		back, err := readFrame(bufio.NewReader(bytes.NewReader(again)))
		if err != nil || back.opcode != first.opcode || !bytes.Equal(back.payload, first.payload) {
			t.Fatalf("%v: %x became %x", err, first.payload, back.payload)
		}
	})
}
