package notify

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/windows/registry"
)

func TestToastsCarryNameAndPicture(t *testing.T) {
	const appID = "io.github.tabferry.Tabferry.test"
	t.Cleanup(func() {
		if err := registry.DeleteKey(registry.CURRENT_USER, identityKey+appID); err != nil {
			t.Error(err)
		}
	})
	b, ok := NewBackend(t.Context(), "Tabferry", appID, folder(t), []byte("picture")).(*plainBackend)
	if !ok {
		t.Fatal("another backend")
	}
	shown := ""
	b.show = func(title, _ string, _ any) error {
		shown = title
		return nil
	}
	for range 2 {
		if err := b.Show(t.Context(), Notification{Title: "Tabferry's tabs"}); err != nil {
			t.Fatal(err)
		}
		key, err := registry.OpenKey(registry.CURRENT_USER, identityKey+appID, registry.QUERY_VALUE)
		if err != nil {
			t.Fatal(err)
		}
		name, _, nameErr := key.GetStringValue("DisplayName")
		picture, _, pictureErr := key.GetStringValue("IconUri")
		if err := errors.Join(nameErr, pictureErr, key.Close()); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(picture); name != "Tabferry" || err != nil || string(text) != "picture" {
			t.Errorf("name %q, picture %q, %v", name, picture, err)
		}
	}
	if shown != "Tabferryʼs tabs" {
		t.Errorf("the title is %q", shown)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(b.keep); err != nil {
		t.Errorf("the picture has gone while old toasts still show it: %v", err)
	}
}

// folder makes a folder, and takes it away with what is in it. For what t.TempDir does at its end Wine has no function.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tabferry")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		files, err := os.ReadDir(dir)
		for _, f := range files {
			err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name())))
		}
		if err = errors.Join(err, os.Remove(dir)); err != nil {
			t.Error(err)
		}
	})
	return dir
}
