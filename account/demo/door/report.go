package door

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Report is what the demo knows.
type Report struct {
	Config Config `json:"config"`
	// Received is what the demo devices received, oldest first.
	Received []Received `json:"received"`
	// Devices are the demo's own devices by name.
	Devices []string `json:"devices"`
	// LiveTokens are the credentials that the service still honours, without those of the demo's
	// own devices: those of the programs under trial.
	LiveTokens []Token `json:"liveTokens"`
	// Pairing is how the last scan or shown code went: a state of package pairing, empty before the first.
	Pairing string `json:"pairing,omitempty"`
	// Requests counts what the service was asked.
	Requests int `json:"requests"`
}

// Token is a live credential; its id is what the server stores, never the token itself.
type Token struct {
	Kind     string `json:"kind"` // "refresh", "access" or "session"
	ClientID string `json:"clientId,omitempty"`
	ID       string `json:"id"`
}

// Received is a tab that a demo device received, exactly as it was sent.
type Received struct {
	Device  string    `json:"device"`
	Kind    string    `json:"kind"` // "tab", "close" or "unreadable"
	URL     string    `json:"url,omitempty"`
	Title   string    `json:"title,omitempty"`
	URLs    []string  `json:"urls,omitempty"`
	Private bool      `json:"private,omitempty"`
	From    string    `json:"from,omitempty"`
	At      time.Time `json:"at"`
}

// Config is what an agent needs to use the demo service.
type Config struct {
	Server        string `json:"server"`
	ClientID      string `json:"clientId"`
	RedirectURI   string `json:"redirectUri"`
	PushServer    string `json:"pushServer"`
	PairingServer string `json:"pairingServer"`
	EventsServer  string `json:"eventsServer"`
}

// ReadConfig reads what the running demo, or the last one, has written.
func ReadConfig(file string) (Config, error) {
	var c Config
	text, err := os.ReadFile(file) // #nosec G304 -- a file of our own data folder
	if err != nil {
		return c, fmt.Errorf("reading the demo's configuration: %w", err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("reading the demo's configuration: %w", err)
	}
	return c, nil
}
