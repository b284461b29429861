package socket

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// bare is a system without Unix sockets: Windows says 10047, others EAFNOSUPPORT.
func bare() system {
	err := errMissing
	return system{
		func(string) (*net.UnixListener, error) {
			return nil, &net.OpError{Op: "listen", Net: "unix", Err: os.NewSyscallError("socket", err)}
		},
		func(context.Context, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("socket", err)}
		},
	}
}

// open listens on a bare system, and echoes what each connection says.
func open(t *testing.T) (path string, l *Listener) {
	t.Helper()
	path = filepath.Join(folder(t), "run", "s.sock")
	l, err := bare().listen(path, path+".lock")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		work.Wait()
	})
	return path, l
}

// folder is a temporary one. Not [testing.T.TempDir]: Wine cannot do what that removes folders with.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "socket-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		var all []string
		_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, _ error) error {
			all = append(all, path)
			return nil
		})
		for _, path := range slices.Backward(all) {
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
		}
	})
	return dir
}

// raw connects to the port without a word.
func raw(t *testing.T, path string) net.Conn {
	t.Helper()
	p, err := readPass(path + tokenSuffix)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", p.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestWithoutUnixSocketsAPortAndAToken(t *testing.T) {
	path, l := open(t)
	if !bare().answers(path) {
		t.Error("nobody is seen to listen")
	}
	conn, err := bare().dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	said := []byte("hello\n")
	if _, err := conn.Write(said); err != nil {
		t.Fatal(err)
	}
	heard := make([]byte, len(said))
	if _, err := io.ReadFull(conn, heard); err != nil || !bytes.Equal(heard, said) {
		t.Errorf("heard %q, %v", heard, err)
	}
	if pid, err := PID(conn); err != nil || pid != os.Getpid() {
		t.Errorf("pid %d, %v", pid, err)
	}
	if n := l.Strangers(); n != 0 {
		t.Errorf("%d strangers", n)
	}
	if _, err := bare().listen(path, path+".lock"); !errors.Is(err, ErrInUse) {
		t.Errorf("a second one: %v", err)
	}
	if _, err := bare().listen(path, path+".otherlock"); !errors.Is(err, ErrInUse) {
		t.Errorf("a second one with a lock of its own: %v", err)
	}
	if host, _, _ := net.SplitHostPort(l.Addr().String()); host != "127.0.0.1" {
		t.Errorf("listens on %s", host)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path + tokenSuffix); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the file with the secrets stays behind")
	}
}

