//go:build !unix

package localapi

import "io/fs"

// ownedByUs cannot ask on this system: the folder lies in the user's own profile.
func ownedByUs(fs.FileInfo) bool { return true }
