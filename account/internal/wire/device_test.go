package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/internal/wire"
)

// TestDevicesAreTolerant reads lists in which something is odd.
func TestDevicesAreTolerant(t *testing.T) {
	_, client := serve(t, answers(`[
		{"id":"a","name":"A","type":"desktop","isCurrentDevice":true,"pushEndpointExpired":false,"availableCommands":{"c":"v","odd":1},
		 "lastAccessTime":1795292360512,"location":{"city":"Bern","country":"Switzerland"},"pushCallback":"p","pushPublicKey":"k","pushAuthKey":"s"},
		{"id":"b","name":"B","type":null,"location":[],"lastAccessTime":null,"pushCallback":null,"availableCommands":null,"new":{}},
		{"id":"c","name":"C","type":7,"pushEndpointExpired":"yes","lastAccessTime":"x"},
		{"id":5,"name":"D"}, "text", null, {"name":"no id"}, {"id":"e","name":7}
	]`))
	list, err := client.Devices(t.Context(), wire.Bearer(secret), time.Time{})
	if err != nil || len(list) != 3 {
		t.Fatalf("%d devices, %v", len(list), err)
	}
	a, b, c := list[0], list[1], list[2]
	if a.Type != "desktop" || !bool(a.IsCurrentDevice) || a.AvailableCommands["c"] != "v" || len(a.AvailableCommands) != 1 ||
		a.LastAccessTime != 1795292360512 || a.Location.City != "Bern" || a.PushAuthKey != "s" {
		t.Errorf("the first reads %+v", a)
	}
	if b.ID != "b" || b.Type != "" || b.LastAccessTime != 0 || b.AvailableCommands != nil || b.PushCallback != "" {
		t.Errorf("the second reads %+v", b)
	}
	if c.ID != "c" || c.Type != "" || bool(c.PushEndpointExpired) {
		t.Errorf("the third reads %+v", c)
	}
}

func TestDevicesQuery(t *testing.T) {
	s, client := serve(t, answers(`[]`))
	since := time.UnixMilli(1793477960466)
	for want, at := range map[string]time.Time{"filterIdleDevicesTimestamp=1793477960466": since, "": {}} {
		if _, err := client.Devices(t.Context(), wire.Bearer(secret), at); err != nil {
			t.Fatal(err)
		}
		if r, _ := s.last(); r.URL.RawQuery != want {
			t.Errorf("query is %q, want %q", r.URL.RawQuery, want)
		}
	}
}

func TestDeviceUpdateMembers(t *testing.T) {
	name, commands, none := "a & b", map[string]string{"c": "v"}, map[string]string{}
	s, client := serve(t, answers(`{"id":"d"}`))
	for want, u := range map[string]wire.DeviceUpdate{
		`{}`:                              {},
		`{"name":"a \u0026 b"}`:           {Name: &name},
		`{"name":null}`:                   {ClearName: true},
		`{"availableCommands":{"c":"v"}}`: {AvailableCommands: &commands},
		`{"availableCommands":{}}`:        {AvailableCommands: &none},
		`{"type":"mobile","id":"d"}`:      {Type: "mobile", ID: "d"},
		`{"pushCallback":"p","pushPublicKey":"k","pushAuthKey":"a"}`: {PushCallback: "p", PushPublicKey: "k", PushAuthKey: "a"},
	} {
		if _, err := client.UpdateDevice(t.Context(), wire.Bearer(secret), u); err != nil {
			t.Fatal(err)
		}
		if _, body := s.last(); body != want {
			t.Errorf("sent %s, want %s", body, want)
		}
	}
}

func TestCommands(t *testing.T) {
	s, client := serve(t, answers(`{"index":7,"last":true,"messages":[
		{"index":6,"data":{"command":"c","payload":{"encrypted":"x"},"sender":"s"}},
		{"index":7,"data":{"command":5,"payload":"text"}}]}`))
	page, err := client.Commands(t.Context(), wire.Bearer(secret), 6, 1)
	if err != nil {
		t.Fatal(err)
	}
	if r, _ := s.last(); r.URL.RawQuery != "index=6&limit=1" {
		t.Errorf("query is %s", r.URL.RawQuery)
	}
	if page.Index != 7 || !page.Last || len(page.Messages) != 2 || page.Messages[0].Sender != "s" ||
		string(page.Messages[0].Payload) != `{"encrypted":"x"}` || page.Messages[1].Command != "" || page.Messages[1].Index != 7 {
		t.Errorf("page is %+v", page)
	}
}

