package localapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// random fills a value; what is drawn comes from small pools, so that two values have much in common.
func random(r *rand.Rand, v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		if n := r.IntN(3); n > 0 {
			v.Set(reflect.ValueOf(time.Unix(int64(n)*1e9, 0).UTC()))
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			random(r, v.Field(i))
		}
	case reflect.Pointer:
		if r.IntN(2) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			random(r, v.Elem())
		}
	case reflect.Slice:
		for range r.IntN(6) {
			e := reflect.New(v.Type().Elem()).Elem()
			random(r, e)
			v.Set(reflect.Append(v, e))
		}
	case reflect.String:
		v.SetString([]string{"", "a", "b", "c", "ü"}[r.IntN(5)])
	case reflect.Bool:
		v.SetBool(r.IntN(2) > 0)
	case reflect.Int:
		v.SetInt(int64(r.IntN(3)))
	case reflect.Uint64:
		v.SetUint(uint64(r.IntN(3)))
	default:
		panic("no random " + v.Kind().String())
	}
}

func randomSnapshot(r *rand.Rand) (s Snapshot) {
	random(r, reflect.ValueOf(&s).Elem())
	return s
}

// neighbour is a snapshot that differs in some of its fields and shares the others.
func neighbour(r *rand.Rand, s Snapshot) Snapshot {
	other, v := randomSnapshot(r), reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		if r.IntN(3) == 0 {
			v.Field(i).Set(reflect.ValueOf(other).Field(i))
		}
	}
	if n := len(s.Devices.Items); n > 1 && r.IntN(2) == 0 { // another order
		s.Devices.Items = append(slices.Clone(s.Devices.Items[1:]), s.Devices.Items[0])
	}
	return s
}

// plain is a value as a script reads it. What is null or an empty list is as good as missing.
func plain(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return without(out)
}

func without(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e = without(e); e == nil {
				delete(v, k)
			} else {
				v[k] = e
			}
		}
		return v
	case []any:
		if len(v) == 0 {
			return nil
		}
		for i := range v {
			v[i] = without(v[i])
		}
		return v
	default:
		return v
	}
}

// merged is what docs/api.md tells a script to do: RFC 7396, and lists of parts.
func merged(old, patch any) any {
	switch patch := patch.(type) {
	case map[string]any:
		is := map[string]any{}
		if old, ok := old.(map[string]any); ok {
			for k, e := range old {
				is[k] = e
			}
		}
		for k, e := range patch {
			if is[k] = merged(is[k], e); e == nil {
				delete(is, k)
			}
		}
		return is
	case []any:
		var is []any
		for _, p := range patch {
			part, ok := p.(map[string]any)
			if _, run := part["count"]; ok && run {
				from, count := int(part["from"].(float64)), int(part["count"].(float64))
				is = append(is, old.([]any)[from:from+count]...)
			} else if items, ok := part["items"]; ok {
				is = append(is, items.([]any)...)
			} else {
				return patch // an ordinary list
			}
		}
		return is
	default:
		return patch
	}
}

// What one snapshot has new against another makes it of that one, for our client and for a script that
// knows no field.
func TestChangesMakeTheNewOfTheOld(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 400 {
		old := randomSnapshot(r)
		is := neighbour(r, old)
		before := plain(t, old)
		patch, more := changes(&old, &is)
		is2 := is
		is2.Revision = old.Revision
		if want := !reflect.DeepEqual(plain(t, is2), before); want && !more {
			t.Fatalf("%d: nothing is new of\n%v\nagainst\n%v", n, plain(t, is), before)
		}
		text, err := json.Marshal(patch)
		if err != nil {
			t.Fatal(err)
		}
		var client Snapshot // what a client made of the old one
		whole, err := json.Marshal(old)
		if err = errors.Join(err, json.Unmarshal(whole, &client)); err != nil {
			t.Fatal(err)
		}
		got, err := changed(client, text)
		if err != nil || !reflect.DeepEqual(plain(t, got), plain(t, is)) {
			t.Fatalf("%d: %v, %s", n, err, cmp.Diff(plain(t, is), plain(t, got)))
		}
		if !reflect.DeepEqual(plain(t, client), before) {
			t.Fatal("the old one was edited")
		}
		var was, news any
		if err := errors.Join(json.Unmarshal(whole, &was), json.Unmarshal(text, &news)); err != nil {
			t.Fatal(err)
		}
		if got := without(merged(was, news)); !reflect.DeepEqual(got, plain(t, is)) {
			t.Fatalf("%d: a script makes of it %s", n, cmp.Diff(plain(t, is), got))
		}
	}
}

