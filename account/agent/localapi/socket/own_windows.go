package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// ownedByUs cannot ask here: the folder lies in the user's own profile.
func ownedByUs(fs.FileInfo) bool { return true }

// ourSID is who we run as.
func ourSID() (*windows.SID, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, err
	}
	return user.User.Sid, nil
}

// createOwn makes a file that only its owner can open, whatever the folder would let it inherit.
func createOwn(path string) (*os.File, error) {
	sid, err := ourSID()
	if err != nil {
		return nil, err
	}
	// An owner, and a protected list with one entry: full access for the owner.
	security, err := windows.SecurityDescriptorFromString(fmt.Sprintf("O:%sD:P(A;;FA;;;%s)", sid, sid))
	if err != nil {
		return nil, err
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	attributes := &windows.SecurityAttributes{SecurityDescriptor: security}
	attributes.Length = uint32(unsafe.Sizeof(*attributes))
	handle, err := windows.CreateFile(name, windows.GENERIC_WRITE, 0, attributes, windows.CREATE_NEW, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "create", Path: path, Err: err}
	}
	return os.NewFile(uintptr(handle), path), nil
}

// openOwn opens a file of ours that nobody else can open.
func openOwn(path string) (*os.File, error) {
	f, err := os.Open(path) // #nosec G304 -- beside our socket
	if err != nil {
		return nil, err
	}
	if err := checkOwn(windows.Handle(f.Fd())); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// checkOwn wants a file to be ours, and every entry that allows something to allow it to us, to the
// system or to administrators, whom nothing keeps out anyway.
func checkOwn(file windows.Handle) error {
	sid, err := ourSID()
	if err != nil {
		return err
	}
	security, err := windows.GetSecurityInfo(file, windows.SE_FILE_OBJECT,
		windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotOurs, err)
	}
	ours := func(other *windows.SID) bool {
		return other != nil && (other.Equals(sid) || other.IsWellKnown(windows.WinLocalSystemSid) ||
			other.IsWellKnown(windows.WinBuiltinAdministratorsSid))
	}
	if owner, _, err := security.Owner(); err != nil || !ours(owner) {
		return ErrNotOurs
	}
	list, _, err := security.DACL()
	if err != nil || list == nil { // none lets everybody in
		return ErrNotOurs
	}
	for i := range uint32(list.AceCount) {
		var entry *windows.ACCESS_ALLOWED_ACE
		if windows.GetAce(list, i, &entry) != nil {
			return ErrNotOurs
		}
		if entry.Header.AceType == windows.ACCESS_ALLOWED_ACE_TYPE && !ours((*windows.SID)(unsafe.Pointer(&entry.SidStart))) {
			return ErrNotOurs
		}
	}
	return nil
}

// What Windows says where it has no Unix sockets (Windows Sockets error codes).
const (
	protocolNotSupported = syscall.Errno(10043)
	socketNotSupported   = syscall.Errno(10044)
	familyNotSupported   = syscall.Errno(10047)
	providerFailed       = syscall.Errno(10106)
)

// noUnixSockets reports whether an error says that this system has no Unix sockets at all.
func noUnixSockets(err error) bool {
	for _, missing := range []syscall.Errno{familyNotSupported, protocolNotSupported, socketNotSupported, providerFailed} {
		if errors.Is(err, missing) {
			return true
		}
	}
	return false
}

// exclusiveAddress is SO_EXCLUSIVEADDRUSE: without it another program may bind a port that is in use.
const exclusiveAddress = ^4

// exclusive keeps a port from being taken away.
func exclusive(_, _ string, conn syscall.RawConn) error {
	var err error
	outer := conn.Control(func(handle uintptr) {
		err = windows.SetsockoptInt(windows.Handle(handle), windows.SOL_SOCKET, exclusiveAddress, 1)
	})
	return errors.Join(outer, err)
}
