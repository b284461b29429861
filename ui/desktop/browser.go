package desktop

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// Browser is one that is installed here.
type Browser struct {
	// Name is what people call it.
	Name string
	// Command is what [Opener.OpenWith] runs it by.
	Command string
}

// ErrNoSuchBrowser says that the program that a browser command names is not there, or cannot be run.
var ErrNoSuchBrowser = errors.New("browser command: no such program")

// CheckBrowser reports why a browser command, as [Opener.OpenWith] takes it, would open nothing: it is no
// command, or its program is not there ([ErrNoSuchBrowser]). The empty one, the system's choice, is fine.
// Nothing is started.
func CheckBrowser(command string) error {
	if command == "" {
		return nil
	}
	words, err := words(command, "https://example.com/", os.Getenv("HOME"))
	if err != nil {
		return err
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return fmt.Errorf("%w: %s", ErrNoSuchBrowser, words[0])
	}
	return nil
}
