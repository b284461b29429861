package journal

import (
	"net/http"
	"testing"
	"time"
)

func TestOldRequestsAreForgotten(t *testing.T) {
	t.Parallel()
	log := &Log{}
	r, err := http.NewRequest("GET", "/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2*Max + 1 {
		log.Add(r, "", nil, time.Time{})
	}
	if n := len(log.Requests()); n > Max || n < Max/2 {
		t.Errorf("%d requests are remembered", n)
	}
}
