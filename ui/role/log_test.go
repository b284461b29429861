package role

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/ui/desktop/session"
)

// A disk that takes no log keeps no role from beginning: it has to say what is wrong with the disk.
func TestNoLogIsNoReasonToEnd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for logs, lines := range map[string]int{t.TempDir(): 1, filepath.Join(file, "logs"): 2} {
		log, end := keepLog(session.Paths{Logs: logs}, "agent")
		slog.New(log).Info("it goes on")
		tail := log.Tail()
		if err := end(); err != nil || len(tail) != lines || !strings.Contains(tail[lines-1], "it goes on") {
			t.Errorf("with the logs in %s: %v, %q", logs, err, tail)
		}
	}
}
