package tlspsk

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// hexBytes reads lower-case hex out of the vector file.
type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	*h = raw
	return err
}

type params struct {
	PSK             hexBytes `json:"psk"`
	Identity        hexBytes `json:"psk_identity"`
	ClientRandom    hexBytes `json:"client_random"`
	LegacySessionID hexBytes `json:"legacy_session_id"`
	ServerRandom    hexBytes `json:"server_random"`
}

type step struct {
	From          string   `json:"from"`
	What          string   `json:"what"`
	Record        hexBytes `json:"record"`
	Content       hexBytes `json:"content"`
	ContentRepeat *struct {
		Byte  byte `json:"byte"`
		Count int  `json:"count"`
	} `json:"content_repeat"`
	RecordSHA256 hexBytes `json:"record_sha256"`
}

func (s step) payload() []byte {
	if r := s.ContentRepeat; r != nil {
		return bytes.Repeat([]byte{r.Byte}, r.Count)
	}
	return s.Content
}

func (s step) matches(record []byte) bool {
	if s.ContentRepeat != nil {
		sum := sha256.Sum256(record)
		return bytes.Equal(sum[:], s.RecordSHA256)
	}
	return bytes.Equal(record, s.Record)
}

type session struct {
	Name    string              `json:"name"`
	MadeBy  string              `json:"made_by"`
	Params  params              `json:"params"`
	Secrets map[string]hexBytes `json:"secrets"`
	Steps   []step              `json:"steps"`
}

type negative struct {
	Name          string     `json:"name"`
	Victim        string     `json:"victim"`
	Params        params     `json:"params"`
	Feed          []hexBytes `json:"feed"`
	Emitted       []hexBytes `json:"emitted"`
	EmittedByLast []hexBytes `json:"emitted_by_last"`
	SendBytes     int        `json:"send_bytes"`
	Error         struct {
		Class string `json:"js_class"`
		Alert Alert  `json:"alert"`
	} `json:"error"`
	SendAfterwards *struct {
		Blocked bool `json:"blocked"`
		Error   *struct {
			Alert Alert `json:"alert"`
		} `json:"error"`
		Emitted []hexBytes `json:"emitted"`
	} `json:"send_afterwards"`
}

