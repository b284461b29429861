package account

import (
	"fmt"

	"github.com/tabferry/tabferry/account/internal/keys"
)

// commandKeys gives the keys with which this installation receives a command; ok
// is false when there are none or their text cannot be read.
func (s *persisted) commandKeys(command string) (k keys.CommandKeys, ok bool) {
	text, held := s.CommandKeys[command]
	if !held || k.UnmarshalText([]byte(text)) != nil {
		return keys.CommandKeys{}, false
	}
	return k, true
}

// needCommandKeys gives the keys of a command and makes them when there are none.
func (t *tx) needCommandKeys(command string) (keys.CommandKeys, error) {
	if k, ok := t.state.commandKeys(command); ok {
		return k, nil
	}
	k, err := keys.NewCommandKeys(t.a.random)
	if err != nil {
		return keys.CommandKeys{}, fmt.Errorf("%w: %w", ErrCrypto, err)
	}
	text, err := k.MarshalText()
	if err != nil {
		return keys.CommandKeys{}, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	if t.state.CommandKeys == nil {
		t.state.CommandKeys = make(map[string]string)
	}
	t.state.CommandKeys[command] = string(text)
	return k, nil
}

// sealCommands builds the map of commands to publish for a set of capabilities,
// each with the public half of its keys, sealed with the sync key. Keys that are
// missing are made. Without capabilities no key is needed and the map is empty.
func (t *tx) sealCommands(caps []Capability) (map[string]string, error) {
	commands := make(map[string]string, len(caps))
	if len(caps) == 0 {
		t.state.BundleKID = ""
		return commands, nil
	}
	syncKey, err := t.state.syncKey()
	if err != nil {
		return nil, err
	}
	for _, c := range caps {
		command, ok := c.command()
		if !ok {
			return nil, fmt.Errorf("capability is not known: %w", ErrInvalidArgument)
		}
		k, err := t.needCommandKeys(command)
		if err != nil {
			return nil, err
		}
		commands[command], err = keys.SealCommandKeys(t.a.random, keys.ScopedKey(syncKey), k.Public())
		if err != nil {
			return nil, fmt.Errorf("publish command keys: %w: %w", ErrCrypto, err)
		}
	}
	t.state.BundleKID = syncKey.KID
	return commands, nil
}

// published tells whether the server has exactly these capabilities of ours, under
// keys that we hold, sealed with the sync key of today.
func (s *persisted) published(caps []Capability) bool {
	if s.LocalDevice == nil || !sameCapabilities(s.LocalDevice.Capabilities, caps) {
		return false
	}
	if len(caps) == 0 {
		return true
	}
	syncKey, err := s.syncKey()
	if err != nil || syncKey.KID != s.BundleKID {
		return false
	}
	for _, c := range caps {
		command, _ := c.command()
		if _, ok := s.commandKeys(command); !ok {
			return false
		}
	}
	return true
}