func TestStrangersAreHungUpOnAndCounted(t *testing.T) {
	path, l := open(t)
	p, err := readPass(path + tokenSuffix)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Clone(p.Call)
	other[secretLength-1]++
	said := map[string][]byte{
		"a browser":        []byte("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
		"a wrong secret":   other,
		"the answer":       p.Answer,
		"nothing, in full": make([]byte, secretLength),
		"too little":       p.Call[:secretLength-1],
		"a late secret":    append([]byte{0}, p.Call...),
	}
	told := make(chan uint64, len(said))
	l.OnStranger(func(n uint64) { told <- n })
	for name, words := range said {
		conn := raw(t, path)
		if _, err := conn.Write(words); err != nil {
			t.Fatal(name, err)
		}
		if tcp, ok := conn.(*net.TCPConn); ok && len(words) < secretLength {
			_ = tcp.CloseWrite()
		}
		if heard, _ := io.ReadAll(conn); len(heard) != 0 {
			t.Errorf("%s was answered: %q", name, heard)
		}
		<-told
	}
	if n := l.Strangers(); n != uint64(len(said)) {
		t.Errorf("%d strangers, want %d", n, len(said))
	}
	if !bare().answers(path) {
		t.Error("a friend is not heard after them")
	}
}

func TestThoseWhoSayNothingKeepNobodyOut(t *testing.T) {
	path, l := open(t)
	for range maxProving + 8 {
		raw(t, path)
	}
	conn, err := bare().dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	begun := time.Now()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if time.Since(begun) > provingTime/2 {
		t.Error("closing waits for those who say nothing")
	}
}

func TestAPortThatAnotherProgramHasByNow(t *testing.T) {
	path, l := open(t)
	p, err := readPass(path + tokenSuffix)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	squatter, err := net.Listen("tcp", p.Address)
	if err != nil {
		t.Skip("the port is not free any more:", err)
	}
	var heard []byte
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := squatter.Accept()
		if err != nil {
			return
		}
		heard = make([]byte, secretLength)
		_, _ = io.ReadFull(conn, heard)
		_, _ = conn.Write(heard) // it knows what it hears, and no more
		rest, _ := io.ReadAll(conn)
		heard = append(heard, rest...)
		_ = conn.Close()
	}()
	if err := p.write(path + tokenSuffix); err != nil { // as one who was killed leaves it
		t.Fatal(err)
	}
	if _, err := bare().dial(t.Context(), path); !errors.Is(err, errStranger) {
		t.Errorf("got %v", err)
	}
	if err := squatter.Close(); err != nil {
		t.Error(err)
	}
	<-done
	if !bytes.Equal(heard, p.Call) {
		t.Errorf("it was told %d bytes: more than the secret of the dead", len(heard))
	}
	if bare().answers(path) {
		t.Error("the other program counts as one of ours")
	}
	again, err := bare().listen(path, path+".lock")
	if err != nil {
		t.Fatalf("the file of the dead is in the way: %v", err)
	}
	fresh, err := readPass(path + tokenSuffix)
	if err != nil || bytes.Equal(fresh.Call, p.Call) || bytes.Equal(fresh.Answer, p.Answer) || bytes.Equal(fresh.Call, fresh.Answer) {
		t.Errorf("the secrets are not new: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestOneThatHangsIsThere(t *testing.T) {
	dir := folder(t)
	l, err := net.Listen("tcp4", "127.0.0.1:0") // nobody accepts, but the system
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := pass{Address: l.Addr().String(), Call: make([]byte, secretLength), Answer: make([]byte, secretLength)}
	path := filepath.Join(dir, "s.sock")
	if err := p.write(path + tokenSuffix); err != nil {
		t.Fatal(err)
	}
	if !bare().answers(path) {
		t.Error("it counts as dead")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := bare().dial(ctx, path); !errors.Is(err, ErrSilent) {
		t.Errorf("got %v", err)
	}
}

func TestOnlyAFileOfOursThatIsOursAloneIsRead(t *testing.T) {
	path, _ := open(t)
	file := path + tokenSuffix
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != fileMode {
		t.Errorf("the file has mode %v", info.Mode())
	}
	if err := letOthersIn(file); err != nil {
		t.Fatal(err)
	}
	if _, err := bare().dial(t.Context(), path); !errors.Is(err, ErrNotOurs) {
		t.Errorf("one that others can read: %v", err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	real := file + ".real"
	if err := errors.Join(os.Chmod(file, fileMode), os.Rename(file, real), os.Symlink(real, file)); err != nil {
		t.Fatal(err)
	}
	if _, err := bare().dial(t.Context(), path); err == nil {
		t.Error("a link is followed")
	}
	if err := os.Rename(real, file); err != nil {
		t.Fatal(err)
	}
}

func TestUnixSocketIsPreferred(t *testing.T) {
	if l, err := listenUnix(filepath.Join(folder(t), "probe")); err != nil {
		t.Skip("this system has none:", err)
	} else if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder(t), "s.sock")
	stale := pass{Address: "127.0.0.1:1", Call: make([]byte, secretLength), Answer: make([]byte, secretLength)}
	if err := stale.write(path + tokenSuffix); err != nil { // of a day without such sockets
		t.Fatal(err)
	}
	l, err := Listen(path, path+".lock")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if l.Addr().Network() != "unix" {
		t.Errorf("listens on %s", l.Addr().Network())
	}
	if _, err := os.Lstat(path + tokenSuffix); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the file of the port is still there")
	}
}

func FuzzParsePass(f *testing.F) {
	f.Add([]byte(`{"address":"127.0.0.1:49152","call":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","answer":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","pid":7}`))
	f.Add([]byte(`{"address":"192.0.2.1:80"}`))
	f.Add([]byte(`{"address":"127.0.0.1:0"}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parsePass(text)
		if err != nil {
			if p.Address != "" {
				t.Error("a refused pass says something")
			}
			return
		}
		host, port, err := net.SplitHostPort(p.Address)
		if err != nil || host != "127.0.0.1" || port == "0" {
			t.Errorf("connects to %q", p.Address)
		}
		if len(p.Call) != secretLength || len(p.Answer) != secretLength {
			t.Error("a secret of another length")
		}
	})
}

// FuzzStranger has a connection say anything: without the secret it hears nothing.
func FuzzStranger(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add(make([]byte, secretLength))
	f.Fuzz(func(t *testing.T, said []byte) {
		p := pass{Call: bytes.Repeat([]byte{7}, secretLength), Answer: bytes.Repeat([]byte{9}, secretLength)}
		l := &tokenListener{pass: p}
		here, there := net.Pipe()
		heard := make(chan []byte)
		go func() {
			_, _ = here.Write(said)
			if len(said) < secretLength {
				_ = here.Close()
			}
			text, _ := io.ReadAll(here)
			heard <- text
		}()
		proven := l.proves(there)
		_ = there.Close()
		text := <-heard
		if knows := bytes.HasPrefix(said, p.Call); proven != knows || knows != bytes.Equal(text, p.Answer) {
			t.Errorf("%q is let in: %v, and hears %q", said, proven, text)
		}
	})
}
