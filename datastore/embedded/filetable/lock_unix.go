//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package filetable

import (
	"errors"
	"os"
	"syscall"
)

func openLocked(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// inUse reports whether another process holds the lock.
func inUse(err error) bool { return errors.Is(err, syscall.EWOULDBLOCK) }
