//go:build windows

package filetable

import (
	"errors"
	"os"
	"syscall"
)

// sharingViolation is ERROR_SHARING_VIOLATION.
//
// See https://learn.microsoft.com/en-us/windows/win32/debug/system-error-codes--0-499-
const sharingViolation syscall.Errno = 32

// openLocked opens the file for this process alone.
func openLocked(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(h), path), nil
}

// inUse reports whether another process has the file open.
func inUse(err error) bool { return errors.Is(err, sharingViolation) }
