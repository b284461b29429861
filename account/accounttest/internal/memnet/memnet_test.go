package memnet

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestConnection(t *testing.T) {
	t.Parallel()
	n := New()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := n.Accept()
		if err == nil {
			accepted <- c
		}
	}()
	client, err := n.Dial(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	server := <-accepted
	big := make([]byte, 3*buffer)
	if _, err := rand.Read(big); err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		_, err := client.Write(big)
		sent <- errors.Join(err, client.Close())
	}()
	got, err := io.ReadAll(server)
	if err != nil || !bytes.Equal(got, big) || <-sent != nil {
		t.Errorf("%d octets came of %d, %v", len(got), len(big), err)
	}
	if _, err := server.Write([]byte("x")); err == nil {
		t.Error("a write to a closed reader succeeds")
	}
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read after close: %v", err)
	}
	if client.LocalAddr() == nil || client.RemoteAddr().Network() != "tcp" {
		t.Error("no addresses")
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Dial(context.Background()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("dial after close: %v", err)
	}
	lonely := New()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := lonely.Dial(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled dial: %v", err)
	}
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := newStream(), newStream()
		left, right := &conn{in: a, out: b}, &conn{in: b, out: a}
		start := time.Now()
		if err := left.SetReadDeadline(start.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := left.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		if err := left.SetDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		if _, err := right.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if n, err := left.Read(make([]byte, 4)); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if err := right.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if n, err := right.Write(make([]byte, 2*buffer)); n != buffer || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%d, %v", n, err)
		}
		if err := left.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := left.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a past deadline: %v", err)
		}
	})
}
