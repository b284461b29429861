package tlspsk

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/crypto/cryptobyte"
)

// FuzzReceive feeds both roles, in every state a transcript reaches, with one arbitrary record:
// whatever is refused makes exactly one alert and nothing ever after, and nothing is both refused
// and acted upon.
func FuzzReceive(f *testing.F) {
	v := loadVectors(f)
	for _, n := range v.Negative {
		for i, record := range n.Feed {
			f.Add(uint8(i), n.Victim == "client", []byte(record))
		}
	}
	basic := v.Transcripts[0]
	f.Fuzz(func(t *testing.T, steps uint8, client bool, record []byte) {
		conn, from := basic.Params.server(t), "client"
		if client {
			conn, from = basic.Params.client(t), "server"
			if _, err := conn.Start(); err != nil {
				t.Fatal(err)
			}
		}
		for _, st := range basic.Steps[:min(int(steps), 11)] {
			if st.From == from {
				if _, err := conn.Receive(st.Record); err != nil {
					t.Fatal(err)
				}
			}
		}
		result, err := conn.Receive(record)
		if err == nil {
			return
		}
		alerts := 0
		for _, out := range result.Out {
			if out[0] == typeAlert || (out[0] == typeApplicationData && len(out) == headerSize+2+1+tagSize) {
				alerts++
			}
		}
		if alerts != 1 {
			t.Fatalf("%d alerts in %x after %v", alerts, result.Out, err)
		}
		again, err2 := conn.Receive(record)
		if !errors.Is(err2, err) || len(again.Out)+len(again.Events) != 0 {
			t.Fatalf("a dead connection answered %v, %v", again, err2)
		}
	})
}

// FuzzHandshakeMessage wants every hello that is accepted to hold what it says: rebuilt from its
// parts, our own form of it parses to the same parts.
func FuzzHandshakeMessage(f *testing.F) {
	v := loadVectors(f)
	for _, session := range append(v.Transcripts, v.Crafted...) {
		for _, st := range session.Steps {
			if len(st.Record) > headerSize && st.Record[0] == typeHandshake {
				f.Add([]byte(st.Record[headerSize:]))
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := cryptobyte.String(raw)
		var msgType uint8
		var body cryptobyte.String
		if !s.ReadUint8(&msgType) || !s.ReadUint24LengthPrefixed(&body) || !s.Empty() {
			return
		}
		msg, err := parseMessage(msgType, body)
		if err != nil {
			var alertErr *AlertError
			if !errors.As(err, &alertErr) {
				t.Fatalf("%v is no alert", err)
			}
			return
		}
		switch m := msg.(type) {
		case *clientHello:
			if m.extensions.bindersSize > len(raw) || len(m.extensions.binders) != len(m.extensions.identities) {
				t.Fatal("binder list out of bounds")
			}
			if len(m.extensions.identities) == 0 {
				return
			}
			rebuilt := buildClientHello(m.random, m.sessionID, m.extensions.identities[0])
			again, err := parseClientHello(rebuilt[4:])
			if err != nil || !bytes.Equal(again.random, m.random) || !bytes.Equal(again.sessionID, m.sessionID) ||
				!bytes.Equal(again.extensions.identities[0], m.extensions.identities[0]) {
				t.Fatalf("rebuilt hello differs: %v", err)
			}
		case *serverHello:
			rebuilt := buildServerHello(m.random, m.sessionID, int(m.extensions.selected))
			again, err := parseServerHello(rebuilt[4:])
			if err != nil || again.extensions.selected != m.extensions.selected || !bytes.Equal(again.random, m.random) {
				t.Fatalf("rebuilt hello differs: %v", err)
			}
		case *finished:
			if !bytes.Equal(buildFinished(m.verifyData), raw) {
				t.Fatal("finished differs")
			}
		}
	})
}
