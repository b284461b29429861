package roster

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// A picture is small, a PNG or JPEG, and comes over https or from this machine; nothing else is shown
// and nobody is led elsewhere.
func TestFetchPicture(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewRGBA(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	answer := func(path string, status int, body []byte) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write(body)
		})
	}
	answer("/good", http.StatusOK, picture.Bytes())
	answer("/missing", http.StatusNotFound, picture.Bytes())
	answer("/text", http.StatusOK, []byte("<svg onload='x'/>"))
	answer("/html", http.StatusOK, []byte("<!doctype html><script>x</script>"))
	answer("/empty", http.StatusOK, nil)
	answer("/large", http.StatusOK, append(picture.Bytes(), make([]byte, maxAvatar)...))
	mux.Handle("/moved", http.RedirectHandler("/good", http.StatusFound))
	mux.Handle("/away", http.RedirectHandler("http://pictures.example/", http.StatusFound))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	server := httptest.NewServer(mux)
	defer server.Close()

	r := New(Params{HTTP: server.Client(), UserAgent: "Tabferry"})
	for address, want := range map[string]bool{
		server.URL + "/good": true, server.URL + "/moved": true,
		server.URL + "/missing": false, server.URL + "/text": false, server.URL + "/html": false, server.URL + "/empty": false,
		server.URL + "/large": false, server.URL + "/away": false, server.URL + "/loop": false,
		strings.Replace(server.URL, "127.0.0.1", "0.0.0.0", 1) + "/good": false,
		"http://pictures.example/":                                       false, "file:///etc/passwd": false, "": false, "https://": false, "\x00": false,
	} {
		got, err := r.fetchPicture(t.Context(), address)
		if (err == nil) != want || want && !bytes.Equal(got, picture.Bytes()) {
			t.Errorf("%q: %d bytes, %v", address, len(got), err)
		}
	}
}

// Devices a person sent to come first, newest first; then those seen last.
func TestOrderOfDevices(t *testing.T) {
	at := func(hours int) time.Time { return time.Date(2026, 1, 1, hours, 0, 0, 0, time.UTC) }
	sentTo := map[string]time.Time{"b": at(1), "d": at(2)}
	items := []localapi.Device{
		{ID: "a", Name: "A", LastAccess: at(9)},
		{ID: "b", Name: "B", LastAccess: at(1)},
		{ID: "c", Name: "C", LastAccess: at(10)},
		{ID: "d", Name: "D"},
		{ID: "f", Name: "F"},
		{ID: "e", Name: "E"},
	}
	ids := ""
	for _, d := range order(items, sentTo) {
		ids += d.ID
	}
	if ids != "dbcaef" {
		t.Errorf("the order is %s", ids)
	}
	if items[0].ID != "a" || !items[1].LastSentTo.IsZero() {
		t.Error("the list given was changed")
	}
}
