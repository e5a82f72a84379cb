//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package filebucket

import (
	"errors"
	"os"
	"syscall"
)

// lock waits until this process alone has the file. The system frees it when the
// process ends, however it ends.
func lock(path string) (free func(), err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return func() { file.Close() }, nil
}
