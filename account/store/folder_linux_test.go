package store

import "testing"

// A file system that knows no sync of folders is no reason to keep nothing on it.
func TestFolderWithoutSync(t *testing.T) {
	if err := syncFolder("/proc"); err != nil {
		t.Error(err)
	}
	if err := syncFolder(t.TempDir()); err != nil {
		t.Error(err)
	}
	if syncFolder(t.TempDir()+"/none") == nil {
		t.Error("a folder that is not there is synced")
	}
}
