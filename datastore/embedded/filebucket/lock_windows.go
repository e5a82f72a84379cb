//go:build windows

package filebucket

import (
	"errors"
	"syscall"
	"time"
)

// sharingViolation is ERROR_SHARING_VIOLATION.
//
// See https://learn.microsoft.com/en-us/windows/win32/debug/system-error-codes--0-499-
const sharingViolation syscall.Errno = 32

// lock waits until this process alone has the file open. The system closes it when
// the process ends, however it ends.
func lock(path string) (free func(), err error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	for {
		h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
			syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
		if err == nil {
			return func() { syscall.CloseHandle(h) }, nil
		}
		if !errors.Is(err, sharingViolation) {
			return nil, err
		}
		time.Sleep(time.Millisecond)
	}
}
