package socket

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
)

// pass is what the file beside a socket tells.
type pass struct {
	// Address is a port of 127.0.0.1.
	Address string `json:"address"`
	// Call is what a caller says, Answer what it hears.
	Call   []byte `json:"call"`
	Answer []byte `json:"answer"`
	// PID is the process that listens.
	PID int `json:"pid"`
}

// maxPass bounds the file, in bytes; a pass takes 200.
const maxPass = 1 << 10

var errNoPass = errors.New("the file beside the socket cannot be read")

// write replaces the file whole. It is the user's alone from the beginning.
func (p pass) write(file string) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("writing the file beside the socket: %w", err)
	}
	fresh := file + ".new" // nobody else writes it: we hold the lock
	_ = os.Remove(fresh)   // of one who died here; if it stays, the next line says so
	f, err := createOwn(fresh)
	if err != nil {
		return fmt.Errorf("writing the file beside the socket: %w", err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(fresh, file)
	}
	if err != nil {
		return fmt.Errorf("writing the file beside the socket: %w", errors.Join(err, os.Remove(fresh)))
	}
	return nil
}

// readPass reads a file of ours that nobody else can read. [fs.ErrNotExist] when there is none.
func readPass(file string) (pass, error) {
	f, err := openOwn(file)
	if err != nil {
		return pass{}, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxPass))
	if err = errors.Join(err, f.Close()); err != nil {
		return pass{}, fmt.Errorf("%w: %w", errNoPass, err)
	}
	return parsePass(text)
}

// parsePass reads a pass that this package can have written.
func parsePass(text []byte) (pass, error) {
	var p pass
	if json.Unmarshal(text, &p) != nil || len(p.Call) != secretLength || len(p.Answer) != secretLength {
		return pass{}, errNoPass
	}
	address, err := netip.ParseAddrPort(p.Address)
	if err != nil || address.Addr() != netip.AddrFrom4([4]byte{127, 0, 0, 1}) || address.Port() == 0 {
		return pass{}, errNoPass
	}
	return p, nil
}
