//go:build !windows

package manifest

// registryHere is nil where there is no registry.
func registryHere() Registry { return nil }
