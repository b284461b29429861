package localapi_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

var (
	spokenPhrase = localapi.NewPhrase("test.spoken", "{device} is away.", "look at {device}")
	spoken       = spokenPhrase.Say("device", "Phone")
)

// speaking is an agent that says the same sentence everywhere.
func speaking() localapi.Snapshot {
	var s localapi.Snapshot
	s.Settings.Language = "de"
	s.Account.Cause, s.Account.CauseSaid = spoken.Parts()
	s.Connection.Problem, s.Connection.ProblemSaid = spoken.Parts()
	s.Storage.Problem, s.Storage.ProblemSaid = spoken.Parts()
	s.Devices.Problem, s.Devices.ProblemSaid = spoken.Parts()
	s.Clients.Problem, s.Clients.ProblemSaid = spoken.Parts()
	s.Inbox.Recent = []localapi.InboxEntry{{Reason: spoken.Text, ReasonSaid: spoken.Said}}
	s.Outbox.Recent = []localapi.OutboxEntry{{Reason: spoken.Text, ReasonSaid: spoken.Said}}
	s.Pairing = &localapi.Pairing{Problem: spoken.Text, ProblemSaid: spoken.Said}
	return s
}

// texts is every sentence in a value, by where it stands; the keys they are said by are left out.
func texts(v reflect.Value, at string, found map[string]string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			texts(v.Elem(), at, found)
		}
	case reflect.Slice:
		for i := range v.Len() {
			texts(v.Index(i), at, found)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Type != reflect.TypeFor[localapi.Said]() {
				texts(v.Field(i), at+"."+f.Name, found)
			}
		}
	case reflect.String:
		if text := v.String(); strings.Contains(text, "away") {
			found[at] = text
		}
	}
}

// A face that speaks gets every sentence in its own words, whichever way it came; what one without
// words gets, and what the agent holds, stays English.
func TestSpeak(t *testing.T) {
	throughEachDoor(t, func(t *testing.T, agent *localapitest.Agent, c *localapi.Client) {
		said := speaking()
		agent.Set(said)
		c.Speak(func(language string, s localapi.Sentence) string {
			return strings.Join(append([]string{language, s.Said.Key}, s.Said.Args...), " ")
		})
		for update, err := range c.Watch(t.Context(), localapi.FaceTray) {
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]string{}
			texts(reflect.ValueOf(update), "", found)
			if len(found) != 0 || update.Snapshot.Pairing.Problem != "de test.spoken device Phone" {
				t.Errorf("left in English: %v", found)
			}
			break
		}
		agent.Refuse("Refresh", spokenPhrase.Refuse(localapi.CodeConflict, "device", "Phone"))
		err, _ := c.Refresh(t.Context()).(*localapi.Error)
		if err == nil || err.Message != "de test.spoken device Phone" || err.Hint != "de test.spoken.hint device Phone" {
			t.Errorf("a refusal is said as %+v", err)
		}
		found := map[string]string{}
		if texts(reflect.ValueOf(said), "", found); len(found) != 8 {
			t.Errorf("what the agent holds is now %v", found)
		}
	})
}

// A face in the agent's process gets the lists that the agent holds, not copies with every update, unless
// there is something to say in them.
func TestSpeakSharesWhatSaysNothing(t *testing.T) {
	agent, c := doors["in process"](t, noLog)
	var s localapi.Snapshot
	s.Inbox.Recent, s.Outbox.Recent = make([]localapi.InboxEntry, 3), make([]localapi.OutboxEntry, 3)
	agent.Set(s)
	c.Speak(func(string, localapi.Sentence) string { return "said" })
	for update, err := range c.Watch(t.Context(), localapi.FaceTray) {
		if err != nil {
			t.Fatal(err)
		}
		if &update.Snapshot.Inbox.Recent[0] != &s.Inbox.Recent[0] || &update.Snapshot.Outbox.Recent[0] != &s.Outbox.Recent[0] {
			t.Error("lists in which nothing is said were copied")
		}
		break
	}
}
