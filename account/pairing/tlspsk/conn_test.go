package tlspsk_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/pairing/tlspsk"
)

var (
	testPSK      = bytes.Repeat([]byte{7}, 32)
	testIdentity = []byte("Qej-x4oDuRcw4pRwSL95zg")
)

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("no entropy") }

func newPair(t testing.TB, clientPSK []byte) (client, server *tlspsk.Conn) {
	t.Helper()
	server, err := tlspsk.NewServer(tlspsk.Config{PSK: testPSK, Identity: testIdentity})
	if err != nil {
		t.Fatal(err)
	}
	client, err = tlspsk.NewClient(tlspsk.Config{PSK: clientPSK, Identity: testIdentity})
	if err != nil {
		t.Fatal(err)
	}
	return client, server
}

// shuttle carries records to and fro until both sides are silent. It gives each side's first error.
func shuttle(client, server *tlspsk.Conn, first []byte) (clientErr, serverErr error) {
	toServer, toClient := [][]byte{first}, [][]byte(nil)
	for len(toServer)+len(toClient) > 0 {
		var result tlspsk.Result
		var err error
		if len(toServer) > 0 {
			result, err = server.Receive(toServer[0])
			toServer, toClient = toServer[1:], append(toClient, result.Out...)
			if serverErr == nil {
				serverErr = err
			}
			continue
		}
		result, err = client.Receive(toClient[0])
		toClient, toServer = toClient[1:], append(toServer, result.Out...)
		if clientErr == nil {
			clientErr = err
		}
	}
	return clientErr, serverErr
}

func start(t testing.TB, client *tlspsk.Conn) []byte {
	t.Helper()
	hello, err := client.Start()
	if err != nil {
		t.Fatal(err)
	}
	return hello
}

func connect(t testing.TB) (client, server *tlspsk.Conn) {
	t.Helper()
	client, server = newPair(t, testPSK)
	if ce, se := shuttle(client, server, start(t, client)); ce != nil || se != nil {
		t.Fatal(ce, se)
	}
	if !client.Connected() || !server.Connected() {
		t.Fatal("not connected")
	}
	return client, server
}

func TestFreshRandomness(t *testing.T) {
	a, _ := newPair(t, testPSK)
	b, _ := newPair(t, testPSK)
	if bytes.Equal(start(t, a), start(t, b)) {
		t.Error("two clients sent the same hello")
	}
}

func TestWrongKeyIsKnownToBothSides(t *testing.T) {
	client, server := newPair(t, bytes.Repeat([]byte{8}, 32))
	clientErr, serverErr := shuttle(client, server, start(t, client))
	var theirs, ours *tlspsk.AlertError
	if !errors.As(serverErr, &ours) || ours.Alert != tlspsk.DecryptError || ours.Remote {
		t.Errorf("server: %v", serverErr)
	}
	if !errors.As(clientErr, &theirs) || theirs.Alert != tlspsk.DecryptError || !theirs.Remote {
		t.Errorf("client: %v", clientErr)
	}
}

func TestConfigBounds(t *testing.T) {
	for name, cfg := range map[string]tlspsk.Config{
		"no key":        {Identity: testIdentity},
		"no identity":   {PSK: testPSK},
		"huge key":      {PSK: make([]byte, 1025), Identity: testIdentity},
		"huge identity": {PSK: testPSK, Identity: make([]byte, 1025)},
	} {
		if _, err := tlspsk.NewServer(cfg); err == nil {
			t.Errorf("%s: accepted by NewServer", name)
		}
		if _, err := tlspsk.NewClient(cfg); err == nil {
			t.Errorf("%s: accepted by NewClient", name)
		}
	}
}

func TestConfigIsCopied(t *testing.T) {
	psk, identity := bytes.Clone(testPSK), bytes.Clone(testIdentity)
	server, err := tlspsk.NewServer(tlspsk.Config{PSK: psk, Identity: identity})
	if err != nil {
		t.Fatal(err)
	}
	clear(psk)
	clear(identity)
	client, _ := newPair(t, testPSK)
	if ce, se := shuttle(client, server, start(t, client)); ce != nil || se != nil {
		t.Fatal(ce, se)
	}
}

