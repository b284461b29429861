package manifest

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/windows/registry"
)

// userSoftware is HKEY_CURRENT_USER\Software.
type userSoftware struct{}

func registryHere() Registry { return userSoftware{} }

func (userSoftware) Get(key string) (value string, err error) {
	k, err := registry.OpenKey(registry.CURRENT_USER, `Software\`+key, registry.QUERY_VALUE)
	if err != nil {
		return "", known(err)
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	value, _, err = k.GetStringValue("")
	return value, known(err)
}

func (userSoftware) Set(key, value string) (err error) {
	k, _, err := registry.CreateKey(registry.CURRENT_USER, `Software\`+key, registry.SET_VALUE)
	if err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	if err := k.SetStringValue("", value); err != nil {
		return fmt.Errorf("registry: %w", err)
	}
	return nil
}

func (userSoftware) Delete(key string) error {
	if err := registry.DeleteKey(registry.CURRENT_USER, `Software\`+key); err != nil && !errors.Is(err, registry.ErrNotExist) {
		return fmt.Errorf("registry: %w", err)
	}
	return nil
}

// known turns the registry's word for nothing there into the one that everybody knows.
func known(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, registry.ErrNotExist):
		return fs.ErrNotExist
	}
	return fmt.Errorf("registry: %w", err)
}
