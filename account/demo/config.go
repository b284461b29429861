package demo

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/tabferry/tabferry/account/accounttest"
)

// Email and Password are those of the demo account.
const (
	Email    = "demo@example.com"
	Password = "demo"
)

// redirectPath is where the browser comes back to.
const redirectPath = "/signin"

// fileMode and dirMode keep what we write to the user.
const (
	fileMode fs.FileMode = 0o600
	dirMode  fs.FileMode = 0o700
)

// Config is what an agent needs to use the demo service.
type Config struct {
	Server        string `json:"server"`
	ClientID      string `json:"clientId"`
	RedirectURI   string `json:"redirectUri"`
	PushServer    string `json:"pushServer"`
	PairingServer string `json:"pairingServer"`
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

// write replaces the file whole.
func (c Config) write(file string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the demo's configuration: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), dirMode); err != nil {
		return fmt.Errorf("writing the demo's configuration: %w", err)
	}
	fresh := file + ".new"
	if err := os.WriteFile(fresh, append(text, '\n'), fileMode); err != nil {
		return fmt.Errorf("writing the demo's configuration: %w", err)
	}
	if err := os.Rename(fresh, file); err != nil {
		return fmt.Errorf("writing the demo's configuration: %w", err)
	}
	return nil
}

// startService starts the service, at the address of the last demo if that is free, so that an agent
// that is signed in finds it again.
func startService(last Config) (*accounttest.Service, error) {
	// The seed gives the account the same id each time: an agent that remembers it may sign in again.
	seed := accounttest.WithSeed("the demo of Tabferry")
	if u, err := url.Parse(last.Server); err == nil && u.Port() != "" {
		if svc, err := accounttest.Start(seed, accounttest.WithAddr(net.JoinHostPort("127.0.0.1", u.Port()))); err == nil {
			return svc, nil
		}
	}
	svc, err := accounttest.Start(seed)
	if err != nil {
		return nil, fmt.Errorf("starting the demo service: %w", err)
	}
	return svc, nil
}

// configFor tells how to use a service. The redirect's port is that of the last demo, or a free one.
func configFor(svc *accounttest.Service, last Config) (Config, error) {
	c := Config{
		Server: svc.URL(), ClientID: accounttest.ReferenceClientID, RedirectURI: last.RedirectURI,
		PushServer: svc.PushURL(), PairingServer: svc.PairingURL(),
	}
	if u, err := url.Parse(c.RedirectURI); err == nil && u.Port() != "" && portFree(u.Host) {
		return c, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return c, fmt.Errorf("finding a port for the demo's redirect: %w", err)
	}
	c.RedirectURI = "http://" + l.Addr().String() + redirectPath
	if err := l.Close(); err != nil {
		return c, fmt.Errorf("finding a port for the demo's redirect: %w", err)
	}
	return c, nil
}

func portFree(address string) bool {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	return l.Close() == nil
}
