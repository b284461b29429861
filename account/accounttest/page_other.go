package accounttest

import (
	"net/http"
	"net/url"
	"unicode"
	"unicode/utf8"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/webpage"
)

func successPage(_ *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	if reason := r.URL.Query().Get("error"); reason != "" {
		webpage.ShowMessage(w, http.StatusOK, "Not signed in", "The application was told: "+reason+".")
		return
	}
	webpage.ShowMessage(w, http.StatusOK, "Signed in", "You can close this page and go back to the application.")
}

func connectPage(s *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	webpage.Show(w, http.StatusOK, "message.html", webpage.Message{
		Title: "Connect another device",
		Lines: []string{"Sign in on the other device with the same account, or pair it by a code."},
		Links: []webpage.Link{{URL: "/pair", Text: "Pair by a code"}, {URL: "/settings/clients", Text: "See what is connected"}},
	})
}

func pairPage(_ *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	webpage.ShowMessage(w, http.StatusOK, "Pair a device",
		"Show the code on the device that is signed in, and scan it in the application on the other one.",
		"This page takes no part in pairing: the address of a code is read by the application that scans it.")
}

func pairFailurePage(_ *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	webpage.ShowMessage(w, http.StatusOK, "Pairing has ended", "Start again with a new code.")
}

// pairReload answers the addresses that exist only within a running flow.
func pairReload(_ *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	http.Redirect(w, r, "/pair/failure", http.StatusFound)
}

// pairingClients are those the authority's page lets in.
var pairingClients = []string{ReferenceClientID, AndroidClientID, IOSClientID}

func pairAuthorityPage(s *Service, w http.ResponseWriter, q url.Values) {
	s.mu.Lock()
	client := s.clients[q.Get("client_id")]
	s.mu.Unlock()
	allowed := false
	for _, id := range pairingClients {
		allowed = allowed || client != nil && client.ID == id
	}
	if !allowed {
		webpage.ShowMessage(w, http.StatusBadRequest, "This device cannot be paired", "Its application is not on the list of those that may.")
		return
	}
	webpage.Show(w, http.StatusOK, "pairauthority.html", struct{ Title, ClientName, Email, Channel string }{
		"Connect a device", client.Name, q.Get("email"), q.Get("channel_id"),
	})
}

func staticFile(_ *Service, w http.ResponseWriter, r *http.Request, vars map[string]string) {
	webpage.File(w, r, vars["name"])
}

// noTokenServer stands where Sync's token server would be.
func noTokenServer(_ *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte(`{"status":"no-sync-here","errors":[]}`)) // the client may be gone
}

func heartbeat(_ *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	writeDocument(w, map[string]any{"status": "ok"})
}

// version is the page of the pairing relay, by which deployments are told apart.
func version(_ *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	writeDocument(w, map[string]any{"version": "accounttest", "source": "", "commit": "", "build": ""})
}

func (s *Service) avatarURL(a *account) string {
	if a.avatar != nil {
		return s.profileBase() + "/v1/avatar/" + crypt.SHA256Hex(string(a.avatar))[:32]
	}
	letter, _ := utf8.DecodeRuneInString(a.email)
	if letter = unicode.ToLower(letter); letter > unicode.MaxASCII || !unicode.IsLetter(letter) && !unicode.IsDigit(letter) {
		letter = 'x'
	}
	return s.profileBase() + "/v1/avatar/" + string(letter)
}

func avatarPicture(s *Service, w http.ResponseWriter, r *http.Request, vars map[string]string) {
	name := vars["name"]
	var picture []byte
	if len(name) == 1 {
		picture = webpage.Avatar(name[0])
	} else {
		s.mu.Lock()
		for _, a := range s.accounts {
			if a.avatar != nil && crypt.SHA256Hex(string(a.avatar))[:32] == name {
				picture = a.avatar
			}
		}
		s.mu.Unlock()
	}
	if picture == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write(picture) // the browser may be gone
}

func favicon(_ *Service, w http.ResponseWriter, _ *http.Request, _ map[string]string) {
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(webpage.Avatar('t')) // the browser may be gone
}
