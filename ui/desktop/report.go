package desktop

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
)

// reportVariable names the file in which a program that Spawn started says why it could not begin: nobody
// sees its standard error. That the file is gone says that it has begun.
const reportVariable = "TABFERRY_REPORT"

// Report is what this process owes to the one that spawned it, if one did. Make it once, at the start.
type Report struct{ path string }

// TakeReport takes the duty over, so that programs started from here do not inherit it.
func TakeReport() (Report, error) {
	r := Report{os.Getenv(reportVariable)}
	return r, os.Unsetenv(reportVariable)
}

// Begun says that this process does what it was started for.
func (r Report) Begun() error {
	if r.path == "" {
		return nil
	}
	if err := os.Remove(r.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Write is for the words that people would read on standard error. Whoever spawned this process may have
// gone, and its file with it.
func (r Report) Write(p []byte) (int, error) {
	if r.path == "" {
		return os.Stderr.Write(p)
	}
	file, err := os.OpenFile(r.path, os.O_WRONLY|os.O_APPEND, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return len(p), nil
	}
	if err != nil {
		return 0, err
	}
	n, err := file.Write(p)
	return n, errors.Join(err, file.Close())
}

// Alert shows what was written if nobody could have read it on standard error and nobody spawned this
// program: in a message box for a program of Windows with windows, started with a double-click, and waits
// until it has been read; in a notification for one that was started from the menu of a Linux desktop.
func (r Report) Alert(words string) {
	if words = strings.TrimPrefix(strings.TrimSpace(words), "tabferry: "); words != "" && r.path == "" {
		alert(words)
	}
}

// makeReport makes an empty report in the first temporary folder that can be written to; empty for none.
func makeReport() string {
	for _, dir := range []string{"", "/tmp", "/dev/shm"} {
		if file, err := os.CreateTemp(dir, "tabferry-*"); err == nil && file.Close() == nil {
			return file.Name()
		}
	}
	return ""
}

// maxReason bounds what is read of a report.
const maxReason = 4 << 10

// reason reads the first line of a report; empty without one.
func reason(path string) string {
	file, err := os.Open(path) // #nosec G304 -- made by Spawn
	if err != nil {
		return ""
	}
	defer file.Close()
	line, err := bufio.NewReader(io.LimitReader(file, maxReason)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	return strings.TrimPrefix(strings.TrimSpace(line), "tabferry: ")
}
