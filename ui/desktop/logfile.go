package desktop

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gopkg.in/natefinch/lumberjack.v2"
)

// maxLog is the size in MiB at which a log is put aside: weeks of a quiet agent. One that was put
// aside is kept.
const maxLog = 1

// OpenLog opens the log file of a role in folder dir for appending, for the user alone. A log that
// grows large is put aside, while it is open too, under its name with the time of the moment.
func OpenLog(dir, role string) (io.WriteCloser, error) {
	path := filepath.Join(dir, role+".log")
	// The rotating file is opened by the first line that is written, when nobody hears of a fault.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) // #nosec G304 -- a file of our own logs folder
	if err == nil {
		err = errors.Join(file.Chmod(0o600), file.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("log file: %w", err)
	}
	return &lumberjack.Logger{Filename: path, MaxSize: maxLog, MaxBackups: 1}, nil
}