// A message of another shape is one bad message: those beside it are received, whatever their order.
func TestOddCommands(t *testing.T) {
	for odd, want := range map[string]string{
		`{"index":6,"data":"text"}`:              "5:c 6: 7:c",
		`{"index":6,"data":["c"]}`:               "5:c 6: 7:c",
		`{"index":6,"data":null}`:                "5:c 6: 7:c",
		`{"index":6}`:                            "5:c 6: 7:c",
		`{"index":"6","data":{"command":"c"}}`:   "5:c 7:c",
		`{"index":6.5,"data":{"command":"c"}}`:   "5:c 7:c",
		`{"index":1e99,"data":{"command":"c"}}`:  "5:c 7:c",
		`"text"`:                                 "5:c 7:c",
		`[6]`:                                    "5:c 7:c",
		`{"index":9,"data":{"command":"c"}}`:     "5:c 7:c 9:c",
		`{"index":7,"data":{"command":"again"}}`: "5:c 7:again 7:c",
		`{"index":4,"data":{"command":{},"payload":1,"sender":5}}`: "4: 5:c 7:c",
	} {
		_, client := serve(t, answers(`{"index":7,"last":true,"messages":[
			{"index":5,"data":{"command":"c","payload":{"encrypted":"x"},"sender":"s"}},`+odd+`,{"index":7,"data":{"command":"c"}}]}`))
		page, err := client.Commands(t.Context(), wire.Bearer(secret), 1, 0)
		if err != nil {
			t.Errorf("with %s nothing is received: %v", odd, err)
			continue
		}
		var got []string
		for _, m := range page.Messages {
			got = append(got, fmt.Sprintf("%d:%s", m.Index, m.Command))
		}
		if text := strings.Join(got, " "); text != want || page.Index != 7 || !page.Last {
			t.Errorf("with %s: %s of %+v", odd, text, page)
		}
	}
}

func TestInvoke(t *testing.T) {
	for body, want := range map[string]wire.Invoked{
		`{"enqueued":true,"notified":true}`:                                {Known: true, Enqueued: true, Notified: true},
		`{"enqueued":true,"notified":false,"notifyError":"noCallback"}`:    {Known: true, Enqueued: true, NotifyError: "noCallback"},
		`{"enqueued":true,"notified":false,"notifyError":{"odd":"shape"}}`: {Known: true, Enqueued: true},
		`{"enqueued":false,"notified":false}`:                              {Known: true},
		`{}`:                                                               {},
	} {
		s, client := serve(t, answers(body))
		got, err := client.Invoke(t.Context(), wire.Bearer(secret), wire.Invocation{
			Target: "t", Command: "c", Payload: json.RawMessage(`{"encrypted":"<&>"}`), TTL: 9,
		})
		if err != nil || got != want {
			t.Errorf("%s reads %+v, %v", body, got, err)
		}
		if _, sent := s.last(); sent != `{"target":"t","command":"c","payload":{"encrypted":"<&>"},"ttl":9}` {
			t.Errorf("sent %s", sent)
		}
	}
}

// A status of success alone is not enough: what is neither the promised object nor an older server's
// empty one leaves open whether the command was accepted.
func TestInvokeUnclear(t *testing.T) {
	for _, body := range []string{
		``, `null`, `[]`, `"ok"`, `true`, `{"devices":[1,2,`, `{"enqueued": "what`, `{"enqueued":true`, `{"enqueued":"yes"}`, `{"enqueued":null}`,
		`{"code":500,"errno":999}`, `{"notified":true}`, `{}{}`, `{"enqueued":true,"x":"` + strings.Repeat("x", 10<<20) + `"}`,
	} {
		_, client := serve(t, answers(body))
		got, err := client.Invoke(t.Context(), wire.Bearer(secret), wire.Invocation{Target: "t", Command: "c", Payload: json.RawMessage(`{}`)})
		if !errors.As(err, new(*wire.AnswerError)) || got != (wire.Invoked{}) {
			t.Errorf("%.40s reads %+v, %v", body, got, err)
		}
	}
}

// TestAttachedClientsAreTolerant leaves odd elements out.
func TestAttachedClientsAreTolerant(t *testing.T) {
	_, client := serve(t, answers(`[{"clientId":null,"deviceId":"d","isCurrentSession":true,"name":"N","scope":null,"createdTime":1,"os":"x"},
		{"isCurrentSession":"x"}, 5, {"clientId":"c","scope":["a","b"]}]`))
	list, err := client.AttachedClients(t.Context(), session())
	if err != nil || len(list) != 2 || list[0].DeviceID != "d" || !list[0].IsCurrentSession || len(list[1].Scope) != 2 {
		t.Errorf("list is %+v, %v", list, err)
	}
}
