package desktop

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxLog is the size in bytes at which a log is put aside when it is opened: weeks of a quiet agent.
const maxLog = 1 << 20

// OpenLog opens the log file of a role in folder dir for appending, for the user alone. A log that has
// grown large is put aside under the name with ".old", in place of the one put aside before.
func OpenLog(dir, role string) (*os.File, error) {
	path := filepath.Join(dir, role+".log")
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxLog {
		err = os.Rename(path, path+".old")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("log file: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log file: %w", err)
	}
	return file, nil
}