func TestOnlyAClientStartsAndOnce(t *testing.T) {
	client, server := newPair(t, testPSK)
	if _, err := server.Start(); err == nil {
		t.Error("a server started")
	}
	start(t, client)
	if _, err := client.Start(); err == nil {
		t.Error("a client started twice")
	}
}

func TestRandomSourceFails(t *testing.T) {
	cfg := tlspsk.Config{PSK: testPSK, Identity: testIdentity, Random: failingReader{}}
	client, err := tlspsk.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Start(); err == nil {
		t.Error("a client started without randomness")
	}
	server, err := tlspsk.NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	good, _ := newPair(t, testPSK)
	result, err := server.Receive(start(t, good))
	if err == nil || len(result.Out) != 1 || result.Out[0][6] != byte(tlspsk.InternalError) {
		t.Errorf("%v, %x, want one internal_error", err, result.Out)
	}
}

func TestHalfClose(t *testing.T) {
	client, server := connect(t)
	bye, err := client.Close()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Close(); !errors.Is(err, tlspsk.ErrSendClosed) {
		t.Errorf("second Close: %v", err)
	}
	if _, err := client.Send([]byte("x")); !errors.Is(err, tlspsk.ErrSendClosed) {
		t.Errorf("Send after Close: %v", err)
	}
	if result, err := server.Receive(bye); err != nil || len(result.Events) != 1 || result.Events[0].Kind != tlspsk.Closed {
		t.Fatalf("%v, %v", result, err)
	}
	record, err := server.Send([]byte("last words"))
	if err != nil {
		t.Fatal(err)
	}
	result, err := client.Receive(record)
	if err != nil || len(result.Events) != 1 || string(result.Events[0].Data) != "last words" {
		t.Errorf("%v, %v", result, err)
	}
}

func TestGivingUpMidway(t *testing.T) {
	client, server := newPair(t, testPSK)
	hello := start(t, client)
	bye, err := client.Close()
	if err != nil {
		t.Fatal(err)
	}
	flight, err := server.Receive(hello)
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range flight.Out {
		if result, err := client.Receive(record); err != nil || len(result.Out) != 0 || len(result.Events) != 0 {
			t.Errorf("a client that gave up answered %v, %v", result, err)
		}
	}
	// The plaintext close_notify reaches a server that already expects encryption.
	var alertErr *tlspsk.AlertError
	if _, err := server.Receive(bye); !errors.As(err, &alertErr) || alertErr.Alert != tlspsk.DecodeError {
		t.Errorf("server: %v", err)
	}
}

func TestServerGivesUpBeforeAnybodyJoins(t *testing.T) {
	client, server := newPair(t, testPSK)
	bye, err := server.Close()
	if err != nil {
		t.Fatal(err)
	}
	hello := start(t, client)
	if result, err := client.Receive(bye); err != nil || len(result.Events) != 1 || result.Events[0].Kind != tlspsk.Closed {
		t.Fatalf("%v, %v", result, err)
	}
	if result, err := server.Receive(hello); err != nil || len(result.Out)+len(result.Events) != 0 {
		t.Errorf("%v, %v", result, err)
	}
}

func TestWipe(t *testing.T) {
	client, _ := connect(t)
	client.Wipe()
	if _, err := client.Send([]byte("x")); !errors.Is(err, tlspsk.ErrWiped) {
		t.Errorf("Send: %v", err)
	}
	if _, err := client.Receive([]byte("x")); !errors.Is(err, tlspsk.ErrWiped) {
		t.Errorf("Receive: %v", err)
	}
	if _, err := client.Close(); !errors.Is(err, tlspsk.ErrWiped) {
		t.Errorf("Close: %v", err)
	}
}

func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		err  *tlspsk.AlertError
		want string
	}{
		{&tlspsk.AlertError{Alert: tlspsk.DecryptError}, "refused: decrypt_error"},
		{&tlspsk.AlertError{Alert: 90, Remote: true}, "the other side reported alert 90"},
	} {
		if got := c.err.Error(); !strings.Contains(got, c.want) {
			t.Errorf("%q lacks %q", got, c.want)
		}
	}
}
