//go:build windows || darwin

package store

import "github.com/zalando/go-keyring"

// Set stores a secret. The system itself asks the person where that is needed.
func (SystemSecrets) Set(service, user, secret string) error {
	return keyring.Set(service, user, secret)
}

// Get reads a secret.
func (SystemSecrets) Get(service, user string) (string, error) { return keyring.Get(service, user) }

// Delete removes a secret.
func (SystemSecrets) Delete(service, user string) error { return keyring.Delete(service, user) }