type vectors struct {
	Transcripts []session  `json:"transcripts"`
	Crafted     []session  `json:"crafted"`
	Negative    []negative `json:"negative"`
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func loadVectors(t testing.TB) *vectors {
	t.Helper()
	v := &vectors{}
	readJSON(t, "pairing.json", v)
	return v
}

func (p params) server(t testing.TB) *Conn {
	t.Helper()
	c, err := NewServer(Config{PSK: p.PSK, Identity: p.Identity, Random: bytes.NewReader(p.ServerRandom)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// client gives a client that has not started.
func (p params) client(t testing.TB) *Conn {
	t.Helper()
	random := append(append([]byte(nil), p.ClientRandom...), p.LegacySessionID...)
	c, err := NewClient(Config{PSK: p.PSK, Identity: p.Identity, Random: bytes.NewReader(random)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// seen collects the key schedule of a connection.
func seen(c *Conn) map[string][]byte {
	secrets := map[string][]byte{}
	c.observe = func(name string, secret []byte) { secrets[name] = bytes.Clone(secret) }
	return secrets
}

func checkSecrets(t *testing.T, who string, got map[string][]byte, want map[string]hexBytes) {
	t.Helper()
	if len(got) < 9 {
		t.Errorf("%s: only %d secrets were derived", who, len(got))
	}
	for name, secret := range got {
		w, ok := want[name]
		if !ok {
			t.Errorf("%s: no vector for %s", who, name)
		} else if !bytes.Equal(secret, w) {
			t.Errorf("%s: %s = %x, want %x", who, name, secret, []byte(w))
		}
	}
}

// side is one connection under test with what it has emitted and not yet been asked for.
type side struct {
	conn   *Conn
	out    [][]byte
	events []Event
}

func (s *side) deliver(t *testing.T, record []byte) {
	t.Helper()
	result, err := s.conn.Receive(record)
	if err != nil {
		t.Fatalf("record refused: %v", err)
	}
	s.out = append(s.out, result.Out...)
	s.events = append(s.events, result.Events...)
}

// produce gives the record that a step asks for.
func (s *side) produce(t *testing.T, st step) []byte {
	t.Helper()
	var record []byte
	var err error
	switch st.What {
	case "application_data":
		record, err = s.conn.Send(st.payload())
	case "close_notify":
		record, err = s.conn.Close()
	default:
		if len(s.out) == 0 {
			t.Fatalf("%s: nothing to send for %s", st.From, st.What)
		}
		record, s.out = s.out[0], s.out[1:]
	}
	if err != nil {
		t.Fatalf("%s: %s: %v", st.From, st.What, err)
	}
	return record
}

// expect checks the event that a delivered step must have caused.
func (s *side) expect(t *testing.T, st step) {
	t.Helper()
	switch st.What {
	case "application_data":
		if len(s.events) == 0 || s.events[len(s.events)-1].Kind != ApplicationData ||
			!bytes.Equal(s.events[len(s.events)-1].Data, st.payload()) {
			t.Fatalf("payload of %s did not arrive", st.From)
		}
	case "close_notify":
		if len(s.events) == 0 || s.events[len(s.events)-1].Kind != Closed {
			t.Fatalf("close_notify of %s did not arrive", st.From)
		}
	}
}

func TestTranscripts(t *testing.T) {
	for _, v := range loadVectors(t).Transcripts {
		t.Run(v.Name, func(t *testing.T) {
			server := &side{conn: v.Params.server(t)}
			conn := v.Params.client(t)
			client := &side{conn: conn}
			clientSecrets, serverSecrets := seen(client.conn), seen(server.conn)
			hello, err := conn.Start()
			if err != nil {
				t.Fatal(err)
			}
			client.out = [][]byte{hello}
			for i, st := range v.Steps {
				from, to := client, server
				if st.From == "server" {
					from, to = server, client
				}
				record := from.produce(t, st)
				if !st.matches(record) {
					t.Fatalf("step %d (%s): record %.40x…, want %.40x…", i, st.What, record, []byte(st.Record))
				}
				to.deliver(t, record)
				to.expect(t, st)
			}
			if len(client.out)+len(server.out) != 0 {
				t.Errorf("records left over: client %d, server %d", len(client.out), len(server.out))
			}
			checkSecrets(t, "client", clientSecrets, v.Secrets)
			checkSecrets(t, "server", serverSecrets, v.Secrets)
		})
	}
}

// TestCrafted plays the accepted oddities of one crafted side against our other side.
func TestCrafted(t *testing.T) {
	for _, v := range loadVectors(t).Crafted {
		t.Run(v.Name, func(t *testing.T) {
			ours := "server"
			s := &side{conn: v.Params.server(t)}
			secrets := seen(s.conn)
			if v.MadeBy == "library client, crafted server" {
				ours = "client"
				conn := v.Params.client(t)
				s = &side{conn: conn}
				secrets = seen(conn)
				hello, err := conn.Start()
				if err != nil {
					t.Fatal(err)
				}
				s.out = [][]byte{hello}
			}
			for i, st := range v.Steps {
				if st.From != ours {
					s.deliver(t, st.Record)
					s.expect(t, st)
					continue
				}
				if record := s.produce(t, st); !st.matches(record) {
					t.Fatalf("step %d (%s): record %x, want %x", i, st.What, record, []byte(st.Record))
				}
			}
			if len(s.out) != 0 {
				t.Errorf("%d records left over", len(s.out))
			}
			checkSecrets(t, ours, secrets, v.Secrets)
		})
	}
}

func TestNegative(t *testing.T) {
	cases := loadVectors(t).Negative
	if len(cases) != 94 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, v := range cases {
		t.Run(v.Name, func(t *testing.T) { runNegative(t, v) })
	}
}

func runNegative(t *testing.T, v negative) {
	var emitted, last [][]byte
	conn := v.Params.server(t)
	if v.Victim == "client" {
		conn = v.Params.client(t)
		hello, err := conn.Start()
		if err != nil {
			t.Fatal(err)
		}
		emitted = append(emitted, hello)
	}
	var err error
	for i, record := range v.Feed {
		var result Result
		result, err = conn.Receive(record)
		last = result.Out
		emitted = append(emitted, last...)
		if err != nil && (i != len(v.Feed)-1 || v.SendBytes > 0) {
			t.Fatalf("record %d refused: %v", i, err)
		}
		if v.Name == "plaintext-close-notify" || v.Name == "data-after-close-notify" {
			checkClosing(t, conn, result, err)
			err = nil
		}
	}
	if v.SendBytes > 0 {
		var record []byte
		record, err = conn.Send(make([]byte, v.SendBytes))
		last = [][]byte{record}
		emitted = append(emitted, record)
	}
	compare(t, "emitted", emitted, v.Emitted)
	compare(t, "emitted by the last record", last, v.EmittedByLast)
	if v.Error.Class == "TLSCloseNotify" {
		checkStillSending(t, conn, v)
		return
	}
	checkDead(t, conn, err, v.Error.Alert)
}

func compare(t *testing.T, what string, got [][]byte, want []hexBytes) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d records, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("%s: record %d is %x, want %x", what, i, got[i], []byte(want[i]))
		}
	}
}

// checkClosing wants the record to be a clean close, or to be refused because of one.
func checkClosing(t *testing.T, conn *Conn, result Result, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	if !conn.recvClosed {
		return
	}
	if n := len(result.Events); n == 0 || result.Events[n-1].Kind != Closed {
		t.Fatalf("events %v, want the last to be Closed", result.Events)
	}
	if out, err := conn.Receive([]byte("anything")); !errors.Is(err, ErrClosed) || len(out.Out) != 0 {
		t.Fatalf("after close_notify: %v, %d records", err, len(out.Out))
	}
}

func checkStillSending(t *testing.T, conn *Conn, v negative) {
	t.Helper()
	record, err := conn.Send([]byte("x"))
	if v.SendAfterwards.Blocked {
		if !errors.Is(err, ErrNotConnected) {
			t.Fatalf("Send: %v, want ErrNotConnected", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(v.SendAfterwards.Emitted) == 1 && !bytes.Equal(record, v.SendAfterwards.Emitted[0]) {
		t.Errorf("sent %x, want %x", record, []byte(v.SendAfterwards.Emitted[0]))
	}
}

// checkDead wants the same error for ever and not a byte more.
func checkDead(t *testing.T, conn *Conn, err error, alert Alert) {
	t.Helper()
	var alertErr *AlertError
	if !errors.As(err, &alertErr) || alertErr.Alert != alert {
		t.Fatalf("error %v, want alert %v", err, alert)
	}
	for range 2 {
		result, again := conn.Receive([]byte{22, 3, 3, 0, 0})
		if !errors.Is(again, err) || len(result.Out) != 0 || len(result.Events) != 0 {
			t.Fatalf("Receive afterwards: %v, %v", result, again)
		}
		if record, again := conn.Send([]byte("x")); !errors.Is(again, err) || record != nil {
			t.Fatalf("Send afterwards: %x, %v", record, again)
		}
		if record, again := conn.Close(); !errors.Is(again, err) || record != nil {
			t.Fatalf("Close afterwards: %x, %v", record, again)
		}
	}
}
