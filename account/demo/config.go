package demo

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/tabferry/tabferry/account/accounttest"
	"github.com/tabferry/tabferry/account/demo/door"
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

// write replaces the configuration's file whole.
func write(c door.Config, file string) error {
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

// application is the client that Tabferry signs in as, under the name that people know it by.
func application() accounttest.Client {
	clients := accounttest.DefaultClients()
	app := clients[slices.IndexFunc(clients, func(c accounttest.Client) bool { return c.ID == accounttest.ReferenceClientID })]
	app.Name = "Tabferry"
	return app
}

// startService starts the service, at the address of the last demo if that is free, so that an agent
// that is signed in finds it again.
func startService(last door.Config) (*accounttest.Service, error) {
	// The seed gives the account the same id each time: an agent that remembers it may sign in again.
	seed, app := accounttest.WithSeed("the demo of Tabferry"), accounttest.WithClients(application())
	if u, err := url.Parse(last.Server); err == nil && u.Port() != "" {
		if svc, err := accounttest.Start(seed, app, accounttest.WithAddr(net.JoinHostPort("127.0.0.1", u.Port()))); err == nil {
			return svc, nil
		}
	}
	svc, err := accounttest.Start(seed, app)
	if err != nil {
		return nil, fmt.Errorf("starting the demo service: %w", err)
	}
	return svc, nil
}

// configFor tells how to use a service. The redirect's port is that of the last demo, or a free one.
func configFor(svc *accounttest.Service, last door.Config) (door.Config, error) {
	c := door.Config{
		Server: svc.URL(), ClientID: accounttest.ReferenceClientID, RedirectURI: last.RedirectURI,
		PushServer: svc.PushURL(), PairingServer: svc.PairingURL(),
	}
	if u, err := url.Parse(c.RedirectURI); err == nil && u.Port() != "" && portFree(u.Host) {
		return c, nil
	}
	address, err := freeAddress()
	if err != nil {
		return c, fmt.Errorf("finding a port for the demo's redirect: %w", err)
	}
	c.RedirectURI = "http://" + address + redirectPath
	return c, nil
}

// Ports that systems give to nobody who does not ask for them: Linux begins at 32768, the others at 49152.
const (
	firstPort = 20000
	ports     = 12000
)

// freeAddress is an address of this computer on which nobody listens. It stays so until it is needed, at a sign-in,
// which a port that the system chose would not: it may be the next that somebody else gets.
func freeAddress() (string, error) {
	for range 100 {
		n, err := rand.Int(rand.Reader, big.NewInt(ports))
		if err != nil {
			return "", err
		}
		if address := net.JoinHostPort("127.0.0.1", strconv.FormatInt(firstPort+n.Int64(), 10)); portFree(address) {
			return address, nil
		}
	}
	return "", errors.New("a hundred ports are taken")
}

func portFree(address string) bool {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	return l.Close() == nil
}
