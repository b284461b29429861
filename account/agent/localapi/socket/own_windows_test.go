package socket

import "golang.org/x/sys/windows"

// errMissing is what a system without Unix sockets says.
const errMissing = familyNotSupported

func letOthersIn(file string) error {
	security, err := windows.SecurityDescriptorFromString("D:P(A;;FA;;;WD)")
	if err != nil {
		return err
	}
	list, _, err := security.DACL()
	if err != nil {
		return err
	}
	return windows.SetNamedSecurityInfo(file, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION, nil, nil, list, nil)
}
