package tlspsk

import (
	"bytes"
	"errors"
	"testing"
)

// TestSecretsAreWiped looks at the arrays after the handshake and after Wipe.
func TestSecretsAreWiped(t *testing.T) {
	v := loadVectors(t).Transcripts[0]
	server := &side{conn: v.Params.server(t)}
	psk := server.conn.psk
	zero := func(name string, b []byte) {
		t.Helper()
		if !bytes.Equal(b, make([]byte, len(b))) {
			t.Errorf("%s is still there", name)
		}
	}
	for _, st := range v.Steps[:5] {
		if st.From == "client" {
			server.deliver(t, st.Record)
		}
	}
	if !server.conn.Connected() {
		t.Fatal("not connected")
	}
	zero("psk", psk)
	zero("key schedule", server.conn.schedule.secret)
	zero("finished key", server.conn.peerFinished)
	zero("pending receive secret", server.conn.pendingReceive)
	server.conn.Wipe()
	zero("receive iv", server.conn.in.iv[:])
	zero("send iv", server.conn.out.iv[:])
	if server.conn.in.aead != nil || server.conn.out.aead != nil {
		t.Error("a cipher is still there")
	}
}

func TestRecordBudget(t *testing.T) {
	v := loadVectors(t).Transcripts[0]
	server := &side{conn: v.Params.server(t)}
	for _, st := range v.Steps[:5] {
		if st.From == "client" {
			server.deliver(t, st.Record)
		}
	}
	server.conn.out.seq = maxRecords
	var alertErr *AlertError
	if _, err := server.conn.Send([]byte("x")); !errors.As(err, &alertErr) || alertErr.Alert != InternalError {
		t.Errorf("%v, want internal_error", err)
	}
}

// TestOversizedInnerPlaintext checks the limit that only a holder of the key can break.
func TestOversizedInnerPlaintext(t *testing.T) {
	var a, b halfConn
	secret := bytes.Repeat([]byte{1}, hashSize)
	for _, h := range []*halfConn{&a, &b} {
		if err := h.setSecret(secret); err != nil {
			t.Fatal(err)
		}
	}
	inner := append(make([]byte, MaxPlaintext+1), typeApplicationData)
	head := header(typeApplicationData, len(inner)+tagSize)
	record := a.aead.Seal(bytes.Clone(head), a.nonce(), inner, head)
	var alertErr *AlertError
	if _, _, err := b.open(record); !errors.As(err, &alertErr) || alertErr.Alert != RecordOverflow {
		t.Errorf("%v, want record_overflow", err)
	}
}
