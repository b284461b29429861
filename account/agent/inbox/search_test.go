package inbox

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/store"
)

// FuzzSearch: an entry is found by a text exactly when the text is in something that a person sees of it, in
// any case of letters, whatever characters there are.
func FuzzSearch(f *testing.F) {
	for _, seed := range [][2]string{
		{"Plain text", "N TE"},
		{"@AZ[`az{", "AZ[`AZ{"},
		{"Straße, ẞ, \u212aelvin, İstanbul, ſ, ÅNGSTRÖM \u212b", "kelvin, is"},
		{"Дорога домой, 日本語のページ", "ДОМОЙ, 日"},
		{"a \"quoted\" <b> & \\ \u2028 \x00 \x7f", "<B> & \\"},
		{"bad \xff byte", "\ufffd"},
		{"eight by", "EIGHT BY"},
		{"sevenöab", "ÖAB"},
		{"", ""},
		{`"read":true`, `"read":true`},
		{"title", "url"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, shown, text string) {
		if got, want := appendLower(nil, []byte(shown)), bytes.ToLower([]byte(shown)); !bytes.Equal(got, want) {
			t.Errorf("%q in lower case is %q, not %q", shown, got, want)
		}
		memory, err := store.NewMemory()
		if err != nil {
			t.Fatal(err)
		}
		vault := store.NewVault(memory)
		entries := []localapi.InboxEntry{
			{ID: "1", Title: shown},
			{ID: "2", URL: shown},
			{ID: "3", From: shown},
			{ID: "4", Host: shown},
			{ID: "5", URLs: []string{"about:blank", shown}},
			{ID: "6", Title: shown, Read: true},
			{ID: "7", Reason: shown},
		}
		i, _ := on(t, vault)
		err = vault.Update(func(tx *store.Tx) error {
			for _, e := range entries {
				if err := i.table.Put(tx, e.ID, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, unread := range []bool{false, true} {
			found, err := i.Page(localapi.InboxQuery{Text: text, Unread: unread})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := idsOf(found), plainly(entries, text, unread); !slices.Equal(got, want) {
				t.Errorf("%q (unread alone: %v) in %q finds %v, not %v", text, unread, shown, got, want)
			}
		}
	})
}

// plainly is what a search means.
func plainly(entries []localapi.InboxEntry, text string, unread bool) (ids []string) {
	has := func(field string) bool {
		return strings.Contains(strings.ToLower(stored(field)), strings.ToLower(text))
	}
	for _, e := range slices.Backward(entries) {
		sees := has(e.Title) || has(e.URL) || has(e.From) || has(e.Host) || slices.ContainsFunc(e.URLs, has)
		if sees && !(unread && e.Read) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// stored is a text as JSON keeps it.
func stored(text string) string { return string([]rune(text)) }

func idsOf(entries []localapi.InboxEntry) (ids []string) {
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids
}
