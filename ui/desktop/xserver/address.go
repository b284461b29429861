//go:build !windows && !darwin

package xserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// address is what a display's name says (X(7), "Display names").
type address struct {
	host   string // empty for this machine
	number string
	screen int
	places []place // where its server may listen, best first
}

// place is an address as package net writes it.
type place struct{ network, at string }

// port is the TCP port of display 0.
const port = 6000

// parse reads [protocol/][host]:number[.screen], or the path of a socket with the same end.
func parse(display string) (address, error) {
	wrong := fmt.Errorf("xserver: %q is no display", display)
	colon := strings.LastIndexByte(display, ':')
	if colon < 0 {
		return address{}, wrong
	}
	number, screen, several := strings.Cut(display[colon+1:], ".")
	a := address{number: number}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n > 65535-port {
		return address{}, wrong
	}
	if several {
		if a.screen, err = strconv.Atoi(screen); err != nil || a.screen < 0 {
			return address{}, wrong
		}
	}
	if strings.HasPrefix(display, "/") {
		a.places = []place{{"unix", display[:colon] + ":" + number}, {"unix", display}}
		return a, nil
	}
	protocol, host, named := strings.Cut(display[:colon], "/")
	if !named {
		protocol, host = "tcp", protocol
	}
	if host == "" || host == "unix" {
		socket := "/tmp/.X11-unix/X" + number
		a.places = []place{{"unix", socket}, {"unix", "@" + socket}}
		return a, nil
	}
	a.host = host
	a.places = []place{{protocol, net.JoinHostPort(host, strconv.FormatUint(port+n, 10))}}
	return a, nil
}

// dial connects to the first place where somebody listens.
func (a address) dial(ctx context.Context) (net.Conn, error) {
	var errs []error
	for _, p := range a.places {
		conn, err := new(net.Dialer).DialContext(ctx, p.network, p.at)
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// Listens reports whether somebody takes connections where a display's name says, before ctx ends. It does not
// say whether they are answered.
func Listens(ctx context.Context, display string) bool {
	a, err := parse(display)
	if err != nil {
		return false
	}
	conn, err := a.dial(ctx)
	return err == nil && conn.Close() == nil
}
