package account_test

import (
	"encoding/json"
	"os"
	"testing"
)

// vector reads a member of the shared vectors.
func vector(t *testing.T, name string, out any) {
	t.Helper()
	var file struct {
		Vectors map[string]json.RawMessage `json:"vectors"`
	}
	readJSON(t, "testdata/accounts-client.json", &file)
	raw, there := file.Vectors[name]
	if !there {
		t.Fatalf("there is no vector %s", name)
	}
	ok(t, name, json.Unmarshal(raw, out))
}

func readJSON(t *testing.T, path string, out any) {
	t.Helper()
	text, err := os.ReadFile(path)
	ok(t, path, err)
	ok(t, path, json.Unmarshal(text, out))
}

// firefoxBody is the body of the first such request that a real Firefox sent.
func firefoxBody(t *testing.T, method, path string) string {
	t.Helper()
	var file struct {
		Exchanges []struct {
			Method  string `json:"method"`
			URL     string `json:"url"`
			RawBody string `json:"rawBody"`
		} `json:"httpExchanges"`
	}
	readJSON(t, "testdata/firefox-traffic.json", &file)
	for _, e := range file.Exchanges {
		if e.Method == method && e.URL == path {
			return e.RawBody
		}
	}
	t.Fatalf("Firefox sent no %s %s", method, path)
	return ""
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	ok(t, path, err)
	return text
}