// FuzzChanges: a patch that does not fit is refused, and the old snapshot is as it was.
func FuzzChanges(f *testing.F) {
	for _, text := range []string{
		"", "null", "[]", `{"revision":3}`, `{"devices":{"items":[{"from":0,"count":2},{"items":[{"id":"x"}]}]}}`, `{"devices":{"items":[{"from":-1,"count":9}]}}`,
		`{"devices":{"items":[{"from":9223372036854775807,"count":1}]}}`, `{"pairing":{"peer":{"known":true}}}`, `{"signIn":null}`, `{"inbox":null}`, `{"account":7}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, patch []byte) {
		old := randomSnapshot(rand.New(rand.NewPCG(3, 4)))
		before := plain(t, old)
		m := message{Since: old.Revision, Changes: patch}
		is := old
		if err := m.follow(&is); err == nil && !json.Valid(patch) && len(patch) > 0 {
			t.Errorf("%q is taken", patch)
		}
		if !reflect.DeepEqual(plain(t, old), before) {
			t.Errorf("%q has edited the old snapshot", patch)
		}
	})
}

// crowded is a snapshot with many devices and full lists.
func crowded(devices int) (s Snapshot) {
	s.Revision, s.Devices.Known = 1, true
	for i := range devices {
		s.Devices.Items = append(s.Devices.Items, Device{ID: fmt.Sprintf("%032d", i), Name: fmt.Sprintf("Device number %d", i), Type: "desktop", CanReceiveTabs: true, CanCloseTabs: true, LastAccess: time.Unix(1.7e9, 0).UTC(), Location: "Berlin, Germany"})
	}
	for i := range RecentEntries {
		s.Inbox.Recent = append(s.Inbox.Recent, InboxEntry{ID: fmt.Sprintf("%024d", 1000-i), Kind: KindTab, From: "Phone", Title: "A page of the usual kind", URL: "https://example.com/" + strings.Repeat("x", 60), Host: "example.com", CanOpen: true})
	}
	return s
}

// says is what a watching face is told of a snapshot and then of each of the others.
func says(changes bool, updates ...Update) (lines []string) {
	told := teller{changes: changes}
	for _, u := range updates {
		w := httptest.NewRecorder()
		told.write(w, u)
		lines = append(lines, w.Body.String())
	}
	return lines
}

// What a face is told of a tab, a device or a send does not grow with the devices, and is small; of what
// has not changed it is told nothing.
func TestUpdatesTellWhatIsNew(t *testing.T) {
	steps := map[string]func(*Snapshot) []Event{
		"a tab": func(s *Snapshot) []Event {
			e := InboxEntry{ID: fmt.Sprintf("%024d", 5000), Kind: KindTab, From: "Phone", Title: "Another page", URL: "https://example.com/" + strings.Repeat("y", 60)}
			s.Inbox.Recent = append([]InboxEntry{e}, s.Inbox.Recent[:RecentEntries-1]...)
			s.Inbox.Total++
			return []Event{{Kind: TabsReceived, Entries: []InboxEntry{e}}}
		},
		"a device that was renamed": func(s *Snapshot) []Event {
			s.Devices.Items = slices.Clone(s.Devices.Items)
			s.Devices.Items[3].Name = "Another name"
			return nil
		},
		"a device that was sent to": func(s *Snapshot) []Event {
			last := len(s.Devices.Items) - 1
			s.Devices.Items = append([]Device{s.Devices.Items[last]}, s.Devices.Items[:last]...)
			s.Devices.Items[0].LastSentTo = time.Unix(1.8e9, 0)
			return nil
		},
		"a pong": func(s *Snapshot) []Event {
			s.Connection.Push.LastPong = time.Unix(1.8e9, 0)
			return nil
		},
	}
	for name, step := range steps {
		t.Run(name, func(t *testing.T) {
			told := func(devices int) string {
				first := crowded(devices)
				second := first
				events := step(&second)
				second.Revision = 2
				lines := says(true, Update{Snapshot: first}, Update{second, events})
				if len(lines[0]) < devices*100 {
					t.Fatalf("at first: %s", lines[0])
				}
				return lines[1]
			}
			few, many := told(5), told(500)
			if len(many) > 5000 || float64(len(many)) > 1.15*float64(len(few)) || len(few) == 0 {
				t.Errorf("%d bytes with 5 devices and %d with 500: %s", len(few), len(many), many)
			}
		})
	}
	same := crowded(5)
	again := same
	again.Revision++
	again.Devices.Items = slices.Clone(again.Devices.Items)
	for _, changes := range []bool{false, true} {
		if lines := says(changes, Update{Snapshot: same}, Update{Snapshot: again}, Update{again, []Event{{Kind: ShowWindow}}}); lines[1] != "" || lines[2] == "" {
			t.Errorf("of what has not changed a face is told %.200q, and with an event %.200q", lines[1], lines[2])
		}
	}
}

// A face that asks for nothing is told everything each time, as before there were changes.
func TestWholeUpdatesStay(t *testing.T) {
	first, second := crowded(5), crowded(6)
	second.Revision = 2
	var u Update
	lines := says(false, Update{Snapshot: first}, Update{Snapshot: second})
	if err := json.Unmarshal([]byte(strings.TrimPrefix(lines[1], "data: ")), &u); err != nil || len(u.Snapshot.Devices.Items) != 6 {
		t.Errorf("%s: %v", lines[1], err)
	}
}
